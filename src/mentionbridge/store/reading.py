"""What the doors read, each list and thing in one moment of the database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.account import AccountHealth
from mentionbridge.domain.commitment import Commitment
from mentionbridge.domain.mention import Above, Author, Mention
from mentionbridge.domain.reply import ReplyState
from mentionbridge.domain.ticket import Entry
from mentionbridge.ports.desk import (
    AccountView,
    Attempt,
    Brands,
    CustomerView,
    Facts,
    Hit,
    Judged,
    Line,
    MediaBody,
    MediaFacts,
    MentionView,
    ReplyView,
    Sighting,
    Slice,
    StoryView,
    TaskState,
    TaskView,
    TicketView,
    UnreadableItem,
)
from mentionbridge.store import mentions as m
from mentionbridge.store import reading_people, search
from mentionbridge.store import tables as t
from mentionbridge.store.accounts import StoredAccounts
from mentionbridge.store.commitments import FACTS as COMMITMENT
from mentionbridge.store.commitments import as_commitment
from mentionbridge.store.contexts import as_above
from mentionbridge.store.keyset import Keyset
from mentionbridge.store.plain import AUTHOR, LABELS, facts, with_author, with_verdict_and_media
from mentionbridge.store.reading_endings import StoredEndings
from mentionbridge.store.replies import as_reply
from mentionbridge.store.streams import StoredStreams
from mentionbridge.store.tickets import FACTS, as_entry, as_ticket
from mentionbridge.store.unit_of_work import SqlStore
from mentionbridge.store.waits import StoredWaits
from mentionbridge.text.words import terms

_TICKET = sa.select(*FACTS, *(t.authors.c[name].label(f"author__{name}") for name in AUTHOR))
_ITS_AUTHOR = sa.and_(t.authors.c.brand_id == t.tickets.c.brand_id, t.authors.c.id == t.tickets.c.author_id)
_TICKETS = _TICKET.join_from(t.tickets, t.authors, _ITS_AUTHOR)
_THOSE_TICKETS = _TICKETS.where(
    t.tickets.c.brand_id.in_(sa.bindparam("brands", expanding=True)),
    t.tickets.c.id.in_(sa.bindparam("tickets", expanding=True)),
)
_TAGGED = sa.and_(t.tickets.c.brand_id == t.ticket_tags.c.brand_id, t.tickets.c.id == t.ticket_tags.c.ticket_id)
_ENTRIES = sa.select(*(t.entries.c[name] for name in Entry.__dataclass_fields__))
_UNREADABLE = sa.select(*(t.inbox.c[name] for name in UnreadableItem.__dataclass_fields__))
_UNTOLD = ("ref", "addressed", "edit_version", "quoted_id")
_MENTIONS = m.SELECT.with_only_columns(*(each for each in m.SELECT.selected_columns if each.name not in _UNTOLD))
MENTIONS = Keyset("mentions", _MENTIONS, t.mentions, frozenset({"account_id", "author_id", "ticket_id"}))
_UNTAGGED = {name: asks for name, asks in search.TICKET_FILTERS.items() if name != "tag"}
TICKETS = Keyset("tickets", _TICKETS, t.tickets, frozenset(_UNTAGGED), where=_UNTAGGED)
TAGGED = Keyset(
    "tagged tickets",
    # There is a ticket for every tag and an author for every ticket; joined otherwise, SQLite begins with all tickets.
    _TICKET.add_columns(t.ticket_tags.c.ticket_id).select_from(
        t.ticket_tags.outerjoin(t.tickets, _TAGGED).outerjoin(t.authors, _ITS_AUTHOR)
    ),
    t.ticket_tags,
    frozenset(search.TICKET_FILTERS),
    key=t.ticket_tags.c.ticket_id,
    where=_UNTAGGED,
)
"""Tickets by tag walk the tags, not the tickets: a rare tag is found at once, a common one is not sorted."""
_OURS = [column for column in t.replies.c if column.name not in ("links", "prepared", "key")]
REPLIES = Keyset("replies", sa.select(*_OURS), t.replies, frozenset({"state", "ticket_id"}))
TIMELINE = Keyset(
    "timeline",
    _ENTRIES,
    t.entries,
    frozenset({"ticket_id"}),
    key=t.entries.c.sequence,
    first=t.entries.c.occurred_at,
    newest_first=False,
)
COMMITMENTS = Keyset("commitments", sa.select(*COMMITMENT), t.commitments, frozenset({"state", "ticket_id"}))
_LINKED = sa.and_(t.mentions.c.brand_id == t.replies.c.brand_id, t.mentions.c.id == t.replies.c.mention_id)
_TASKS = sa.select(t.replies, t.mentions.c.permalink.label("link")).join_from(t.replies, t.mentions, _LINKED)
_WAS_TASK, _OF_TICKET = t.replies.c.task_opened_at.isnot(None), frozenset({"ticket_id"})
_TO_POST = sa.and_(_WAS_TASK, t.replies.c.state == ReplyState.MANUAL)
TASKS = Keyset("tasks", _TASKS.where(_WAS_TASK), t.replies, _OF_TICKET)
OPEN_TASKS = Keyset("open tasks", _TASKS.where(_TO_POST), t.replies, _OF_TICKET)
DONE_TASKS = Keyset("done tasks", _TASKS.where(t.replies.c.task_done_at.isnot(None)), t.replies, _OF_TICKET)
_TASKS_BY_STATE = {None: TASKS, TaskState.OPEN: OPEN_TASKS, TaskState.DONE: DONE_TASKS}
UNREADABLE = Keyset("unreadable", _UNREADABLE, t.inbox, frozenset({"account_id", "state"}))
GAPS = Keyset("gaps", sa.select(t.gaps), t.gaps, frozenset({"account_id"}))
_MEDIA = sa.select(t.media.c.mention_id, *(t.media.c[name] for name in MediaFacts.__dataclass_fields__))


@dataclass(frozen=True, slots=True)
class StoredDesk(StoredEndings):
    """A `ports.desk.Desk` over the store's engine."""

    store: SqlStore

    async def mentions(
        self, brands: Brands, filters: Mapping[str, str], cursor: str | None, limit: int
    ) -> Slice[Facts]:
        async with self.store.engine.reading() as connection:
            rows, behind = await MENTIONS.page(connection, brands, filters, cursor, limit)
            return Slice(await with_verdict_and_media(connection, rows), behind)

    async def mention(self, brands: Brands, mention_id: str) -> MentionView | None:
        async with self.store.engine.reading() as connection:
            row = (await connection.execute(m.SELECT.where(_is(t.mentions, brands, mention_id)))).first()
            if row is None:
                return None
            (view,) = await _views(connection, [m.as_mention(row)], sightings=True)
            return view

    async def tickets(self, brands: Brands, filters: Mapping[str, str], cursor: str | None, limit: int) -> Slice[Facts]:
        async with self.store.engine.reading() as connection:
            wanted = TAGGED if "tag" in filters else TICKETS
            rows, behind = await wanted.page(connection, brands, filters, cursor, limit)
        return Slice(with_author(rows), behind)

    async def search(
        self, brands: Brands, asked: str, filters: Mapping[str, str], cursor: str | None, limit: int
    ) -> Slice[Hit]:
        wanted = terms(asked)
        if not wanted:
            return Slice([])
        async with self.store.engine.reading() as connection:
            dialect = connection.dialect.name
            by = {**filters, "q": search.asked_of(dialect, wanted)}
            rows, behind = await search.hits(dialect, narrowed=bool(filters)).page(
                connection, brands, by, cursor, limit
            )
            ids = [row.ticket_id for row in rows]
            found = await connection.execute(_THOSE_TICKETS, {"brands": list(brands), "tickets": ids})
            tickets = {each["id"]: each for each in with_author(found.all())}
            lines = await search.lines(connection, brands, ids, wanted)
        return Slice([Hit(tickets[id_], lines.get(id_)) for id_ in ids], behind)

    async def ticket(self, brands: Brands, ticket_id: str) -> TicketView | None:
        async with self.store.engine.reading() as connection:
            row = (await connection.execute(_TICKETS.where(_is(t.tickets, brands, ticket_id)))).first()
            if row is None:
                return None
            waits = await StoredWaits(connection).of_ticket(row.brand_id, ticket_id)
        return replace(_ticket(row), waits=waits)

    async def timeline(self, brands: Brands, ticket_id: str, cursor: str | None, limit: int) -> Slice[Line] | None:
        whose = sa.select(t.tickets.c.brand_id).where(_is(t.tickets, brands, ticket_id))
        async with self.store.engine.reading() as connection:
            brand = (await connection.execute(whose)).scalar_one_or_none()
            if brand is None:
                return None
            rows, behind = await TIMELINE.page(connection, [brand], {"ticket_id": ticket_id}, cursor, limit)
            return Slice(await _lines(connection, [brand], [as_entry(row) for row in rows]), behind)

    async def replies(self, brands: Brands, filters: Mapping[str, str], cursor: str | None, limit: int) -> Slice[Facts]:
        async with self.store.engine.reading() as connection:
            rows, behind = await REPLIES.page(connection, brands, filters, cursor, limit)
        return Slice(facts(rows), behind)

    async def reply(self, brands: Brands, reply_id: str) -> ReplyView | None:
        ledger = sa.select(*(t.reply_attempts.c[name] for name in Attempt.__dataclass_fields__))
        ledger = ledger.where(t.reply_attempts.c.brand_id.in_(brands), t.reply_attempts.c.reply_id == reply_id)
        async with self.store.engine.reading() as connection:
            row = (await connection.execute(sa.select(t.replies).where(_is(t.replies, brands, reply_id)))).first()
            if row is None:
                return None
            tried = await connection.execute(ledger.order_by(t.reply_attempts.c.id))
            return ReplyView(as_reply(row), [Attempt(**line._mapping) for line in tried])

    async def tasks(
        self, brands: Brands, filters: Mapping[str, str], cursor: str | None, limit: int
    ) -> Slice[TaskView]:
        rest = {name: value for name, value in filters.items() if name != "state"}
        async with self.store.engine.reading() as connection:
            wanted = _TASKS_BY_STATE[TaskState(filters["state"]) if "state" in filters else None]
            rows, behind = await wanted.page(connection, brands, rest, cursor, limit)
        return Slice([TaskView(as_reply(row), row.link) for row in rows], behind)

    async def task(self, brands: Brands, task_id: str) -> TaskView | None:
        kind, _, name = task_id.partition("_")
        query = _TASKS.where(_WAS_TASK, _is(t.replies, brands, f"rpl_{name}"))
        async with self.store.engine.reading() as connection:
            row = (await connection.execute(query)).first()
        return TaskView(as_reply(row), row.link) if row is not None and kind == "tsk" else None

    async def commitments(
        self, brands: Brands, filters: Mapping[str, str], cursor: str | None, limit: int
    ) -> Slice[Commitment]:
        async with self.store.engine.reading() as connection:
            rows, behind = await COMMITMENTS.page(connection, brands, filters, cursor, limit)
        return Slice([as_commitment(row) for row in rows], behind)

    async def commitment(self, brands: Brands, commitment_id: str) -> Commitment | None:
        query = sa.select(*COMMITMENT).where(_is(t.commitments, brands, commitment_id))
        async with self.store.engine.reading() as connection:
            row = (await connection.execute(query)).first()
        return as_commitment(row) if row is not None else None

    async def customers(
        self, brands: Brands, filters: Mapping[str, str], cursor: str | None, limit: int
    ) -> Slice[CustomerView]:
        async with self.store.engine.reading() as connection:
            return await reading_people.customers(connection, brands, filters, cursor, limit)

    async def customer(self, brands: Brands, customer_id: str) -> CustomerView | None:
        async with self.store.engine.reading() as connection:
            return await reading_people.customer(connection, brands, customer_id)

    async def customer_of(self, brands: Brands, platform: str, external_id: str) -> CustomerView | None:
        async with self.store.engine.reading() as connection:
            found = await reading_people.id_of(connection, brands, platform, external_id)
            return await reading_people.customer(connection, brands, found) if found else None

    async def stories_of(self, brands: Brands, customer_id: str) -> Sequence[StoryView]:
        theirs = sa.select(t.authors.c.id).where(
            t.authors.c.brand_id.in_(brands), t.authors.c.customer_id == customer_id
        )
        query = _TICKETS.where(t.tickets.c.brand_id.in_(brands), t.tickets.c.author_id.in_(theirs))
        async with self.store.engine.reading() as connection:
            tickets = [_ticket(row) for row in await connection.execute(query.order_by(t.tickets.c.id))]
            return [await self._story(connection, view) for view in tickets]

    async def _story(self, connection: AsyncConnection, view: TicketView) -> StoryView:
        brand, ticket_id = [view.ticket.brand_id], view.ticket.id
        entries = _ENTRIES.where(t.entries.c.brand_id.in_(brand), t.entries.c.ticket_id == ticket_id)
        rows = await connection.execute(entries.order_by(t.entries.c.occurred_at, t.entries.c.sequence))
        lines = await _lines(connection, brand, [as_entry(row) for row in rows])
        given = sa.select(*COMMITMENT).where(
            t.commitments.c.brand_id.in_(brand), t.commitments.c.ticket_id == ticket_id
        )
        words = [as_commitment(row) for row in await connection.execute(given.order_by(t.commitments.c.id))]
        return StoryView(view, lines, words)

    async def accounts(self, brands: Brands) -> Sequence[AccountView]:
        async with self.store.engine.reading() as connection:
            known = StoredAccounts(connection, self.store.ids)
            counts, now = await _arrivals(connection, brands), self.store.clock.now()
            streams = {(each.brand_id, each.account_id): each for each in await StoredStreams(connection).all(brands)}
            return [
                AccountView(
                    health,
                    await known.gaps(health.brand_id, health.id),
                    counts.get((health.brand_id, health.id, "waiting"), 0),
                    counts.get((health.brand_id, health.id, "unreadable"), 0),
                    await known.spend(health.brand_id, health.id),
                    await known.last_heard(health.brand_id, health.id),
                    _lag(health, now),
                    streams.get((health.brand_id, health.id)),
                )
                for health in await known.all(brands)
            ]

    async def unreadable(
        self, brands: Brands, account_id: str, cursor: str | None, limit: int
    ) -> Slice[UnreadableItem]:
        filters = {"account_id": account_id, "state": "unreadable"}
        async with self.store.engine.reading() as connection:
            rows, behind = await UNREADABLE.page(connection, brands, filters, cursor, limit)
        return Slice([UnreadableItem(**{**row._mapping, "body": bytes(row.body)}) for row in rows], behind)

    async def media(self, brands: Brands, media_id: str) -> MediaBody | None:
        query = sa.select(t.media.c.mime, t.media.c.body).where(
            _is(t.media, brands, media_id), t.media.c.state == "kept"
        )
        sent = sa.select(t.uploads.c.mime, t.uploads.c.body).where(_is(t.uploads, brands, media_id))
        async with self.store.engine.reading() as connection:
            row = (await connection.execute(query)).first() or (await connection.execute(sent)).first()
        return MediaBody(row.mime, bytes(row.body)) if row is not None else None

    async def paused_everywhere(self) -> bool:
        async with self.store.reading() as uow:
            return await uow.accounts.paused_everywhere()

    async def newest_in_thread(self, brands: Brands, platforms: Sequence[str], thread_id: str) -> Mention | None:
        column = t.mentions.c
        here = (column.brand_id.in_(brands), column.platform.in_(platforms), column.thread_id == thread_id)
        query = m.SELECT.where(*here).order_by(column.occurred_at.desc(), column.id.desc()).limit(1)
        async with self.store.engine.reading() as connection:
            row = (await connection.execute(query)).first()
        return m.as_mention(row) if row is not None else None

    async def gaps(self, brand: str, account_id: str, cursor: str | None, limit: int) -> Slice[Mapping[str, Any]]:
        async with self.store.engine.reading() as connection:
            rows, behind = await GAPS.page(connection, [brand], {"account_id": account_id}, cursor, limit)
        return Slice([dict(row._mapping) for row in rows], behind)


