"""Trouble at a desk: what a failure means for the ticket it befell, and for the others that wait for the same desk."""

from datetime import datetime, timedelta

from mentionbridge.domain.errors import (
    DeskRefused,
    LoginNeeded,
    MentionbridgeError,
    OddAnswer,
    PlatformError,
    RateLimited,
)
from mentionbridge.domain.helpdesk import Mirror, MirrorState
from mentionbridge.kit.backoff import delay
from mentionbridge.pipeline.bridge import Bridge, LinkedDesk
from mentionbridge.ports.store import Lease, UnitOfWork

LONGEST_REST = 60.0
LONGEST_WAIT = 300.0
RESTS_AFTER = 5
"""Lost answers in a row, over all tickets, after which the desk itself is taken to be ill."""

PARKS_AFTER = 10
"""Tries at one ticket after which a person should look; it is tried on all the same."""

GONE = "ticket_gone"

REFUSED_AGAIN = timedelta(hours=1)


def code_of(error: MentionbridgeError) -> str:
    """Name a failure for logs; the names are stable."""
    match error:
        case DeskRefused(code=code) | OddAnswer(code=code):
            return code
        case RateLimited():
            return "rate_limited"
        case LoginNeeded():
            return "login_needed"
        case PlatformError():
            return "unreachable"
        case _:
            return "no_answer"


async def failed(bridge: Bridge, desk: LinkedDesk, lease: Lease, mirror: Mirror, error: MentionbridgeError) -> None:
    """Give a mirror's row back after a failure: nothing is lost, and one bad ticket holds up no other."""
    now = bridge.clock.now()
    async with bridge.store.writing() as uow:
        await uow.claims.check(lease)
        if isinstance(error, DeskRefused):
            gone = error.code == GONE
            await uow.mirrors.set_state(mirror, MirrorState.GONE if gone else MirrorState.PARKED, str(error), now)
            due = None if gone else now + REFUSED_AGAIN
        else:
            failures = await uow.helpdesks.failed(desk.brand_id, desk.name, str(error))
            due = await _wait(uow, desk, lease, failures, error, now)
            if lease.attempts >= PARKS_AFTER and not isinstance(error, PlatformError):
                await uow.mirrors.set_state(mirror, MirrorState.PARKED, str(error), now)
        await uow.claims.done(lease, due)
    bridge.observer.saw(
        "helpdesk.failed",
        desk=desk.name,
        helpdesk=desk.kind,
        ticket=mirror.ticket_id,
        code=code_of(error),
        why=str(error),
    )


async def _wait(
    uow: UnitOfWork, desk: LinkedDesk, lease: Lease, failures: int, error: MentionbridgeError, now: datetime
) -> datetime:
    """Let the desk rest when it is down; its tickets stay due and go on together, in order, once it is back."""
    if isinstance(error, RateLimited):
        await uow.helpdesks.rest(desk.brand_id, desk.name, error.until)
        return now
    if isinstance(error, PlatformError) or failures >= RESTS_AFTER:
        await uow.helpdesks.rest(desk.brand_id, desk.name, now + delay(failures, first=1, cap=LONGEST_REST))
    if isinstance(error, PlatformError):
        return now
    return now + delay(lease.attempts, first=5, cap=LONGEST_WAIT)
