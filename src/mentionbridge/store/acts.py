"""Merges and splits of stories: the lines, mentions, answers and bindings that move, and the record of every act."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.act import Act, ActKind, Binding, Moved
from mentionbridge.domain.mention import Surface
from mentionbridge.domain.reply import Purpose, Reply
from mentionbridge.domain.ticket import Entry, Priority, Ticket, TicketState
from mentionbridge.kit.ids import Ids
from mentionbridge.store import search
from mentionbridge.store import tables as t
from mentionbridge.store.families import family_of
from mentionbridge.store.replies import as_reply
from mentionbridge.store.rows import is_row
from mentionbridge.store.tickets import StoredTickets, as_entry

HANGING = (t.waits, t.commitments, t.calls, t.record_checks)
"""Tables whose rows go where their ticket's story goes; each has an `id` and a `ticket_id`."""

_AT_ONCE = 500
_LINE = sa.select(*(t.entries.c[name] for name in Entry.__dataclass_fields__))


@dataclass(frozen=True, slots=True)
class StoredActs:
    """The `story_acts` table, and what acts carry between tickets, within one transaction."""

    connection: AsyncConnection
    ids: Ids

    async def hold(self, brand_id: str, *ticket_ids: str) -> Mapping[str, Ticket]:
        # In the order in which everybody takes these locks: mentions, people, replies, tickets.
        said = sa.select(t.mentions.c.id).where(_of(t.mentions, brand_id, ticket_ids)).order_by(t.mentions.c.id)
        await self.connection.execute(said.with_for_update())
        await self._hold_people(brand_id, ticket_ids)
        ours = sa.select(t.replies.c.id).where(_of(t.replies, brand_id, ticket_ids)).order_by(t.replies.c.id)
        await self.connection.execute(ours.with_for_update())
        tickets = StoredTickets(self.connection)
        return {ticket_id: await tickets.hold(brand_id, ticket_id) for ticket_id in sorted(set(ticket_ids))}

    async def _hold_people(self, brand_id: str, ticket_ids: Collection[str]) -> None:
        wanted = await self._people(brand_id, ticket_ids)
        authors = sa.select(t.authors.c.customer_id).where(_these(t.authors, brand_id, wanted))
        rows = await self.connection.execute(authors.order_by(t.authors.c.id).with_for_update())
        known = {row.customer_id for row in rows} - {None}
        customers = sa.select(t.customers.c.id).where(_these(t.customers, brand_id, known))
        await self.connection.execute(customers.order_by(t.customers.c.id).with_for_update())

    async def _people(self, brand_id: str, ticket_ids: Collection[str]) -> Sequence[str]:
        said = sa.select(t.mentions.c.author_id).where(_of(t.mentions, brand_id, ticket_ids))
        bound = sa.select(t.stories.c.author_id).where(_of(t.stories, brand_id, ticket_ids))
        rows = await self.connection.execute(said.union(bound))
        return sorted(rows.scalars())

    async def lines(self, brand_id: str, ticket_id: str) -> Sequence[Entry]:
        query = _LINE.where(_of(t.entries, brand_id, [ticket_id])).order_by(t.entries.c.sequence)
        return [as_entry(row) for row in await self.connection.execute(query)]

    async def bindings(self, brand_id: str, ticket_id: str) -> Sequence[Binding]:
        query = sa.select(t.stories.c.author_id, t.stories.c.thread_id).where(_of(t.stories, brand_id, [ticket_id]))
        return [(row.author_id, row.thread_id) for row in await self.connection.execute(query)]

    async def standing_for(self, brand_id: str, ticket_id: str) -> Sequence[str]:
        same = sa.and_(
            t.stories.c.brand_id == t.mentions.c.brand_id,
            t.stories.c.ticket_id == t.mentions.c.ticket_id,
            t.stories.c.author_id == t.mentions.c.author_id,
            t.stories.c.thread_id == t.mentions.c.thread_id,
        )
        newest = sa.select(sa.func.max(t.mentions.c.id)).join_from(t.mentions, t.stories, same)
        newest = newest.where(_of(t.mentions, brand_id, [ticket_id]))
        rows = await self.connection.execute(newest.group_by(t.mentions.c.author_id, t.mentions.c.thread_id))
        return sorted(rows.scalars())

    async def under(self, brand_id: str, ticket_id: str, bindings: Collection[Binding]) -> Sequence[str]:
        wanted = set(bindings)
        said = t.mentions.c
        query = sa.select(said.id, said.author_id, said.thread_id).where(_of(t.mentions, brand_id, [ticket_id]))
        rows = await self.connection.execute(query.order_by(said.id))
        return [row.id for row in rows if (row.author_id, row.thread_id) in wanted]

    async def bindings_of(self, brand_id: str, mention_ids: Collection[str]) -> Sequence[Binding]:
        found: set[Binding] = set()
        for some in _parts(mention_ids):
            query = sa.select(t.mentions.c.author_id, t.mentions.c.thread_id).where(_these(t.mentions, brand_id, some))
            found |= {(row.author_id, row.thread_id) for row in await self.connection.execute(query)}
        return sorted(found)

    async def acknowledgements(self, brand_id: str, ticket_id: str) -> Sequence[Reply]:
        here = (_of(t.replies, brand_id, [ticket_id]), t.replies.c.purpose == Purpose.ACKNOWLEDGE)
        rows = await self.connection.execute(sa.select(t.replies).where(*here).order_by(t.replies.c.id))
        return [as_reply(row) for row in rows]

    async def move(
        self,
        brand_id: str,
        source_id: str,
        target_id: str,
        *,
        mentions: Collection[str],
        entries: Collection[str],
        bindings: Collection[Binding],
        things: Mapping[str, Collection[str]],
    ) -> None:
        for some in _parts(mentions):
            change = sa.update(t.mentions).where(_these(t.mentions, brand_id, some))
            await self.connection.execute(change.values(ticket_id=target_id))
            await self._move_replies(brand_id, target_id, some)
        await self._move_lines(brand_id, source_id, target_id, set(entries))
        for author_id, thread_id in bindings:
            story = t.stories.c
            here = (story.brand_id == brand_id, story.author_id == author_id, story.thread_id == thread_id)
            await self.connection.execute(sa.update(t.stories).where(*here).values(ticket_id=target_id))
        for name, ids in things.items():
            table = t.metadata.tables[name]
            change = sa.update(table).where(_these(table, brand_id, ids))
            await self.connection.execute(change.values(ticket_id=target_id))
        for ticket_id in (source_id, target_id):
            await self._count_words(brand_id, ticket_id)
            await search.refresh(self.connection, brand_id, ticket_id)

    async def things(self, brand_id: str, ticket_id: str) -> Mapping[str, Sequence[str]]:
        found = {}
        for table in HANGING:
            ids = sa.select(table.c.id).where(_of(table, brand_id, [ticket_id])).order_by(table.c.id)
            found[table.name] = tuple((await self.connection.execute(ids)).scalars())
        return found

    async def lines_of_answers(self, brand_id: str, ticket_id: str, mention_ids: Collection[str]) -> Sequence[str]:
        answers = sa.and_(t.replies.c.brand_id == t.entries.c.brand_id, t.replies.c.id == t.entries.c.reply_id)
        query = sa.select(t.entries.c.id).join_from(t.entries, t.replies, answers)
        query = query.where(_of(t.entries, brand_id, [ticket_id]), t.replies.c.mention_id.in_(mention_ids))
        return list((await self.connection.execute(query.order_by(t.entries.c.sequence))).scalars())

    async def drop_waits(self, brand_id: str, ticket_id: str) -> None:
        open_ones = (_of(t.waits, brand_id, [ticket_id]), t.waits.c.ended_at.is_(None))
        await self.connection.execute(sa.delete(t.waits).where(*open_ones))

    async def _move_replies(self, brand_id: str, target_id: str, mention_ids: Collection[str]) -> None:
        taken = {reply.author_id for reply in await self.acknowledgements(brand_id, target_id)}
        answers = sa.and_(t.replies.c.brand_id == brand_id, t.replies.c.mention_id.in_(mention_ids))
        rows = await self.connection.execute(sa.select(t.replies).where(answers).order_by(t.replies.c.id))
        for row in rows.all():
            values = {"ticket_id": target_id}
            if row.purpose == Purpose.ACKNOWLEDGE:
                values["dedupe"] = _second(row.id) if row.author_id in taken else Purpose.ACKNOWLEDGE
                taken.add(row.author_id)
            here = is_row(t.replies, brand_id, row.id)
            await self.connection.execute(sa.update(t.replies).where(here).values(**values))

    async def _move_lines(self, brand_id: str, source_id: str, target_id: str, entry_ids: Collection[str]) -> None:
        lines = [line for line in await self.lines(brand_id, source_id) if line.id in entry_ids]
        if not lines:
            return
        number = t.tickets.c.sequence
        numbers = (
            sa.update(t.tickets).where(is_row(t.tickets, brand_id, target_id)).values(sequence=number + len(lines))
        )
        last = int((await self.connection.execute(numbers.returning(number))).scalar_one())
        change = (
            sa.update(t.entries)
            .where(t.entries.c.brand_id == brand_id, t.entries.c.id == sa.bindparam("entry"))
            .values(ticket_id=target_id, sequence=sa.bindparam("number"))
        )
        rows = [{"entry": line.id, "number": last - len(lines) + place} for place, line in enumerate(lines, start=1)]
        await self.connection.execute(change, rows)

    async def _count_words(self, brand_id: str, ticket_id: str) -> None:
        newest = sa.select(sa.func.max(t.mentions.c.occurred_at)).where(_of(t.mentions, brand_id, [ticket_id]))
        said_at = sa.func.coalesce(newest.scalar_subquery(), t.tickets.c.last_said_at)
        here = is_row(t.tickets, brand_id, ticket_id)
        await self.connection.execute(sa.update(t.tickets).where(here).values(last_said_at=said_at))

    async def add(self, act: Act) -> None:
        row = asdict(act) | {"moved": _plain(asdict(act.moved))}
        await self.connection.execute(sa.insert(t.story_acts).values(**row))

    async def get(self, brand_id: str, act_id: str) -> Act | None:
        row = (
            await self.connection.execute(sa.select(t.story_acts).where(is_row(t.story_acts, brand_id, act_id)))
        ).first()
        return as_act(row) if row is not None else None

    async def of_ticket(self, brand_id: str, *ticket_ids: str) -> Sequence[Act]:
        query = sa.select(t.story_acts).where(t.story_acts.c.brand_id == brand_id, _touches(ticket_ids))
        rows = await self.connection.execute(query.order_by(t.story_acts.c.turn.desc(), t.story_acts.c.id.desc()))
        return [as_act(row) for row in rows]

    async def undone(self, act: Act, actor: str, at: datetime) -> None:
        here = is_row(t.story_acts, act.brand_id, act.id)
        await self.connection.execute(sa.update(t.story_acts).where(here).values(undone_at=at, undone_by=actor))

    async def family(self, brand_id: str, ticket_id: str) -> Collection[str]:
        return await family_of(self.connection, brand_id, ticket_id)


