"""Every move of a reply leaves its line, its event and, once said, its entry in the timeline."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mentionbridge.domain.events import EventType
from mentionbridge.domain.reply import AlreadySent, Purpose, Reply, ReplyState, Sent
from mentionbridge.domain.ticket import Entry
from mentionbridge.kit.ids import Ids
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.hand_off import offered
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
    said_at: datetime | None = None,
) -> Reply:
    """Move a reply to `sent` with its evidence, write it into the timeline and tell the feed, all or nothing.

    `said_at` is when a person posted it by hand; what we send ourselves is said now.
    """
    said_at = said_at or now
    sent = await uow.replies.move(
        reply,
        ReplyState.SENT,
        now,
        external_id=outcome.external_id,
        permalink=outcome.permalink,
        evidence=outcome.evidence,
        sent_at=said_at,
        parked_at=None,
        due=None,
        lease_until=None,
        lease_token=None,
        **done_with(reply, now, actor),
    )
    news: dict[EventType, Mapping[str, Any]] = {EventType.REPLY_SENT: {"evidence": outcome.evidence}}
    if (way := await offered(bridge, uow, sent, now)) is not None:
        news[EventType.HANDOFF_OFFERED] = way
    number = await uow.tickets.next_sequence(sent.brand_id, sent.ticket_id, now, count=1 + len(news))
    await uow.tickets.add_entry(_entry(bridge.ids, sent, number, now, actor, said_at))
    await uow.events.add_about(sent, news, now, first=number + 1)
    if sent.purpose is Purpose.MESSAGE:
        await person_answered(bridge, uow, sent.brand_id, sent.ticket_id, said_at)
    await tell_done(uow, reply, now, "posted", actor)
    return sent


async def hand_over(uow: UnitOfWork, reply: Reply, why: str, kind: str, now: datetime) -> Reply:
    """Make a reply a person's to post, which is a task."""
    free = {"due": None, "lease_until": None, "lease_token": None}
    task = await uow.replies.move(reply, ReplyState.MANUAL, now, reason=why, task_opened_at=now, **free)
    await tell(uow, EventType.TASK_OPENED, task, now, task_id=task.task_id, kind=kind)
    return task


def done_with(reply: Reply, now: datetime, actor: str | None) -> dict[str, Any]:
    """Return what a reply that was a task gets when it is one no more."""
    return {"task_done_at": now, "task_done_by": actor} if _is_task(reply) else {}


async def tell_done(uow: UnitOfWork, was: Reply, now: datetime, outcome: str, actor: str | None = None) -> None:
    """Tell that a task is done with, if it was one."""
    if _is_task(was):
        told = {"actor": actor} if actor else {}
        await tell(uow, EventType.TASK_DONE, was, now, task_id=was.task_id, outcome=outcome, **told)


async def drop(uow: UnitOfWork, reply: Reply, why: str, now: datetime) -> Reply:
    """Leave unsaid what waits to be said, and tell it."""
    gone = await uow.replies.move(reply, ReplyState.CANCELLED, now, reason=why, due=None, **done_with(reply, now, None))
    await tell(uow, EventType.REPLY_CANCELLED, gone, now)
    await tell_done(uow, reply, now, "dropped")
    return gone


def _is_task(reply: Reply) -> bool:
    return reply.state is ReplyState.MANUAL and reply.task_opened_at is not None


def _entry(ids: Ids, reply: Reply, number: int, now: datetime, actor: str | None, said_at: datetime) -> Entry:
    return Entry(
        brand_id=reply.brand_id,
        id=ids.new("ent"),
        ticket_id=reply.ticket_id,
        sequence=number,
        kind="reply",
        surface=reply.surface,
        occurred_at=said_at,
        received_at=now,
        reply_id=reply.id,
        actor=actor or reply.approved_by or reply.author_of_words,
    )


async def tell(uow: UnitOfWork, type_: EventType, reply: Reply, now: datetime, **facts: Any) -> None:
    """Add one event about a reply."""
    await uow.events.add(
        type_, reply.brand_id, now, ticket_id=reply.ticket_id, account_id=reply.account_id, reply_id=reply.id, **facts
    )
