"""Part: what becomes of the rows of an account that has left the config, and how they come back with it."""

from datetime import datetime

from mentionbridge.domain.account import AccountHealth
from mentionbridge.domain.events import EventType
from mentionbridge.domain.reply import Reply, ReplyState
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.ledger import tell
from mentionbridge.ports.store import Lease, UnitOfWork

NOT_CONFIGURED = "the account is no longer in the config"


async def take_stock(bridge: Bridge, uow: UnitOfWork, now: datetime) -> None:
    """At every start: let go of accounts that are gone, and take up again what waited for those that are back."""
    for health in await uow.accounts.all():
        if (health.brand_id, health.id) in bridge.connected:
            await uow.inbox.unpark(health.brand_id, health.id, now)
            await uow.replies.unpark(health.brand_id, health.id, NOT_CONFIGURED, now)
        else:
            await _let_go(uow, health, now)


async def _let_go(uow: UnitOfWork, health: AccountHealth, now: datetime) -> None:
    await uow.accounts.left(health.brand_id, health.id, f"{NOT_CONFIGURED}; put it back to go on")
    for reply in await uow.replies.queued_of(health.brand_id, health.id):
        await drop(uow, reply, now)


async def drop(uow: UnitOfWork, reply: Reply, now: datetime) -> None:
    """Cancel a queued reply whose account is gone; words that may be out are parked until their fate can be learnt."""
    if reply.may_be_out:
        await uow.replies.park(reply, NOT_CONFIGURED, now)
        return
    free = {"due": None, "lease_until": None, "lease_token": None}
    cancelled = await uow.replies.move(reply, ReplyState.CANCELLED, now, reason=NOT_CONFIGURED, **free)
    await tell(uow, EventType.REPLY_CANCELLED, cancelled, now, reason=NOT_CONFIGURED)


async def drop_queued(bridge: Bridge, lease: Lease, reply: Reply) -> None:
    """Cancel or park a queued reply we hold the lease of, and whose account left while we ran."""
    now = bridge.clock.now()
    async with bridge.store.writing() as uow:
        await uow.claims.check(lease)
        await drop(uow, reply, now)
    bridge.observer.saw("reply.dropped", id=reply.id, account=reply.account_id, why=NOT_CONFIGURED)


async def park_unknown(bridge: Bridge, lease: Lease, reply: Reply) -> None:
    """Nobody can look for these words any more: a person settles them, or we do when the account is back."""
    now = bridge.clock.now()
    async with bridge.store.writing() as uow:
        await uow.claims.check(lease)
        await uow.replies.note(reply.brand_id, reply.id, "settle", "parked", NOT_CONFIGURED, now)
        await uow.replies.park(reply, NOT_CONFIGURED, now)
    bridge.observer.saw("reply.parked", id=reply.id, account=reply.account_id, why=NOT_CONFIGURED)


async def park_body(uow: UnitOfWork, lease: Lease, why: str) -> None:
    """Keep a webhook's body that nobody can read now; it is read when its account is back."""
    await uow.inbox.park(lease.brand_id, lease.id, why)
    await uow.claims.done(lease)
