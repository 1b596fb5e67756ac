"""Stories of customers and their timelines."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.errors import NotAllowed, NotFound
from mentionbridge.domain.handoff import MARKS, Proof
from mentionbridge.domain.mention import Mention, Surface, Visibility
from mentionbridge.domain.ticket import Entry, Hand, Outcome, Priority, Ticket, TicketState, check_move
from mentionbridge.ports.store import Stories
from mentionbridge.store import search
from mentionbridge.store import tables as t
from mentionbridge.store.families import FAMILY, family_of
from mentionbridge.store.rows import insert_for, is_row, key_of_row, once, row_of

FACTS = [c for c in t.tickets.c if c.name != "last_said_at"]
_NAMES = [column.name for column in FACTS]

_PRIVATE = [visibility for visibility in Visibility if visibility.surface is Surface.PRIVATE]

_CHANGED = sa.func.coalesce(sa.bindparam("changed_at", type_=t.Instant), t.tickets.c.updated_at)
_NEXT = (
    sa.update(t.tickets)
    .where(row_of(t.tickets))
    .values(sequence=t.tickets.c.sequence + sa.bindparam("taken", type_=sa.Integer), updated_at=_CHANGED)
    .returning(t.tickets.c.sequence)
)
_OPEN = sa.insert(t.tickets)
_GET = sa.select(*FACTS).where(row_of(t.tickets))
_HOLD = _GET.with_for_update()
_AT: Any = sa.bindparam("said_at", type_=t.Instant)
_SAID = sa.update(t.tickets).where(row_of(t.tickets), t.tickets.c.last_said_at < _AT).values(last_said_at=_AT)
_WORDS_LOOKED_AT = 50
_BOUND = sa.and_(t.stories.c.brand_id == t.tickets.c.brand_id, t.stories.c.ticket_id == t.tickets.c.id)
_SAID_IN = sa.and_(t.mentions.c.brand_id == t.tickets.c.brand_id, t.mentions.c.ticket_id == t.tickets.c.id)
_ANSWERED_IN = sa.and_(t.replies.c.brand_id == t.tickets.c.brand_id, t.replies.c.ticket_id == t.tickets.c.id)


def _of_story(table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.brand_id == sa.bindparam("brand"), table.c.ticket_id.in_(FAMILY))


_SAID_IN_PRIVATE = sa.select(t.mentions.c.text).where(t.mentions.c.visibility.in_(_PRIVATE))
_NOTED = sa.select(t.entries.c.text).where(t.entries.c.text.isnot(None))
_TOLD = _SAID_IN_PRIVATE.where(_of_story(t.mentions))
_CUSTOMERS_WORDS = _TOLD.union_all(_NOTED.where(_of_story(t.entries), t.entries.c.reason == MARKS[Proof.STRONG]))


def _those(table: sa.FromClause, column: str, name: str) -> sa.ColumnElement[bool]:
    """Match the rows of the brand whose column is among the parameter `name`."""
    return sa.and_(table.c.brand_id == sa.bindparam("brand"), table.c[column].in_(sa.bindparam(name, expanding=True)))


# One statement for all of it is guessed at wildly by PostgreSQL once it is prepared: a second or two for a small story.
_AUTHORS = sa.select(t.authors.c.id, t.authors.c.customer_id).where(
    t.authors.c.brand_id == sa.bindparam("brand"),
    t.authors.c.id.in_(sa.select(t.tickets.c.author_id).where(_those(t.tickets, "id", "family"))),
)
_OF_CUSTOMERS = sa.select(t.authors.c.id).where(_those(t.authors, "customer_id", "customers"))
_THEIR_TICKETS = sa.select(t.tickets.c.id).where(_those(t.tickets, "author_id", "people"))
_PRIVATE_WORDS = _SAID_IN_PRIVATE.where(_those(t.mentions, "ticket_id", "family")).union(
    _NOTED.where(_those(t.entries, "ticket_id", "family")),
    _SAID_IN_PRIVATE.where(_those(t.mentions, "author_id", "people")),
    _NOTED.where(_those(t.entries, "ticket_id", "theirs"), t.entries.c.reason.in_(MARKS.values())),
)


def _of_person(table: sa.Table, author: str = "author_id") -> sa.ColumnElement[bool]:
    theirs = table.c[author].in_(sa.bindparam("person", expanding=True))
    return sa.and_(table.c.brand_id == sa.bindparam("brand"), theirs)


_OTHERS_IN_THREAD = sa.select(
    sa.exists().where(
        t.mentions.c.brand_id == sa.bindparam("brand"),
        t.mentions.c.thread_id == sa.bindparam("thread"),
        t.mentions.c.author_id.notin_(sa.bindparam("person", expanding=True)),
        t.mentions.c.ticket_id.isnot(None),
        t.mentions.c.platform.in_(sa.select(t.authors.c.platform).where(_of_person(t.authors, "id"))),
    )
)
_THEIRS = sa.select(t.stories.c.ticket_id).where(_of_person(t.stories))
_HERE = t.tickets.c.id.in_(_THEIRS.where(t.stories.c.thread_id == sa.bindparam("thread")))
_ALIVE = sa.or_(t.tickets.c.closed_at.is_(None), t.tickets.c.closed_at >= sa.bindparam("since"))
_STORIES_OF = (
    sa.select(t.tickets, _ALIVE.label("alive"), _HERE.label("here"))
    .where(t.tickets.c.brand_id == sa.bindparam("brand"), t.tickets.c.id.in_(_THEIRS), sa.or_(_ALIVE, _HERE))
    .order_by(t.tickets.c.id.desc())
)
_WORDS_OF = (
    sa.select(*FACTS, t.mentions.c.text)
    .join_from(t.mentions, t.tickets, _SAID_IN)
    .where(_of_person(t.mentions), t.mentions.c.occurred_at >= sa.bindparam("since"))
    .order_by(t.mentions.c.id.desc())
    .limit(_WORDS_LOOKED_AT)
)


@cache
def _bind(dialect: str) -> Any:
    change = insert_for(dialect, t.stories)
    now_here = {name: change.excluded[name] for name in ("ticket_id", "reason")}
    return change.on_conflict_do_update(index_elements=["brand_id", "author_id", "thread_id"], set_=now_here)


@dataclass(frozen=True, slots=True)
class StoredTickets:
    """The `tickets`, `stories` and `entries` tables within one transaction."""

    connection: AsyncConnection

    async def stories_of(self, brand_id: str, person: Sequence[str], thread_id: str, since: datetime) -> Stories:
        theirs = {"brand": brand_id, "person": list(person), "thread": thread_id, "since": since}
        rows = (await self.connection.execute(_STORIES_OF, theirs)).all()
        here = next((as_ticket(row) for row in rows if row.here), None)
        return Stories(here, [(as_ticket(row), row.last_said_at) for row in rows if row.alive])

    async def of_others_in_thread(self, brand_id: str, person: Sequence[str], thread_id: str) -> bool:
        theirs = {"brand": brand_id, "person": list(person), "thread": thread_id}
        return bool((await self.connection.execute(_OTHERS_IN_THREAD, theirs)).scalar_one())

    async def around_post(self, brand_id: str, platform: str, person: Sequence[str], post_id: str) -> Ticket | None:
        for query in (_own_words(brand_id, platform, person, post_id), _our_words(brand_id, platform, person, post_id)):
            if (found := await self._one(query)) is not None:
                return found
        own, account = t.own_posts.c, t.accounts.c
        accounts = sa.select(account.id).where(account.brand_id == brand_id, account.platform == platform)
        by_hand = sa.select(own.parent_id).where(
            own.brand_id == brand_id, own.account_id.in_(accounts), own.external_id == post_id
        )
        answered = (await self.connection.execute(by_hand)).scalar()
        return await self._one(_own_words(brand_id, platform, person, answered)) if answered else None

    async def words_of(self, brand_id: str, person: Sequence[str], since: datetime) -> Sequence[tuple[Ticket, str]]:
        theirs = {"brand": brand_id, "person": list(person), "since": since}
        return [(as_ticket(row), row.text) for row in await self.connection.execute(_WORDS_OF, theirs)]

    async def of_mention(self, brand_id: str, mention_id: str) -> Ticket | None:
        query = sa.select(*FACTS).join_from(t.mentions, t.tickets, _SAID_IN)
        return await self._one(query.where(is_row(t.mentions, brand_id, mention_id)))

    async def open(self, ticket: Ticket) -> None:
        row = {**_row(asdict(ticket)), "last_said_at": ticket.occurred_at}
        await self.connection.execute(_OPEN, row)
        if ticket.tags:
            await self._keep_tags(ticket)

    async def bind(self, ticket: Ticket, thread_id: str, reason: str, author_id: str | None = None) -> None:
        row = {
            "brand_id": ticket.brand_id,
            "author_id": author_id or ticket.author_id,
            "thread_id": thread_id,
            "ticket_id": ticket.id,
            "reason": reason,
        }
        await self.connection.execute(_bind(self.connection.dialect.name), row)

    async def get(self, brand_id: str, ticket_id: str) -> Ticket | None:
        row = (await self.connection.execute(_GET, key_of_row(brand_id, ticket_id))).first()
        return as_ticket(row) if row is not None else None

    async def _one(self, query: sa.Select[Any]) -> Ticket | None:
        row = (await self.connection.execute(query.limit(1))).first()
        return as_ticket(row) if row is not None else None

    async def hold(self, brand_id: str, ticket_id: str) -> Ticket:
        row = (await self.connection.execute(_HOLD, key_of_row(brand_id, ticket_id))).first()
        if row is None:
            raise NotFound(f"There is no ticket {ticket_id}.")
        return as_ticket(row)

    async def next_sequence(self, brand_id: str, ticket_id: str, now: datetime | None = None, count: int = 1) -> int:
        key = {**key_of_row(brand_id, ticket_id), "changed_at": now, "taken": count}
        last = (await self.connection.execute(_NEXT, key)).scalar_one_or_none()
        if last is None:
            raise NotFound(f"There is no ticket {ticket_id}.")
        return int(last) - count + 1

    async def add_entry(self, entry: Entry) -> None:
        await self.connection.execute(once(self.connection, t.entries), asdict(entry))
        if entry.mention_id or entry.reply_id or entry.text:
            await search.refresh(self.connection, entry.brand_id, entry.ticket_id)

    async def disown(self, mention: Mention, reason: str) -> None:
        here = (t.entries.c.brand_id == mention.brand_id, t.entries.c.mention_id == mention.id)
        gone = {"mention_id": None, "kind": "disowned", "surface": Surface.INTERNAL, "reason": reason}
        await self.connection.execute(sa.update(t.entries).where(*here).values(**gone))

    async def said(self, brand_id: str, ticket_id: str, at: datetime) -> None:
        await self.connection.execute(_SAID, {**key_of_row(brand_id, ticket_id), "said_at": at})

    async def times_said(self, brand_id: str, ticket_id: str) -> int:
        here = (t.mentions.c.brand_id == brand_id, t.mentions.c.ticket_id == ticket_id)
        return int((await self.connection.execute(sa.select(sa.func.count()).where(*here))).scalar_one())

    async def private_words(self, brand_id: str, ticket_id: str, *, notes: bool = True) -> Sequence[str]:
        if not notes:
            story = {"brand": brand_id, "ticket": ticket_id}
            return list((await self.connection.execute(_CUSTOMERS_WORDS, story)).scalars())
        family = list(await family_of(self.connection, brand_id, ticket_id))
        people = await self._people(brand_id, family)
        theirs = await self._ids(_THEIR_TICKETS, brand=brand_id, people=people)
        return await self._ids(_PRIVATE_WORDS, brand=brand_id, family=family, people=people, theirs=theirs)

    async def _people(self, brand_id: str, family: Sequence[str]) -> list[str]:
        """Return everybody whose story this is, under every name we know them by."""
        told = (await self.connection.execute(_AUTHORS, {"brand": brand_id, "family": family})).all()
        customers = sorted({row.customer_id for row in told} - {None})
        known = await self._ids(_OF_CUSTOMERS, brand=brand_id, customers=customers) if customers else []
        return sorted({row.id for row in told} | set(known))

    async def _ids(self, query: Any, **told: Any) -> list[str]:
        return list((await self.connection.execute(query, told)).scalars())

    async def set_state(self, ticket: Ticket, state: TicketState, now: datetime, by: Hand = Hand.PERSON) -> Ticket:
        check_move(ticket.state, state, by)
        facts: dict[str, Any] = {"state": state, "updated_at": now, "closed_at": None}
        if state is TicketState.CLOSED:
            facts["closed_at"] = now
        else:
            facts |= {"solved_at": now if state is TicketState.SOLVED else None, "solved_with": None}
        if state is TicketState.SOLVED:
            facts |= {"outcome": None, "outcome_at": None}
        change = sa.update(t.tickets).where(
            is_row(t.tickets, ticket.brand_id, ticket.id),
            t.tickets.c.state == ticket.state,
            t.tickets.c.merged_into.is_(None),
        )
        if (await self.connection.execute(change.values(**facts))).rowcount != 1:
            raise NotAllowed("ticket_changed", "The ticket has changed meanwhile; read it again.")
        return replace(ticket, **facts)

    async def raise_priority(self, ticket: Ticket, priority: Priority, reasons: Sequence[str], now: datetime) -> Ticket:
        return await self.change(ticket, now, priority=priority, priority_reasons=tuple(reasons))

    async def change(self, ticket: Ticket, now: datetime, **facts: Any) -> Ticket:
        changed = replace(ticket, **facts, updated_at=now)
        here = is_row(t.tickets, ticket.brand_id, ticket.id)
        await self.connection.execute(sa.update(t.tickets).where(here).values(**_row(facts), updated_at=now))
        if "tags" in facts:
            await self._keep_tags(changed)
        return changed

    async def _keep_tags(self, ticket: Ticket) -> None:
        here = (t.ticket_tags.c.brand_id == ticket.brand_id, t.ticket_tags.c.ticket_id == ticket.id)
        rows = [{"brand_id": ticket.brand_id, "tag": tag, "ticket_id": ticket.id} for tag in ticket.tags]
        await self.connection.execute(sa.delete(t.ticket_tags).where(*here))
        if rows:
            await self.connection.execute(sa.insert(t.ticket_tags), rows)

    async def solved_before(self, at: datetime, limit: int) -> Sequence[Ticket]:
        ripe = (t.tickets.c.state == TicketState.SOLVED, t.tickets.c.solved_at < at)
        query = sa.select(*FACTS).where(*ripe).order_by(t.tickets.c.solved_at).limit(limit)
        return [as_ticket(row) for row in await self.connection.execute(query)]


def _own_words(brand_id: str, platform: str, person: Sequence[str], post_id: str) -> sa.Select[Any]:
    said = t.mentions.c
    here = (said.brand_id == brand_id, said.platform == platform, said.external_id == post_id)
    return sa.select(*FACTS).join_from(t.mentions, t.tickets, _SAID_IN).where(*here, said.author_id.in_(person))


def _our_words(brand_id: str, platform: str, person: Sequence[str], post_id: str) -> sa.Select[Any]:
    ours = t.replies.c
    here = (ours.brand_id == brand_id, ours.platform == platform, ours.external_id == post_id)
    return sa.select(*FACTS).join_from(t.replies, t.tickets, _ANSWERED_IN).where(*here, ours.author_id.in_(person))


_LISTS = ("tags", "priority_reasons")


def _row(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write lists as the database keeps them."""
    return {name: list(value) if name in _LISTS else value for name, value in facts.items()}


def as_entry(row: Any) -> Entry:
    """Turn a row of `entries` into a line of a timeline."""
    facts = dict(row._mapping)
    return Entry(**{**facts, "surface": Surface(facts["surface"])})


def as_ticket(row: Any) -> Ticket:
    """Turn a row of `tickets` into a ticket."""
    told = row._mapping
    known = dict(zip(_NAMES, map(told.__getitem__, _NAMES), strict=True))
    known["state"], known["priority"] = TicketState(known["state"]), Priority(known["priority"])
    known["surface"] = Surface(known["surface"])
    known["outcome"] = Outcome(known["outcome"]) if known["outcome"] else None
    known["tags"], known["priority_reasons"] = tuple(known["tags"]), tuple(known["priority_reasons"])
    return Ticket(**known)
