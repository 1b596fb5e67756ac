"""Append-only facts, their one order, and the deliveries they cause."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.events import Event, EventType
from mentionbridge.domain.mention import Mention
from mentionbridge.domain.reply import Reply
from mentionbridge.domain.ticket import Ticket
from mentionbridge.kit.ids import Ids
from mentionbridge.ports.feed import DeliveryResult, Endpoint
from mentionbridge.ports.store import Lease
from mentionbridge.store import tables as t
from mentionbridge.store.mentions import StoredMentions
from mentionbridge.store.replies import StoredReplies
from mentionbridge.store.rows import insert, is_row
from mentionbridge.store.sealed import Sealer
from mentionbridge.store.tickets import StoredTickets

FEED = "feed"
_ADD = sa.insert(t.events)
_LONGEST = 4000


@dataclass(frozen=True, slots=True)
class StoredEvents:
    """The `events`, `endpoints`, `deliveries` and `delivery_attempts` tables within one transaction."""

    connection: AsyncConnection
    ids: Ids
    sealer: Sealer

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
        **facts: Any,
    ) -> None:
        sequence = None
        if ticket_id is not None:
            sequence = await StoredTickets(self.connection).next_sequence(brand_id, ticket_id)
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
        head = sa.select(t.heads.c.value).where(t.heads.c.name == FEED).with_for_update()
        last = int((await self.connection.execute(head)).scalar_one())
        waiting = sa.select(t.events).where(t.events.c.position.is_(None)).order_by(t.events.c.id).limit(limit)
        found = [as_event(row) for row in await self.connection.execute(waiting)]
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
        query = (
            sa.select(t.events)
            .where(t.events.c.brand_id.in_(brands), t.events.c.ticket_id.in_(tickets))
            .where(t.events.c.position.is_(None))
            .order_by(t.events.c.sequence)
        )
        lines: dict[str, list[Event]] = {}
        for row in await self.connection.execute(query):
            lines.setdefault(row.ticket_id, []).append(as_event(row))
        return lines

    async def _keep_places(self, placed: Sequence[Event]) -> None:
        change = (
            sa.update(t.events)
            .where(t.events.c.brand_id == sa.bindparam("b"), t.events.c.id == sa.bindparam("i"))
            .values(position=sa.bindparam("p"), sequence=sa.bindparam("s"))
        )
        rows = [{"b": e.brand_id, "i": e.id, "p": e.position, "s": e.sequence} for e in placed]
        await self.connection.execute(change, rows)
        moved = sa.update(t.heads).where(t.heads.c.name == FEED).values(value=placed[-1].position)
        await self.connection.execute(moved)

    async def get(self, brand_id: str, event_id: str) -> Event | None:
        row = (await self.connection.execute(sa.select(t.events).where(is_row(t.events, brand_id, event_id)))).first()
        return as_event(row) if row is not None else None

    async def after(self, position: int, limit: int) -> Sequence[Event]:
        query = sa.select(t.events).where(t.events.c.position > position).order_by(t.events.c.position).limit(limit)
        return [as_event(row) for row in await self.connection.execute(query)]

    async def render(self, event: Event) -> Mapping[str, Any]:
        ids = {
            "brand_id": event.brand_id,
            "sequence": event.sequence,
            "ticket_id": event.ticket_id,
            "account_id": event.account_id,
            "mention_id": event.mention_id,
            "reply_id": event.reply_id,
        }
        data: dict[str, Any] = {name: value for name, value in ids.items() if value is not None}
        data |= event.facts
        if event.mention_id and (mention := await self._mentions.get(event.brand_id, event.mention_id)):
            data["mention"] = mention_words(mention)
        if event.reply_id and (reply := await self._replies.get(event.brand_id, event.reply_id)):
            data["reply"] = reply_words(reply)
        if event.ticket_id and (ticket := await StoredTickets(self.connection).get(event.brand_id, event.ticket_id)):
            data["ticket"] = ticket_words(ticket)
        return data

    @property
    def _mentions(self) -> StoredMentions:
        return StoredMentions(self.connection, self.ids)

    @property
    def _replies(self) -> StoredReplies:
        return StoredReplies(self.connection, self.ids)

    async def endpoints(self) -> Sequence[Endpoint]:
        query = sa.select(t.endpoints).where(t.endpoints.c.disabled_at.is_(None))
        return [self._endpoint(row) for row in await self.connection.execute(query)]

    async def endpoint(self, brand_id: str, endpoint_id: str) -> Endpoint | None:
        query = sa.select(t.endpoints).where(is_row(t.endpoints, brand_id, endpoint_id))
        row = (await self.connection.execute(query)).first()
        return self._endpoint(row) if row is not None else None

    async def plan_delivery(self, endpoint: Endpoint, event: Event, now: datetime) -> None:
        row = {
            "brand_id": endpoint.brand_id,
            "id": self.ids.new("dlv"),
            "endpoint_id": endpoint.id,
            "event_id": event.id,
            "state": "pending",
            "created_at": now,
            "due": now,
        }
        await self.connection.execute(insert(self.connection, t.deliveries).values(**row).on_conflict_do_nothing())

    async def delivery(self, brand_id: str, delivery_id: str) -> tuple[Endpoint, Event] | None:
        query = sa.select(t.deliveries).where(is_row(t.deliveries, brand_id, delivery_id))
        row = (await self.connection.execute(query)).one()
        endpoint = await self.endpoint(brand_id, row.endpoint_id)
        event = await self.get(brand_id, row.event_id)
        if endpoint is None or event is None or endpoint.disabled_at is not None:
            return None
        return endpoint, event

    async def delivered(self, lease: Lease, result: DeliveryResult, now: datetime) -> None:
        await self._note(lease, result, now)
        await self._settle(lease, state="delivered", delivered_at=now, **_last(result))
        query = sa.update(t.endpoints).where(self._endpoint_of(lease)).values(failing_since=None)
        await self.connection.execute(query.where(t.endpoints.c.failing_since.isnot(None)))

    async def undelivered(self, lease: Lease, result: DeliveryResult, now: datetime, *, dead: bool) -> None:
        await self._note(lease, result, now)
        await self._settle(lease, state="dead" if dead else "pending", **_last(result))
        query = sa.update(t.endpoints).where(self._endpoint_of(lease)).values(failing_since=now)
        await self.connection.execute(query.where(t.endpoints.c.failing_since.is_(None)))

    def _endpoint_of(self, lease: Lease) -> sa.ColumnElement[bool]:
        its = sa.select(t.deliveries.c.endpoint_id).where(is_row(t.deliveries, lease.brand_id, lease.id))
        return sa.and_(t.endpoints.c.brand_id == lease.brand_id, t.endpoints.c.id == its.scalar_subquery())

    async def _settle(self, lease: Lease, **values: Any) -> None:
        query = sa.update(t.deliveries).where(is_row(t.deliveries, lease.brand_id, lease.id)).values(**values)
        await self.connection.execute(query)

    async def _note(self, lease: Lease, result: DeliveryResult, now: datetime) -> None:
        row = {
            "brand_id": lease.brand_id,
            "id": self.ids.new("dat"),
            "delivery_id": lease.id,
            "at": now,
            "status": result.status,
            "detail": result.detail[:500],
        }
        await self.connection.execute(sa.insert(t.delivery_attempts).values(**row))

    async def disable_endpoint(self, endpoint: Endpoint, why: str, now: datetime) -> None:
        here = is_row(t.endpoints, endpoint.brand_id, endpoint.id)
        change = sa.update(t.endpoints).where(here, t.endpoints.c.disabled_at.is_(None))
        await self.connection.execute(change.values(disabled_at=now, disabled_because=why))

    def _endpoint(self, row: Any) -> Endpoint:
        return Endpoint(
            brand_id=row.brand_id,
            id=row.id,
            url=row.url,
            types=tuple(row.types),
            secrets=tuple(self.sealer.open(row.secret).split()),
            disabled_at=row.disabled_at,
            failing_since=row.failing_since,
        )


def _last(result: DeliveryResult) -> dict[str, Any]:
    return {"last_status": result.status, "last_detail": result.detail[:500]}


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
    facts = dict(row._mapping)
    return Event(**{**facts, "type": EventType(facts["type"]), "sequence": facts["sequence"] or 0})


def mention_words(mention: Mention) -> dict[str, Any]:
    """What an event tells of a mention, as it stands now."""
    told = {
        "platform": mention.platform,
        "external_id": mention.external_id,
        "permalink": mention.permalink,
        "surface": mention.surface,
        "occurred_at": mention.occurred_at.isoformat(),
        "author": {"external_id": mention.author.external_id, "handle": mention.author.handle},
    }
    return told | ({"redacted": True} if mention.redacted else {"text": mention.text[:_LONGEST]})


def reply_words(reply: Reply) -> dict[str, Any]:
    """What an event tells of a reply, as it stands now."""
    told = {
        "state": reply.state,
        "purpose": reply.purpose,
        "surface": reply.surface,
        "external_id": reply.external_id,
        "permalink": reply.permalink,
    }
    return told | ({"redacted": True} if reply.redacted else {"text": reply.text[:_LONGEST]})


def ticket_words(ticket: Ticket) -> dict[str, Any]:
    """What an event tells of a ticket, as it stands now."""
    return {"state": ticket.state, "priority": ticket.priority, "topic": ticket.topic, "permalink": ticket.permalink}
