"""Every move of a reply leaves its line, its event and, once said, its entry in the timeline."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import Surface
from mentionbridge.domain.reply import AlreadySent, Purpose, Reply, ReplyState, Sent
from mentionbridge.domain.ticket import Entry
from mentionbridge.kit.ids import Ids
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.watch import person_answered
from mentionbridge.ports.store import UnitOfWork


async def record_sent(
    bridge: Bridge,
    uow: UnitOfWork,
    reply: Reply,
    outcome: Sent | AlreadySent,
    now: datetime,
    *,
    actor: str | None = None,
) -> Reply:
    """Move a reply to `sent` with its evidence, write it into the timeline and tell the feed, all or nothing."""
    sent = await uow.replies.move(
        reply,
        ReplyState.SENT,
        now,
        external_id=outcome.external_id,
        permalink=outcome.permalink,
        evidence=outcome.evidence,
        sent_at=now,
        parked_at=None,
        due=None,
        lease_until=None,
        lease_token=None,
    )
    news: dict[EventType, Mapping[str, Any]] = {EventType.REPLY_SENT: {"evidence": outcome.evidence}}
    if sent.surface is Surface.PUBLIC and sent.links:
        news[EventType.HANDOFF_OFFERED] = {}
    number = await uow.tickets.next_sequence(sent.brand_id, sent.ticket_id, now, count=1 + len(news))
    await uow.tickets.add_entry(_entry(bridge.ids, sent, number, now, actor))
    await uow.events.add_about(sent, news, now, first=number + 1)
    if sent.purpose is Purpose.MESSAGE:
        await person_answered(bridge, uow, sent.brand_id, sent.ticket_id, now)
    return sent


def _entry(ids: Ids, reply: Reply, number: int, now: datetime, actor: str | None) -> Entry:
    return Entry(
        brand_id=reply.brand_id,
        id=ids.new("ent"),
        ticket_id=reply.ticket_id,
        sequence=number,
        kind="reply",
        surface=reply.surface,
        occurred_at=now,
        received_at=now,
        reply_id=reply.id,
        actor=actor or reply.approved_by or reply.author_of_words,
    )


async def tell(uow: UnitOfWork, type_: EventType, reply: Reply, now: datetime, **facts: Any) -> None:
    """Add one event about a reply."""
    await uow.events.add(
        type_, reply.brand_id, now, ticket_id=reply.ticket_id, account_id=reply.account_id, reply_id=reply.id, **facts
    )