def _of(table: sa.Table, brand_id: str, ticket_ids: Collection[str]) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.brand_id == brand_id, table.c.ticket_id.in_(ticket_ids))


def _these(table: sa.Table, brand_id: str, ids: Collection[str]) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.brand_id == brand_id, table.c.id.in_(ids))


def _touches(ticket_ids: Collection[str]) -> sa.ColumnElement[bool]:
    act = t.story_acts.c
    return sa.or_(act.source_id.in_(ticket_ids), act.target_id.in_(ticket_ids))


def _parts(ids: Collection[str]) -> Iterator[list[str]]:
    rest = iter(sorted(ids))
    while some := list(islice(rest, _AT_ONCE)):
        yield some


def _second(reply_id: str) -> str:
    """What tells one more acknowledgement of a person from the first, which holds the plain name."""
    return f"{Purpose.ACKNOWLEDGE}~{reply_id.partition('_')[2]}"[:40]


def _plain(moved: Mapping[str, Any]) -> dict[str, Any]:
    facts = {name: _as_text(moved[name]) for name in ("before", "after", "source", "things")}
    lists = ("mentions", "entries", "bound", "stays", "held")
    return {"own": moved["own"], **{name: list(moved[name]) for name in lists}, **facts}


def _as_text(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else list(value) if isinstance(value, tuple) else value
        for name, value in facts.items()
    }


_KINDS = {"state": TicketState, "priority": Priority, "surface": Surface}


def _as_facts(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _as_fact(name, value) for name, value in told.items()}


def _as_fact(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    if name in _KINDS:
        return _KINDS[name](value)
    return datetime.fromisoformat(value) if name.endswith("_at") and value is not None else value


def as_act(row: Any) -> Act:
    """Turn a row of `story_acts` into an act."""
    told = row.moved
    moved = Moved(
        mentions=tuple(told["mentions"]),
        entries=tuple(told["entries"]),
        bound=tuple(told["bound"]),
        stays=tuple(told["stays"]),
        own=told["own"],
        held=tuple(told["held"]),
        things={name: tuple(ids) for name, ids in told["things"].items()},
        before=_as_facts(told["before"]),
        after=_as_facts(told["after"]),
        source=_as_facts(told["source"]),
    )
    return Act(**{**row._mapping, "kind": ActKind(row.kind), "moved": moved})
