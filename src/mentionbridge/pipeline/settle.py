"""Settle: learn the fate of a reply that may or may not be out. Never a blind retry.

Evidence is the network's key (repeating cannot say it twice), a read-back of our own posts, or a person.
"""

from datetime import datetime, timedelta

from mentionbridge.domain.capabilities import Capabilities
from mentionbridge.domain.errors import MentionbridgeError, RateLimited
from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import Surface
from mentionbridge.domain.reply import NotFound, Reply, ReplyState, Sent
from mentionbridge.kit.backoff import delay
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.ledger import record_sent, tell
from mentionbridge.pipeline.part import park_unknown
from mentionbridge.ports.store import Lease, UnitOfWork
from mentionbridge.rules.patience import next_look

KEY_MARGIN = timedelta(minutes=5)
"""So much before a key's end it is not relied on any more: clocks differ, and a request takes its time."""


async def settle(bridge: Bridge, lease: Lease) -> None:
    """Look for one reply whose fate is open, and settle it when the evidence allows."""
    reply = await _admit_unknown(bridge, lease)
    if reply is None:
        return
    connected = bridge.find(reply.brand_id, reply.account_id)
    if connected is None:
        await park_unknown(bridge, lease, reply)
        return
    platform = connected.platform
    async with bridge.store.reading() as uow:
        intent = await uow.replies.intent(reply)
    try:
        found = await platform.find_reply(intent)
        if isinstance(found, NotFound) and key_lives(platform.capabilities, reply, bridge.clock.now()):
            # Whether this account's network has keys is known for sure only when it was asked in this process.
            await platform.probe()
    except MentionbridgeError as error:
        await _look_later(bridge, lease, reply, error)
        return
    async with bridge.store.writing() as uow:
        await uow.claims.check(lease)
        now = bridge.clock.now()
        if isinstance(found, Sent):
            await _settled_sent(bridge, uow, reply, found, now)
        elif key_lives(platform.capabilities, reply, now):
            await _say_again(uow, lease, reply, now)
        else:
            await _not_seen(uow, lease, reply, found, now)
    bridge.observer.saw("reply.looked_for", id=reply.id, account=reply.account_id, found=isinstance(found, Sent))


async def _admit_unknown(bridge: Bridge, lease: Lease) -> Reply | None:
    """A `sending` whose worker is gone becomes `unknown`, in the open, before anything else."""
    async with bridge.store.writing() as uow:
        await uow.claims.check(lease)
        reply = await uow.replies.get(lease.brand_id, lease.id)
        if reply is None or reply.state not in (ReplyState.SENDING, ReplyState.UNKNOWN):
            await uow.claims.done(lease)
            return None
        if reply.state is ReplyState.SENDING:
            now = bridge.clock.now()
            reply = await uow.replies.move(
                reply, ReplyState.UNKNOWN, now, reason="the sender was gone before the answer"
            )
            await uow.replies.note(reply.brand_id, reply.id, "settle", "unknown", reply.reason or "", now)
            await tell(uow, EventType.REPLY_UNKNOWN, reply, now)
        return reply


async def _settled_sent(bridge: Bridge, uow: UnitOfWork, reply: Reply, found: Sent, now: datetime) -> None:
    await uow.replies.note(reply.brand_id, reply.id, "settle", "sent", f"{found.evidence}: {found.external_id}", now)
    sent = await record_sent(bridge, uow, reply, found, now)
    await tell(uow, EventType.REPLY_SETTLED, sent, now, settled_to=ReplyState.SENT, evidence=found.evidence)


async def _say_again(uow: UnitOfWork, lease: Lease, reply: Reply, now: datetime) -> None:
    await uow.replies.note(reply.brand_id, reply.id, "settle", "not found", "the key still holds: repeating it", now)
    await uow.replies.move(reply, ReplyState.QUEUED, now, reason="not found; repeated under the same key")
    await uow.claims.done(lease, now)


async def _not_seen(uow: UnitOfWork, lease: Lease, reply: Reply, found: NotFound, now: datetime) -> None:
    looks = reply.looks + 1
    look = next_look(reply.first_sent_at or now, looks)
    await uow.replies.note(reply.brand_id, reply.id, "settle", "not found", found.detail or f"look {looks}", now)
    parked_at = now if look is None else None
    await uow.replies.looked(reply, looks, parked_at)
    await uow.claims.done(lease, look)


async def _look_later(bridge: Bridge, lease: Lease, reply: Reply, error: MentionbridgeError) -> None:
    now = bridge.clock.now()
    due = error.until if isinstance(error, RateLimited) else now + delay(lease.attempts, first=5)
    async with bridge.store.writing() as uow:
        await uow.replies.note(reply.brand_id, reply.id, "settle", type(error).__name__, str(error), now)
        await uow.claims.done(lease, due)


def key_lives(can: Capabilities, reply: Reply, now: datetime) -> bool:
    """True while the network would still recognise a repeat under this reply's key."""
    has_key = can.private_keyed or reply.surface is Surface.PUBLIC
    if not has_key or can.key_life is None or reply.first_sent_at is None:
        return False
    return now - reply.first_sent_at < can.key_life - KEY_MARGIN
