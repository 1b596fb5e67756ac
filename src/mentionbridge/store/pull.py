"""The feed by pull: a stretch at a time, and never more looked at than a stretch."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from mentionbridge.ports.desk import EventView
from mentionbridge.ports.feed import FeedPage
from mentionbridge.store import tables as t
from mentionbridge.store.events import FEED, as_event
from mentionbridge.store.unit_of_work import SqlStore, Transaction

STRETCH = 5000
"""So many places of the feed one page looks through for what it was asked for."""

_HEAD = sa.select(t.heads.c.value).where(t.heads.c.name == FEED)


@dataclass(frozen=True, slots=True)
class StoredFeed:
    """A `ports.feed.Feed`."""

    store: SqlStore

    async def head(self) -> int:
        async with self.store.reading() as uow:
            return await _head(uow)

    async def page(
        self, brands: Sequence[str], after: int, limit: int, types: Sequence[str] = (), ticket_id: str | None = None
    ) -> FeedPage:
        column = t.events.c
        async with self.store.reading() as uow:
            head = await _head(uow)
            # A ticket has an index of its own; everything else is looked for along the feed.
            until = head if ticket_id is not None else min(head, after + STRETCH)
            # Without the sum, SQLite would take the feed's index for a ticket too, and walk all of the feed.
            place = column.position if ticket_id is None else column.position + 0
            query = sa.select(t.events).where(place > after, place <= until, column.brand_id.in_(brands))
            query = query.order_by(column.position if ticket_id is None else column.sequence).limit(limit)
            if ticket_id is not None:
                query = query.where(column.ticket_id == ticket_id)
            if types:
                query = query.where(column.type.in_(types))
            found = [as_event(row) for row in await uow.connection.execute(query)]
            told = await uow.events.render_all(found)
        last = found[-1].position or 0 if len(found) == limit else max(after, until)
        return FeedPage([EventView(event, told[event.id]) for event in found], last, head)


async def _head(uow: Transaction) -> int:
    return int((await uow.connection.execute(_HEAD)).scalar_one())