def _is(table: sa.Table, brands: Brands, id_: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.brand_id.in_(brands), table.c.id == id_)


async def _views(
    connection: AsyncConnection, mentions: Sequence[Mention], *, sightings: bool = False
) -> list[MentionView]:
    keys = [(mention.brand_id, mention.id) for mention in mentions]
    judged = await _newest_verdicts(connection, keys)
    media = await _media(connection, keys)
    seen = await _sightings(connection, keys) if sightings else {}
    above = await _above(connection, [(each.brand_id, each.id) for each in mentions if each.parent_id is not None])
    return [
        MentionView(
            mention,
            judged.get(mention.id),
            media.get(mention.id, ()),
            seen.get(mention.id, ()),
            above.get(mention.id, ()),
        )
        for mention in mentions
    ]


def _of(table: sa.Table, keys: Sequence[tuple[str, str]]) -> sa.ColumnElement[bool]:
    brands, ids = {brand for brand, _ in keys}, {id_ for _, id_ in keys}
    return sa.and_(table.c.brand_id.in_(brands), table.c.mention_id.in_(ids))


async def _newest_verdicts(connection: AsyncConnection, keys: Sequence[tuple[str, str]]) -> dict[str, Judged]:
    query = sa.select(t.verdicts).where(_of(t.verdicts, keys)).order_by(t.verdicts.c.mention_id, t.verdicts.c.id)
    rows = await connection.execute(query)
    return {row.mention_id: Judged(m.as_verdict(row), row.decided, row.created_at) for row in rows}


