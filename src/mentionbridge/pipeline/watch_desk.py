"""Watch a desk: ask it what changed since we asked last, and look at those of its tickets that mirror ours."""

from datetime import timedelta

from mentionbridge.domain.errors import (
    DeskRefused,
    LeaseLost,
    MentionbridgeError,
    NoAnswer,
    OddAnswer,
    PlatformError,
    RateLimited,
    StoreDown,
)
from mentionbridge.kit.backoff import delay
from mentionbridge.pipeline.bridge import Bridge, LinkedDesk
from mentionbridge.pipeline.trouble_at_desk import LONGEST_REST, code_of
from mentionbridge.ports.store import Lease


async def watch_desk(bridge: Bridge, lease: Lease) -> None:
    """Walk one desk's changes to the end, the cursor kept with the looks it asks for."""
    desk = bridge.desks.get((lease.brand_id, lease.id))
    if desk is None:
        async with bridge.store.writing() as uow:
            await uow.claims.done(lease)
        return
    try:
        await _walk(bridge, desk, lease)
    except (LeaseLost, StoreDown):
        raise
    except (PlatformError, NoAnswer, DeskRefused) as error:
        await _failed(bridge, desk, lease, error)
        return
    except Exception as error:
        await _failed(bridge, desk, lease, OddAnswer("stumbled", f"{type(error).__name__}: {error}"))
        return
    async with bridge.store.writing() as uow:
        await uow.helpdesks.well(desk.brand_id, desk.name)
        again = bridge.clock.now() + timedelta(seconds=desk.poll_seconds)
        await uow.claims.done(lease, again, fresh=True)


async def _walk(bridge: Bridge, desk: LinkedDesk, lease: Lease) -> None:
    async with bridge.store.reading() as uow:
        cursor = (await uow.helpdesks.health(desk.brand_id, desk.name)).cursor
    async for page in desk.helpdesk.changes(cursor):
        now = bridge.clock.now()
        async with bridge.store.writing() as uow:
            await uow.claims.check(lease, extend=lease.seconds)
            if page.ids:
                await uow.mirrors.look_at(desk.brand_id, desk.name, page.ids, now)
            await uow.helpdesks.polled(desk.brand_id, desk.name, page.cursor, now)


async def _failed(bridge: Bridge, desk: LinkedDesk, lease: Lease, error: MentionbridgeError) -> None:
    now = bridge.clock.now()
    async with bridge.store.writing() as uow:
        await uow.claims.check(lease)
        failures = await uow.helpdesks.failed(desk.brand_id, desk.name, str(error))
        again = now + delay(failures, first=1, cap=LONGEST_REST)
        if isinstance(error, RateLimited):
            await uow.helpdesks.rest(desk.brand_id, desk.name, error.until)
            again = max(again, error.until)
        await uow.claims.done(lease, again)
    bridge.observer.saw(
        "helpdesk.failed", desk=desk.name, helpdesk=desk.kind, code=code_of(error), failures=failures, why=str(error)
    )
