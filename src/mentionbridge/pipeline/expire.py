"""Expire: an answer that nobody decided about in time would surprise the customer more than it helps."""

from datetime import timedelta

from mentionbridge.domain.account import Account
from mentionbridge.domain.errors import NotAllowed
from mentionbridge.domain.events import EventType
from mentionbridge.domain.reply import Reply, ReplyState
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.ledger import tell

AT_ONCE = 100


async def expire_drafts(bridge: Bridge) -> int:
    """Let some of what has waited too long for a person expire; returns how many there were."""
    return sum([await _expire_of(bridge, connected.account) for connected in bridge.connected.values()])


async def _expire_of(bridge: Bridge, account: Account) -> int:
    before = bridge.clock.now() - timedelta(hours=account.draft_hours)
    async with bridge.store.reading() as uow:
        stale = await uow.replies.stale(account.brand_id, account.id, before, AT_ONCE)
    return sum([await _expire(bridge, reply) for reply in stale])


async def _expire(bridge: Bridge, stale: Reply) -> bool:
    now = bridge.clock.now()
    try:
        async with bridge.store.writing() as uow:
            reply = await uow.replies.get(stale.brand_id, stale.id)
            if reply is None or (reply.state, reply.updated_at) != (stale.state, stale.updated_at):
                return False
            expired = await uow.replies.move(reply, ReplyState.EXPIRED, now, due=None)
            await tell(uow, EventType.REPLY_EXPIRED, expired, now)
    except NotAllowed:
        # A person has decided in this very moment.
        return False
    bridge.observer.saw("reply.expired", id=expired.id, account=expired.account_id, ticket=expired.ticket_id)
    return True