async def _media(connection: AsyncConnection, keys: Sequence[tuple[str, str]]) -> dict[str, list[MediaFacts]]:
    query = _MEDIA.where(_of(t.media, keys)).order_by(t.media.c.mention_id, t.media.c.position)
    return {
        mention_id: [MediaFacts(**_without_mention(row)) for row in rows]
        for mention_id, rows in _by_mention(await connection.execute(query))
    }


async def _above(connection: AsyncConnection, keys: Sequence[tuple[str, str]]) -> dict[str, list[Above]]:
    if not keys:
        return {}
    query = sa.select(t.contexts).where(_of(t.contexts, keys))
    rows = await connection.execute(query.order_by(t.contexts.c.mention_id, t.contexts.c.position))
    return {mention_id: [as_above(row) for row in of] for mention_id, of in _by_mention(rows)}


async def _sightings(connection: AsyncConnection, keys: Sequence[tuple[str, str]]) -> dict[str, list[Sighting]]:
    column = t.sightings.c
    query = sa.select(column.mention_id, column.account_id, column.origin, column.seen_at)
    query = query.where(_of(t.sightings, keys)).order_by(column.mention_id, column.seen_at)
    return {
        mention_id: [Sighting(**_without_mention(row)) for row in rows]
        for mention_id, rows in _by_mention(await connection.execute(query))
    }


