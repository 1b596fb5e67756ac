"""Stories of customers and their timelines."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.errors import NotAllowed, NotFound
from mentionbridge.domain.mention import Surface, Visibility
from mentionbridge.domain.ticket import Entry, Priority, Ticket, TicketState, check_move
from mentionbridge.store import search
from mentionbridge.store import tables as t
from mentionbridge.store.rows import insert, is_row, key_of_row, row_of

FACTS = [c for c in t.tickets.c if c.name != "last_said_at"]

_PRIVATE = [visibility for visibility in Visibility if visibility.surface is Surface.PRIVATE]

_NEXT = (
    sa.update(t.tickets)
    .where(row_of(t.tickets))
    .values(sequence=t.tickets.c.sequence + 1)
    .returning(t.tickets.c.sequence)
)


@dataclass(frozen=True, slots=True)
class StoredTickets:
    """The `tickets`, `stories` and `entries` tables within one transaction."""

    connection: AsyncConnection

    async def open_ticket_for_thread(self, brand_id: str, author_id: str, thread_id: str) -> Ticket | None:
        same = sa.and_(t.stories.c.brand_id == t.tickets.c.brand_id, t.stories.c.ticket_id == t.tickets.c.id)
        here = (
            t.stories.c.brand_id == brand_id,
            t.stories.c.author_id == author_id,
            t.stories.c.thread_id == thread_id,
        )
        query = sa.select(*FACTS).join_from(t.tickets, t.stories, same).where(*here)
        row = (await self.connection.execute(query)).first()
        return as_ticket(row) if row is not None else None

    async def open_tickets_of(self, brand_id: str, author_id: str) -> Sequence[tuple[Ticket, datetime]]:
        query = (
            sa.select(t.tickets)
            .where(t.tickets.c.brand_id == brand_id, t.tickets.c.author_id == author_id)
            .where(t.tickets.c.closed_at.is_(None))
            .order_by(t.tickets.c.id.desc())
        )
        return [(as_ticket(row), row.last_said_at) for row in await self.connection.execute(query)]

    async def open(self, ticket: Ticket) -> None:
        row = {**asdict(ticket), "last_said_at": ticket.occurred_at}
        await self.connection.execute(sa.insert(t.tickets).values(**row))

    async def bind(self, ticket: Ticket, thread_id: str, reason: str) -> None:
        key = {"brand_id": ticket.brand_id, "author_id": ticket.author_id, "thread_id": thread_id}
        change = insert(self.connection, t.stories).values(**key, ticket_id=ticket.id, reason=reason)
        now_here = {"ticket_id": ticket.id, "reason": reason}
        await self.connection.execute(change.on_conflict_do_update(index_elements=list(key), set_=now_here))

    async def get(self, brand_id: str, ticket_id: str) -> Ticket | None:
        row = (await self.connection.execute(sa.select(*FACTS).where(is_row(t.tickets, brand_id, ticket_id)))).first()
        return as_ticket(row) if row is not None else None

    async def next_sequence(self, brand_id: str, ticket_id: str) -> int:
        number = (await self.connection.execute(_NEXT, key_of_row(brand_id, ticket_id))).scalar_one_or_none()
        if number is None:
            raise NotFound(f"There is no ticket {ticket_id}.")
        return int(number)

    async def add_entry(self, entry: Entry) -> None:
        await self.connection.execute(
            insert(self.connection, t.entries).values(**asdict(entry)).on_conflict_do_nothing()
        )
        if entry.mention_id or entry.reply_id:
            await search.refresh(self.connection, entry.brand_id, entry.ticket_id)

    async def said(self, brand_id: str, ticket_id: str, at: datetime) -> None:
        later = t.tickets.c.last_said_at < at
        here = is_row(t.tickets, brand_id, ticket_id)
        await self.connection.execute(sa.update(t.tickets).where(here, later).values(last_said_at=at))

    async def private_words(self, brand_id: str, ticket_id: str) -> Sequence[str]:
        private = t.mentions.c.visibility.in_(_PRIVATE)
        here = (t.mentions.c.brand_id == brand_id, t.mentions.c.ticket_id == ticket_id, private)
        return list((await self.connection.execute(sa.select(t.mentions.c.text).where(*here))).scalars())

    async def set_state(self, ticket: Ticket, state: TicketState, now: datetime) -> None:
        check_move(ticket.state, state)
        closed_at = now if state is TicketState.CLOSED else None
        change = sa.update(t.tickets).where(
            is_row(t.tickets, ticket.brand_id, ticket.id), t.tickets.c.state == ticket.state
        )
        moved = await self.connection.execute(change.values(state=state, updated_at=now, closed_at=closed_at))
        if moved.rowcount != 1:
            raise NotAllowed("ticket_changed", "The ticket has changed meanwhile; read it again.")

    async def raise_priority(self, ticket: Ticket, priority: Priority, now: datetime) -> None:
        here = is_row(t.tickets, ticket.brand_id, ticket.id)
        await self.connection.execute(sa.update(t.tickets).where(here).values(priority=priority, updated_at=now))


def as_ticket(row: Any) -> Ticket:
    """Turn a row of `tickets` into a ticket."""
    facts = {column.name: row._mapping[column.name] for column in FACTS}
    enums = {
        "state": TicketState(facts["state"]),
        "priority": Priority(facts["priority"]),
        "surface": Surface(facts["surface"]),
    }
    return Ticket(**{**facts, **enums})
