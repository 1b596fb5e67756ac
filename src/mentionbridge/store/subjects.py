"""Which topics and severities events are about, for the filters of subscribers."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.endpoint import About
from mentionbridge.domain.events import Event
from mentionbridge.store import tables as t


async def subjects(connection: AsyncConnection, events: Sequence[Event]) -> Mapping[str, About]:
    """Return by event id what it is about; one that names neither a mention nor a ticket lacks.

    A mention is about what its newest verdict says; a ticket about its own topic and what its mentions are about.
    """
    concerned = [event for event in events if event.mention_id or event.ticket_id]
    if not concerned:
        return {}
    verdicts = await _verdicts(connection, concerned)
    topics = await _topics(connection, concerned)
    return {event.id: _about(event, verdicts, topics) for event in concerned}


def _about(event: Event, verdicts: Sequence[Any], topics: Mapping[tuple[str, str], str | None]) -> About:
    ours = [row for row in verdicts if row.brand_id == event.brand_id and _is_of(row, event)]
    named = {topic for row in ours for topic in row.topics}
    own = topics.get((event.brand_id, event.ticket_id or ""))
    return About(frozenset(named | ({own} if own else set())), frozenset(row.severity for row in ours))


def _is_of(row: Any, event: Event) -> bool:
    if event.mention_id is not None:
        return bool(row.mention_id == event.mention_id)
    return bool(row.ticket_id == event.ticket_id)


async def _verdicts(connection: AsyncConnection, events: Sequence[Event]) -> list[Any]:
    """Return the newest verdict of every mention these events are about, by themselves or by their ticket."""
    mention, verdict = t.mentions.c, t.verdicts.c
    same = sa.and_(verdict.brand_id == mention.brand_id, verdict.mention_id == mention.id)
    query = sa.select(mention.brand_id, verdict.mention_id, mention.ticket_id, verdict.severity, verdict.topics)
    query = query.join_from(t.mentions, t.verdicts, same).order_by(verdict.id)
    query = query.where(mention.brand_id.in_({event.brand_id for event in events}))
    here = mention.id.in_({event.mention_id for event in events if event.mention_id})
    theirs = mention.ticket_id.in_({event.ticket_id for event in events if event.ticket_id})
    rows = await connection.execute(query.where(sa.or_(here, theirs)))
    return list({(row.brand_id, row.mention_id): row for row in rows}.values())


async def _topics(connection: AsyncConnection, events: Sequence[Event]) -> dict[tuple[str, str], str | None]:
    column = t.tickets.c
    query = sa.select(column.brand_id, column.id, column.topic)
    query = query.where(column.brand_id.in_({event.brand_id for event in events}))
    query = query.where(column.id.in_({event.ticket_id for event in events if event.ticket_id}))
    return {(row.brand_id, row.id): row.topic for row in await connection.execute(query)}