def _by_mention(rows: Iterable[Any]) -> Iterable[tuple[str, Iterable[Any]]]:
    return groupby(rows, key=lambda row: str(row.mention_id))


def _without_mention(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row._mapping.items() if name != "mention_id"}


async def _lines(connection: AsyncConnection, brands: Brands, entries: Sequence[Entry]) -> list[Line]:
    mention_ids = [entry.mention_id for entry in entries if entry.mention_id]
    reply_ids = [entry.reply_id for entry in entries if entry.reply_id]
    said = await connection.execute(m.SELECT.where(t.mentions.c.brand_id.in_(brands), t.mentions.c.id.in_(mention_ids)))
    views = {view.mention.id: view for view in await _views(connection, [m.as_mention(row) for row in said])}
    ours = sa.select(t.replies).where(t.replies.c.brand_id.in_(brands), t.replies.c.id.in_(reply_ids))
    replies = {row.id: as_reply(row) for row in await connection.execute(ours)}
    return [Line(entry, views.get(entry.mention_id or ""), replies.get(entry.reply_id or "")) for entry in entries]


def _lag(health: AccountHealth, now: datetime) -> float | None:
    return max(0.0, (now - health.read_to).total_seconds()) if health.read_to is not None else None


async def _arrivals(connection: AsyncConnection, brands: Brands) -> dict[tuple[str, str, str], int]:
    column = t.inbox.c
    query = sa.select(column.brand_id, column.account_id, column.state, sa.func.count().label("many")).where(
        column.brand_id.in_(brands), column.state.in_(("waiting", "unreadable"))
    )
    rows = await connection.execute(query.group_by(column.brand_id, column.account_id, column.state))
    return {(row.brand_id, row.account_id, row.state): row.many for row in rows}


def _ticket(row: Any) -> TicketView:
    told = row._mapping
    return TicketView(as_ticket(row), Author(*(told[label] for label in LABELS)))
