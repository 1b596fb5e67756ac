"""Post: say one queued reply, once, or learn why not.

The order is the promise: look at the post again, write `sending` down, check the lease on the steady clock right before
the bytes leave, then record what the network said. A process that dies in between leaves `sending` behind, which is
never claimed again and only ever settled (see `settle`).
"""

from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from mentionbridge.domain.account import Mode
from mentionbridge.domain.errors import LeaseLost, LoginNeeded, NotAllowed, PlatformDown, RateLimited
from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import Mention, Surface
from mentionbridge.domain.reply import (
    AlreadySent,
    Outcome,
    Purpose,
    Refusal,
    Refused,
    Reply,
    ReplyIntent,
    ReplyState,
    Sent,
    Unknown,
)
from mentionbridge.kit.backoff import delay
from mentionbridge.kit.clock import Clock
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.pipeline.ledger import hand_over, record_sent, tell
from mentionbridge.pipeline.part import drop_queued
from mentionbridge.pipeline.rights import brought_there
from mentionbridge.pipeline.settle import key_lives
from mentionbridge.pipeline.spend import ANSWERING, spent_until
from mentionbridge.ports.replies import ToSay
from mentionbridge.ports.store import Lease, UnitOfWork
from mentionbridge.rules.patience import LOOKS
from mentionbridge.rules.privacy import leaks

T = TypeVar("T")

SPEAK_WITHIN = 0.8
"""Seconds between writing `sending` down and the first byte; a pause takes hold within one second."""

LEASE_MARGIN = 0.5
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Gate:
    """The last look at the steady clock before the bytes leave."""

    clock: Clock
    deadline: float

    def check(self) -> None:
        """Raise LeaseLost when it has become too late to speak."""
        if self.clock.monotonic() > self.deadline:
            raise LeaseLost("it took too long to begin; nothing was sent")


class _TellsPrivate(Exception):
    """The words would give away what was said in private."""


class NotSaid(Exception):
    """Nothing left the machine; the reply waits until `due`."""

    def __init__(self, why: str, due: datetime) -> None:
        super().__init__(why)
        self.due = due


async def post(bridge: Bridge, lease: Lease) -> None:
    """Send the reply this lease is for."""
    async with bridge.store.reading() as uow:
        found = await uow.replies.to_say(lease.brand_id, lease.id, bridge.clock.now() - HOUR)
    if found is None or found.reply.state is not ReplyState.QUEUED:
        await _put_back(bridge, lease, None)
        return
    reply, mention = found.reply, found.mention
    intent = reply.intent(mention)
    connected = bridge.find(reply.brand_id, reply.account_id)
    if connected is None:
        await drop_queued(bridge, lease, reply)
        return
    if why := _needs_a_person(bridge, connected, found):
        await _to_a_person(bridge, lease, reply, why)
        return
    try:
        _keep_quiet(bridge, reply)
        if (tomorrow := await spent_until(bridge, connected, ANSWERING)) is not None and not reply.may_be_out:
            raise NotSaid("what may be spent a day is spent", tomorrow)
        if found.answered and (out := await _already_out(bridge, connected, reply, intent)):
            await settle_outcome(bridge, lease, reply, out)
            return
        refused = await _asked(bridge, reply, brought_there(connected, mention))
        refused = refused or await _no_right(bridge, connected, reply, mention, intent)
        if refused is not None:
            await _refuse(bridge, lease, reply, refused)
            return
        await _say(bridge, connected, lease, reply, intent)
    except NotSaid as waiting:
        await _put_back(bridge, lease, waiting.due, reply, str(waiting))


def _needs_a_person(bridge: Bridge, connected: Connected, found: ToSay) -> str | None:
    """Say why words that no person has seen may not go out by themselves any more, though they once might."""
    reply, mention, account = found.reply, found.mention, connected.account
    if not reply.by_itself or reply.may_be_out:
        return None
    mode = account.mode_for(reply.kind)
    if mode is not Mode.AUTO:
        return f"the account was switched to mode {mode} while it waited"
    if reply.surface is Surface.PUBLIC and found.said_lately >= account.most_an_hour:
        return f"the account has said {found.said_lately} answers by itself within an hour; somebody should look why"
    grown = bridge.clock.now() - mention.occurred_at
    if reply.purpose is Purpose.ACKNOWLEDGE and grown > bridge.answers_until(account, mention.origin):
        return "it waited until the post was older than we answer out of the blue"
    return None


def _keep_quiet(bridge: Bridge, reply: Reply) -> None:
    quiet = bridge.timing_of(reply.brand_id).quiet
    until = quiet.closes_after(bridge.clock.now()) if quiet is not None else None
    if until is not None and reply.by_itself and reply.surface is Surface.PUBLIC and not reply.may_be_out:
        raise NotSaid("these are quiet hours", until)


