"""Append-only facts, their one order, and the deliveries they cause."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.endpoint import About
from mentionbridge.domain.events import Event, EventType
from mentionbridge.domain.reply import Reply
from mentionbridge.kit.ids import Ids
from mentionbridge.store import tables as t
from mentionbridge.store.rows import is_row
from mentionbridge.store.subjects import subjects
from mentionbridge.store.tickets import StoredTickets
from mentionbridge.store.told import Words

FEED = "feed"
_ADD = sa.insert(t.events)
_HEAD = sa.select(t.heads.c.value).where(t.heads.c.name == FEED).with_for_update()
_MOVE_HEAD = sa.update(t.heads).where(t.heads.c.name == FEED).values(value=sa.bindparam("last"))
_UNPLACED = sa.select(t.events).where(t.events.c.position.is_(None))
_WAITING = _UNPLACED.order_by(t.events.c.id).limit(sa.bindparam("most", type_=sa.Integer))
_LINES = _UNPLACED.where(
    t.events.c.brand_id.in_(sa.bindparam("brands", expanding=True)),
    t.events.c.ticket_id.in_(sa.bindparam("tickets", expanding=True)),
).order_by(t.events.c.sequence)
_PLACE = (
    sa.update(t.events)
    .where(t.events.c.brand_id == sa.bindparam("b"), t.events.c.id == sa.bindparam("i"))
    .values(position=sa.bindparam("p"), sequence=sa.bindparam("s"))
)


@dataclass(frozen=True, slots=True)
class StoredEvents:
    """The `events` table within one transaction."""

    connection: AsyncConnection
    ids: Ids

    async def add(
        self,
        type_: EventType,
        brand_id: str,
        now: datetime,
        *,
        ticket_id: str | None = None,
        account_id: str | None = None,
        mention_id: str | None = None,
        reply_id: str | None = None,
        sequence: int | None = None,
        **facts: Any,
    ) -> None:
        if ticket_id is not None and sequence is None:
            sequence = await StoredTickets(self.connection).next_sequence(brand_id, ticket_id, now)
        row = {
            "brand_id": brand_id,
            "id": self.ids.new("evt"),
            "type": type_,
            "occurred_at": now,
            "ticket_id": ticket_id,
            "account_id": account_id,
            "mention_id": mention_id,
            "reply_id": reply_id,
            "sequence": sequence,
            "facts": facts,
        }
        await self.connection.execute(_ADD, row)

    async def add_about(
        self, reply: Reply, types: Mapping[EventType, Mapping[str, Any]], now: datetime, *, first: int
    ) -> None:
        same = {"brand_id": reply.brand_id, "occurred_at": now, "account_id": reply.account_id}
        same |= {"ticket_id": reply.ticket_id, "reply_id": reply.id, "mention_id": None}
        rows = [
            {**same, "id": self.ids.new("evt"), "type": type_, "sequence": number, "facts": dict(facts)}
            for number, (type_, facts) in enumerate(types.items(), start=first)
        ]
        await self.connection.execute(_ADD, rows)

    async def add_each(
        self,
        type_: EventType,
        brand_id: str,
        mention_ids: Sequence[str],
        now: datetime,
        *,
        account_id: str,
        **facts: Any,
    ) -> None:
        same = {"brand_id": brand_id, "type": type_, "occurred_at": now, "account_id": account_id, "facts": facts}
        rows = [{**same, "id": self.ids.new("evt"), "mention_id": mention_id} for mention_id in mention_ids]
        if rows:
            await self.connection.execute(_ADD, rows)

    async def place(self, limit: int) -> Sequence[Event]:
        last = int((await self.connection.execute(_HEAD)).scalar_one())
        found = [as_event(row) for row in await self.connection.execute(_WAITING, {"most": limit})]
        if not found:
            return []
        lines = await self._lines_of(found)
        placed = [_at(event, last + n) for n, event in enumerate(_in_ticket_order(found, lines), start=1)]
        await self._keep_places(placed)
        return placed

    async def _lines_of(self, found: Sequence[Event]) -> dict[str, list[Event]]:
        """Return the unplaced events of every ticket among `found`, each in its ticket's order."""
        tickets = {event.ticket_id for event in found if event.ticket_id is not None}
        brands = {event.brand_id for event in found}
        lines: dict[str, list[Event]] = {}
        theirs = {"brands": list(brands), "tickets": list(tickets)}
        for row in await self.connection.execute(_LINES, theirs) if tickets else ():
            lines.setdefault(row.ticket_id, []).append(as_event(row))
        return lines

    async def _keep_places(self, placed: Sequence[Event]) -> None:
        rows = [{"b": e.brand_id, "i": e.id, "p": e.position, "s": e.sequence} for e in placed]
        await self.connection.execute(_PLACE, rows)
        await self.connection.execute(_MOVE_HEAD, {"last": placed[-1].position})

    async def get(self, brand_id: str, event_id: str) -> Event | None:
        row = (await self.connection.execute(sa.select(t.events).where(is_row(t.events, brand_id, event_id)))).first()
        return as_event(row) if row is not None else None

    async def after(self, position: int, limit: int) -> Sequence[Event]:
        query = sa.select(t.events).where(t.events.c.position > position).order_by(t.events.c.position).limit(limit)
        return [as_event(row) for row in await self.connection.execute(query)]

    async def between(self, brand_id: str, after: int, until: int, limit: int) -> Sequence[Event]:
        column = t.events.c
        query = sa.select(t.events).where(column.brand_id == brand_id, column.position > after)
        query = query.where(column.position <= until).order_by(column.position).limit(limit)
        return [as_event(row) for row in await self.connection.execute(query)]

    async def about(self, events: Sequence[Event]) -> Mapping[str, About]:
        return await subjects(self.connection, events)

    async def render(self, event: Event) -> Mapping[str, Any]:
        return (await self.render_all([event]))[event.id]

    async def render_all(self, events: Sequence[Event]) -> Mapping[str, Mapping[str, Any]]:
        words = await Words.of(self.connection, events)
        return {event.id: words.join(event) for event in events}


def _at(event: Event, position: int) -> Event:
    return replace(event, position=position, sequence=event.sequence or position)


def _in_ticket_order(found: Sequence[Event], lines: Mapping[str, Sequence[Event]]) -> list[Event]:
    """Keep the order of ids, but let each ticket's events take its places in the order of their sequence.

    Ids follow the clock of the machine that made them, sequences the order of commits; the clocks may disagree.
    """
    turns = {ticket_id: iter(line) for ticket_id, line in lines.items()}
    return [event if event.ticket_id is None else next(turns[event.ticket_id]) for event in found]


def as_event(row: Any) -> Event:
    """Turn a row of `events` into an event."""
    return event_of(row._mapping)


def event_of(facts: Mapping[str, Any]) -> Event:
    """Turn the columns of `events` into an event."""
    return Event(**{**facts, "type": EventType(facts["type"]), "sequence": facts["sequence"] or 0})