async def _to_a_person(bridge: Bridge, lease: Lease, reply: Reply, why: str) -> None:
    now = bridge.clock.now()
    async with bridge.store.writing() as uow:
        await uow.claims.check(lease)
        waiting = ReplyState.AWAITING_APPROVAL
        moved = await uow.replies.move(reply, waiting, now, reason=why, due=None, lease_until=None, lease_token=None)
        await tell(uow, EventType.REPLY_DRAFTED, moved, now, state=waiting, reason=why)
    bridge.observer.saw("reply.to_a_person", id=reply.id, account=reply.account_id, why=why)


async def _already_out(bridge: Bridge, connected: Connected, reply: Reply, intent: ReplyIntent) -> Outcome | None:
    """After a restore our own posts were read back: what we do not remember saying may still be said already."""
    if reply.author_of_words is not None or reply.first_sent_at is not None:
        return None
    found = await _asked(bridge, reply, connected.platform.find_reply(intent))
    if isinstance(found, Sent):
        return found
    if reply.purpose is not Purpose.ACKNOWLEDGE:
        # Only an acknowledgement is said once a story; what comes after it is looked for, and said if it is not there.
        return None
    return Refused(Refusal.DUPLICATE, "an account of ours has already answered this person in this story")


async def _asked(bridge: Bridge, reply: Reply, question: Awaitable[T]) -> T:
    """Ask the network before anything is said; whatever keeps it from answering keeps us waiting."""
    try:
        return await question
    except RateLimited as error:
        raise NotSaid(str(error), error.until) from error
    except (PlatformDown, LoginNeeded) as error:
        raise NotSaid(str(error), bridge.clock.now() + delay(reply.attempts, first=5)) from error


async def _no_right(
    bridge: Bridge, connected: Connected, reply: Reply, mention: Mention, intent: ReplyIntent
) -> Refused | None:
    if mention.deleted_at is not None:
        return Refused(Refusal.TARGET_GONE, "the post was deleted")
    if connected.platform.count(reply.text) > connected.platform.capabilities.max_length:
        return Refused(Refusal.TOO_LONG, "the text is longer than this network takes")
    if reply.surface is Surface.PUBLIC and mention.surface is not Surface.PUBLIC:
        return Refused(Refusal.POLICY, "the post we answer is private; nothing about it is said in public")
    if not connected.platform.capabilities.replies:
        return Refused(Refusal.PERMISSION, "this network takes no replies through its API")
    rights = await _asked(bridge, reply, connected.platform.reply_rights(intent.target))
    right = next((right for right in rights if right.surface is reply.surface), None)
    if right is not None and not right.allowed:
        return Refused(right.refusal or Refusal.POLICY, right.reason or "not allowed", right.until)
    return None


async def _say(bridge: Bridge, connected: Connected, lease: Lease, reply: Reply, intent: ReplyIntent) -> None:
    try:
        sending, written = await _write_sending(bridge, lease, reply)
    except _TellsPrivate as told:
        await _refuse(bridge, lease, reply, Refused(Refusal.POLICY, str(told)))
        return
    gate = Gate(bridge.clock, min(lease.deadline - LEASE_MARGIN, written + SPEAK_WITHIN))
    if reply.first_sent_at is not None and not key_lives(connected.platform.capabilities, reply, bridge.clock.now()):
        await settle_outcome(bridge, lease, sending, Unknown("its key has died while it waited to be repeated"))
        return
    try:
        outcome = await _speak(connected, intent, gate)
    except (LeaseLost, RateLimited, LoginNeeded, PlatformDown) as error:
        await _unsay(bridge, lease, sending, error, reply.first_sent_at)
        return
    await settle_outcome(bridge, lease, sending, outcome)


async def _speak(connected: Connected, intent: ReplyIntent, gate: Gate) -> Outcome:
    try:
        gate.check()
        return await connected.platform.send(intent, gate)
    except (LeaseLost, RateLimited, LoginNeeded, PlatformDown):
        raise
    except Exception as error:
        # Whatever else went wrong, the words may be out; only a look at our own posts can tell.
        return Unknown(f"{type(error).__name__}: {error}")


async def _write_sending(bridge: Bridge, lease: Lease, reply: Reply) -> tuple[Reply, float]:
    """Write `sending` down; also tells when, on the steady clock, while a pause still had to wait for us."""
    async with bridge.store.writing() as uow:
        told = leaks(reply.text, reply.surface, await _private_words(uow, reply))
        if told and reply.released is None:
            raise _TellsPrivate(" ".join(told))
        now = bridge.clock.now()
        sending = await uow.replies.claim_sending(reply, lease, now)
        if sending is None:
            raise NotSaid("paused, or not ours any more", now + timedelta(seconds=5))
        written = bridge.clock.monotonic()
    return sending, written


async def _private_words(uow: UnitOfWork, reply: Reply) -> Sequence[str]:
    """Return what must not leave in public; in the transaction that lets the reply go, so that nothing is missed."""
    if reply.surface is not Surface.PUBLIC:
        return ()
    return await uow.tickets.private_words(reply.brand_id, reply.ticket_id)


async def _unsay(bridge: Bridge, lease: Lease, reply: Reply, error: Exception, sent_before: datetime | None) -> None:
    """We know that nothing left: back into the queue, while the row is still ours, as if we had not tried."""
    now = bridge.clock.now()
    due = error.until if isinstance(error, RateLimited) else now + delay(reply.attempts, first=2)
    with suppress(LeaseLost):
        async with bridge.store.writing() as uow:
            await uow.claims.check(lease)
            await uow.replies.note(reply.brand_id, reply.id, "send", type(error).__name__, str(error), now)
            await uow.replies.move(reply, ReplyState.QUEUED, now, reason=str(error), first_sent_at=sent_before)
            await uow.claims.done(lease, due)
    bridge.observer.saw("reply.waits", id=reply.id, account=reply.account_id, why=str(error))


async def settle_outcome(bridge: Bridge, lease: Lease, reply: Reply, outcome: Outcome) -> None:
    """Record what the network said; when the lease has passed on, a proven `sent` still counts."""
    try:
        await _record(bridge, lease, reply, outcome)
    except (LeaseLost, NotAllowed) as error:
        if isinstance(outcome, Sent | AlreadySent):
            await _record_late(bridge, reply, outcome)
        elif isinstance(error, NotAllowed):
            raise
        else:
            return
    bridge.observer.saw(f"reply.{_name(outcome)}", id=reply.id, account=reply.account_id, platform=reply.platform)


async def _record(bridge: Bridge, lease: Lease, reply: Reply, outcome: Outcome) -> None:
    now = bridge.clock.now()
    async with bridge.store.writing() as uow:
        if not isinstance(outcome, Sent | AlreadySent):
            await uow.claims.check(lease)
        await uow.replies.note(reply.brand_id, reply.id, "send", _name(outcome), _detail(outcome), now)
        match outcome:
            case Sent() | AlreadySent():
                await record_sent(bridge, uow, reply, outcome, now)
            case Refused():
                await _move_refused(uow, reply, outcome, now)
            case Unknown(detail):
                look = (reply.first_sent_at or now) + LOOKS[0]
                unknown = await uow.replies.move(
                    reply,
                    ReplyState.UNKNOWN,
                    now,
                    reason=detail[:500],
                    due=look,
                    lease_until=None,
                    lease_token=None,
                )
                await tell(uow, EventType.REPLY_UNKNOWN, unknown, now)


_MAYBE_OUT = (ReplyState.SENDING, ReplyState.UNKNOWN, ReplyState.QUEUED)


async def _record_late(bridge: Bridge, reply: Reply, outcome: Sent | AlreadySent) -> None:
    now = bridge.clock.now()
    async with bridge.store.writing() as uow:
        current = await uow.replies.get(reply.brand_id, reply.id)
        if current is not None and current.state in _MAYBE_OUT:
            await uow.replies.note(reply.brand_id, reply.id, "send", "sent, told late", "", now)
            await record_sent(bridge, uow, current, outcome, now)


async def _refuse(bridge: Bridge, lease: Lease, reply: Reply, refused: Refused) -> None:
    now = bridge.clock.now()
    try:
        async with bridge.store.writing() as uow:
            await uow.claims.check(lease)
            await uow.replies.note(reply.brand_id, reply.id, "rights", _name(refused), refused.detail, now)
            await _move_refused(uow, reply, refused, now)
    except NotAllowed:
        return
    bridge.observer.saw("reply.refused", id=reply.id, account=reply.account_id, why=refused.kind)


_FOR_A_PERSON = frozenset({Refusal.NOT_SUMMONED, Refusal.WINDOW_CLOSED, Refusal.PERMISSION})
"""What the API may not say but a person in the network's own app may: a task, with a link to the post."""


async def _move_refused(uow: UnitOfWork, reply: Reply, refused: Refused, now: datetime) -> None:
    reason = f"{refused.kind}: {refused.detail}"[:500]
    if refused.kind in _FOR_A_PERSON:
        moved = await hand_over(uow, reply, reason, refused.kind, now)
    else:
        free = {"due": None, "lease_until": None, "lease_token": None}
        moved = await uow.replies.move(reply, ReplyState.REFUSED, now, reason=reason, **free)
    await tell(uow, EventType.REPLY_REFUSED, moved, now, kind=refused.kind)


async def _put_back(
    bridge: Bridge, lease: Lease, due: datetime | None, reply: Reply | None = None, why: str = ""
) -> None:
    async with bridge.store.writing() as uow:
        if reply is not None:
            await uow.replies.note(reply.brand_id, reply.id, "wait", "not said", why, bridge.clock.now())
        await uow.claims.done(lease, due)
    if why:
        bridge.observer.saw("reply.waits", id=lease.id, why=why)


def _name(outcome: Outcome) -> str:
    return {Sent: "sent", AlreadySent: "sent", Refused: "refused", Unknown: "unknown"}[type(outcome)]


def _detail(outcome: Outcome) -> str:
    match outcome:
        case Refused(kind, detail):
            return f"{kind}: {detail}"
        case Unknown(detail):
            return detail
        case _:
            return f"{outcome.evidence}: {outcome.external_id}"
