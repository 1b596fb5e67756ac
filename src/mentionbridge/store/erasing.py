"""Erasing: words and names go from every table that holds them; ids, times and counts stay.

`words.py` lists every column that may hold a person's words; a test asks that each is emptied here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.call import CallState
from mentionbridge.domain.customer import Erased
from mentionbridge.domain.mention import Mention
from mentionbridge.domain.record import Held
from mentionbridge.domain.reply import ReplyState
from mentionbridge.domain.ticket import TicketState
from mentionbridge.store import search
from mentionbridge.store import tables as t
from mentionbridge.store.mentions import SELECT, as_mention
from mentionbridge.store.rows import once
from mentionbridge.store.sealed import Sealer

WAITING = (ReplyState.DRAFT, ReplyState.AWAITING_APPROVAL, ReplyState.QUEUED, ReplyState.MANUAL)
OPEN_FATE = (ReplyState.SENDING, ReplyState.UNKNOWN)
"""What may be out is looked for by what was prepared, so that stays until its fate is known."""
ANSWER_ERASED = b'{"redacted": true}'


@dataclass(frozen=True, slots=True)
class Whose:
    """Everything that belongs to the one who leaves, by id."""

    brand_id: str
    authors: Sequence[str]
    mentions: Sequence[str]
    tickets: Sequence[str]
    replies: Sequence[str]

    def here(self, table: sa.Table, column: str, ids: Sequence[str]) -> sa.ColumnElement[bool]:
        """Say which rows of a table are theirs."""
        return sa.and_(table.c.brand_id == self.brand_id, table.c[column].in_(ids))


async def erase(connection: AsyncConnection, sealer: Sealer, brand_id: str, customer_id: str, at: datetime) -> Erased:
    """Erase one customer and whoever was joined to them, in the caller's transaction."""
    whose = await _whose(connection, brand_id, customer_id)
    await _bury(connection, sealer, whose, at)
    await _erase_what_we_typed(connection, whose)
    counts = {
        "mentions": await _erase_mentions(connection, whose),
        "pictures": await _gone(connection, t.media, whose.here(t.media, "mention_id", whose.mentions)),
        "replies": await _erase_replies(connection, whose, at),
        "notes": await _erase_notes(connection, whose),
        "arrivals": await _erase_arrivals(connection, whose),
    }
    closed = await _erase_tickets(connection, whose, at)
    await _erase_traces(connection, sealer, whose)
    await _erase_people(connection, sealer, whose, customer_id, at)
    left = sa.select(sa.func.count()).where(
        whose.here(t.replies, "id", whose.replies), t.replies.c.state.in_(OPEN_FATE)
    )
    return Erased(customer_id, whose.tickets, counts, int((await connection.execute(left)).scalar_one()), closed)


async def _whose(connection: AsyncConnection, brand_id: str, customer_id: str) -> Whose:
    authors = await _ids(
        connection, t.authors, t.authors.c.brand_id == brand_id, t.authors.c.customer_id == customer_id
    )
    tickets = await _ids(connection, t.tickets, t.tickets.c.brand_id == brand_id, t.tickets.c.author_id.in_(authors))
    mentions = await _ids(
        connection, t.mentions, t.mentions.c.brand_id == brand_id, t.mentions.c.author_id.in_(authors)
    )
    to_them = sa.or_(t.replies.c.author_id.in_(authors), t.replies.c.ticket_id.in_(tickets))
    replies = await _ids(connection, t.replies, t.replies.c.brand_id == brand_id, to_them)
    return Whose(brand_id, authors, mentions, tickets, replies)


async def _ids(connection: AsyncConnection, table: sa.Table, *where: sa.ColumnElement[bool]) -> list[str]:
    return [str(row.id) for row in await connection.execute(sa.select(table.c.id).where(*where).order_by(table.c.id))]


async def _bury(connection: AsyncConnection, sealer: Sealer, whose: Whose, at: datetime) -> None:
    """Remember which posts are gone, without their ids, so that no later poll brings them back."""
    query = sa.select(t.mentions.c.platform, t.mentions.c.external_id)
    rows = await connection.execute(query.where(whose.here(t.mentions, "id", whose.mentions)))
    prints = (sealer.fingerprint(name_of(row.platform, row.external_id)) for row in rows)
    graves = [{"brand_id": whose.brand_id, "fingerprint": each, "erased_at": at} for each in prints]
    if graves:
        await connection.execute(once(connection, t.tombstones), graves)


def name_of(platform: str, external_id: str) -> str:
    """Name a post as its tombstone knows it."""
    return f"{platform}\n{external_id}"


async def _erase_what_we_typed(connection: AsyncConnection, whose: Whose) -> None:
    """Empty what our team typed below their posts, or in their threads, before any of it was counted as an answer."""
    own, theirs = t.own_posts.c, whose.here(t.mentions, "id", whose.mentions)
    below = own.parent_id.in_(sa.select(t.mentions.c.external_id).where(theirs))
    there = own.thread_id.in_(sa.select(t.mentions.c.thread_id).where(theirs))
    here = (own.brand_id == whose.brand_id, own.text.isnot(None), sa.or_(below, there))
    await connection.execute(sa.update(t.own_posts).where(*here).values(text=None))


async def _erase_mentions(connection: AsyncConnection, whose: Whose) -> int:
    gone: dict[str, Any] = {
        **_WORDLESS,
        "external_id": sa.literal("erased:") + t.mentions.c.id,
        "parent_id": None,
        "quoted_id": None,
        "thread_id": sa.literal("erased:") + t.mentions.c.id,
    }
    here = whose.here(t.mentions, "id", whose.mentions)
    erased = await connection.execute(sa.update(t.mentions).where(here).values(**gone))
    await connection.execute(
        sa.update(t.verdicts).where(whose.here(t.verdicts, "mention_id", whose.mentions)).values(reasons=[])
    )
    await _gone(connection, t.rechecks, whose.here(t.rechecks, "id", whose.mentions))
    await _gone(connection, t.contexts, whose.here(t.contexts, "mention_id", whose.mentions))
    await _erase_above_others(connection, whose)
    return int(erased.rowcount)


async def _erase_above_others(connection: AsyncConnection, whose: Whose) -> None:
    """What they said above somebody else's post is kept there, whether it was ever a mention or not."""
    person = sa.select(t.authors.c.platform, t.authors.c.external_id)
    for row in (await connection.execute(person.where(whose.here(t.authors, "id", whose.authors)))).all():
        column = t.contexts.c
        here = (column.brand_id == whose.brand_id, column.platform == row.platform, column.author_id == row.external_id)
        await connection.execute(sa.update(t.contexts).where(*here).values(**_DELETED))


_DELETED: Mapping[str, Any] = {
    "external_id": None,
    "author_id": None,
    "handle": "",
    "name": "",
    "text": "",
    "permalink": None,
    "deleted": True,
}


_WORDLESS: Mapping[str, Any] = {
    "text": "",
    "raw": sa.null(),
    "ref": {},
    "metrics": {},
    "addressed": [],
    "permalink": None,
    "redacted": True,
    "due": None,
    "lease_until": None,
    "lease_token": None,
}


async def _erase_replies(connection: AsyncConnection, whose: Whose, at: datetime) -> int:
    here = whose.here(t.replies, "id", whose.replies)
    unsaid: dict[str, Any] = {"state": ReplyState.CANCELLED, "reason": "the customer was erased", "updated_at": at}
    free: dict[str, Any] = {"due": None, "lease_until": None, "lease_token": None}
    task = (here, t.replies.c.state == ReplyState.MANUAL, t.replies.c.task_opened_at.isnot(None))
    await connection.execute(sa.update(t.replies).where(*task).values(task_done_at=at))
    await connection.execute(sa.update(t.replies).where(here, t.replies.c.state.in_(WAITING)).values(**unsaid, **free))
    wordless: dict[str, Any] = {"text": "", "links": [], "prepared": {}, "permalink": None, "redacted": True}
    settled = t.replies.c.state.not_in(OPEN_FATE)
    erased = await connection.execute(sa.update(t.replies).where(here, settled).values(**wordless))
    attempts = whose.here(t.reply_attempts, "reply_id", whose.replies)
    await connection.execute(sa.update(t.reply_attempts).where(attempts).values(detail=""))
    return int(erased.rowcount)


async def _erase_notes(connection: AsyncConnection, whose: Whose) -> int:
    carried = await _carried(connection, whose)
    theirs = sa.or_(t.entries.c.ticket_id.in_(whose.tickets), t.entries.c.id.in_(carried))
    here = (t.entries.c.brand_id == whose.brand_id, theirs, t.entries.c.text.isnot(None))
    erased = await connection.execute(sa.update(t.entries).where(*here).values(text=None, redacted=True))
    promised = sa.or_(t.commitments.c.ticket_id.in_(whose.tickets), t.commitments.c.author_id.in_(whose.authors))
    given = sa.update(t.commitments).where(t.commitments.c.brand_id == whose.brand_id, promised)
    await connection.execute(given.values(what="", redacted=True))
    await _erase_calls(connection, whose)
    await _erase_record_checks(connection, whose)
    return int(erased.rowcount)


async def _erase_calls(connection: AsyncConnection, whose: Whose) -> None:
    """Nobody rings whom we forget: a call that is still open is wanted no more."""
    theirs = whose.here(t.calls, "ticket_id", whose.tickets)
    await connection.execute(sa.update(t.calls).where(theirs).values(phone="", redacted=True, lane=None))
    still = (theirs, t.calls.c.state == CallState.OPEN)
    await connection.execute(sa.update(t.calls).where(*still).values(state=CallState.NOT_WANTED))


async def _erase_record_checks(connection: AsyncConnection, whose: Whose) -> None:
    """Nobody is looked up whom we forget."""
    theirs = whose.here(t.record_checks, "ticket_id", whose.tickets)
    gone: dict[str, Any] = {
        "details": {},
        "account": None,
        "redacted": True,
        "due": None,
        "lease_until": None,
        "lease_token": None,
    }
    await connection.execute(sa.update(t.record_checks).where(theirs).values(**gone))
    still = (theirs, t.record_checks.c.state == Held.ASKED)
    await connection.execute(sa.update(t.record_checks).where(*still).values(state=Held.UNKNOWN))


async def _carried(connection: AsyncConnection, whose: Whose) -> list[str]:
    """Return the lines that merges carried from their tickets into others'."""
    acts = sa.select(t.story_acts.c.moved).where(whose.here(t.story_acts, "source_id", whose.tickets))
    return [entry for moved in (await connection.execute(acts)).scalars() for entry in moved["entries"]]


async def _erase_arrivals(connection: AsyncConnection, whose: Whose) -> int:
    """Bodies that were never understood may be theirs: whatever names them goes."""
    query = sa.select(t.authors.c.external_id, t.authors.c.handle)
    people = (await connection.execute(query.where(whose.here(t.authors, "id", whose.authors)))).all()
    names = [name.encode() for row in people for name in row if len(name) > 2]
    kept = sa.select(t.inbox.c.id, t.inbox.c.body).where(t.inbox.c.brand_id == whose.brand_id, t.inbox.c.body != b"")
    bodies = (await connection.execute(kept)).all()
    theirs = [row.id for row in bodies if any(name in bytes(row.body) for name in names)]
    here = whose.here(t.inbox, "id", theirs)
    erased = await connection.execute(sa.update(t.inbox).where(here).values(body=b"", state="erased", due=None))
    return int(erased.rowcount)


async def _erase_tickets(connection: AsyncConnection, whose: Whose, at: datetime) -> list[str]:
    """Empty and close their tickets; returns those that were not closed before."""
    here = whose.here(t.tickets, "id", whose.tickets)
    closing = await _ids(connection, t.tickets, here, t.tickets.c.state != TicketState.CLOSED)
    closed = {"state": TicketState.CLOSED, "closed_at": sa.func.coalesce(t.tickets.c.closed_at, at)}
    nameless: dict[str, Any] = {
        "permalink": None,
        "opened_because": "erased",
        "thread_id": sa.literal("erased:") + t.tickets.c.id,
        "priority_reasons": [],
        "tags": [],
        "updated_at": at,
    }
    await connection.execute(sa.update(t.tickets).where(here).values(**closed, **nameless))
    await _gone(connection, t.ticket_tags, whose.here(t.ticket_tags, "ticket_id", whose.tickets))
    await _gone(connection, t.stories, whose.here(t.stories, "author_id", whose.authors))
    await _erase_handoffs(connection, whose, at)
    ended = whose.here(t.waits, "ticket_id", whose.tickets)
    await connection.execute(sa.update(t.waits).where(ended).values(due=None))
    # A person may have brought their words into somebody else's ticket.
    guest = sa.select(t.mentions.c.ticket_id).where(whose.here(t.mentions, "id", whose.mentions)).distinct()
    heard = {*whose.tickets, *(await connection.execute(guest.where(t.mentions.c.ticket_id.isnot(None)))).scalars()}
    # Whoever holds a copy by its number is to read it again: words are gone from it.
    changed = sa.update(t.tickets).where(whose.here(t.tickets, "id", sorted(heard)))
    await connection.execute(changed.values(sequence=t.tickets.c.sequence + 1))
    for ticket_id in sorted(heard):
        await search.refresh(connection, whose.brand_id, ticket_id)
    return closing


async def _erase_handoffs(connection: AsyncConnection, whose: Whose, at: datetime) -> None:
    """The lines of a form went with the notes; its pictures and browsers go here, and its address leads nowhere."""
    for table in (t.uploads, t.form_lines, t.form_sessions):
        await _gone(connection, table, whose.here(table, "ticket_id", whose.tickets))
    here = whose.here(t.handoffs, "ticket_id", whose.tickets)
    await connection.execute(sa.update(t.handoffs).where(here).values(digest=None, revoked_at=at))


async def _erase_traces(connection: AsyncConnection, sealer: Sealer, whose: Whose) -> None:
    """What others answered to deliveries, and what we answered to their requests, may repeat the words."""
    about = sa.select(t.events.c.id).where(
        t.events.c.brand_id == whose.brand_id,
        sa.or_(t.events.c.mention_id.in_(whose.mentions), t.events.c.ticket_id.in_(whose.tickets)),
    )
    told = sa.and_(t.deliveries.c.brand_id == whose.brand_id, t.deliveries.c.event_id.in_(about))
    await connection.execute(sa.update(t.deliveries).where(told).values(last_detail=None))
    tries = sa.select(t.deliveries.c.id).where(told)
    here = sa.and_(t.delivery_attempts.c.brand_id == whose.brand_id, t.delivery_attempts.c.delivery_id.in_(tries))
    await connection.execute(sa.update(t.delivery_attempts).where(here).values(detail=""))
    await _erase_answers(connection, sealer, {*whose.mentions, *whose.tickets, *whose.replies})


async def _erase_answers(connection: AsyncConnection, sealer: Sealer, ids: Iterable[str]) -> None:
    """The key stays taken, or a repeated request would act again; only its answer goes."""
    kept = sa.select(t.idempotency).where(t.idempotency.c.body.isnot(None))
    named = tuple(ids)
    for row in (await connection.execute(kept)).all():
        if any(each in sealer.open(row.body) for each in named):
            here = sa.and_(t.idempotency.c.token_id == row.token_id, t.idempotency.c.key == row.key)
            blank = sealer.seal(ANSWER_ERASED.decode())
            await connection.execute(sa.update(t.idempotency).where(here).values(body=blank))


async def _erase_people(
    connection: AsyncConnection, sealer: Sealer, whose: Whose, customer_id: str, at: datetime
) -> None:
    nobody: dict[str, Any] = {
        "handle": "",
        "name": "",
        "followers": None,
        "external_id": sa.literal("erased:") + t.authors.c.id,
    }
    await connection.execute(
        sa.update(t.authors).where(whose.here(t.authors, "id", whose.authors)).values(**nobody, updated_at=at)
    )
    column = t.customers.c
    same = sa.or_(column.id == customer_id, column.merged_into == customer_id)
    await connection.execute(
        sa.update(t.customers).where(column.brand_id == whose.brand_id, same).values(name="", erased_at=at)
    )
    joins = sa.or_(t.customer_joins.c.source_id == customer_id, t.customer_joins.c.target_id == customer_id)
    await connection.execute(
        sa.update(t.customer_joins).where(t.customer_joins.c.brand_id == whose.brand_id, joins).values(reason="")
    )


async def _gone(connection: AsyncConnection, table: sa.Table, where: sa.ColumnElement[bool]) -> int:
    return int((await connection.execute(sa.delete(table).where(where))).rowcount)


async def buried(
    connection: AsyncConnection, sealer: Sealer, brand_id: str, platform: str, external_ids: Sequence[str]
) -> set[str]:
    """Return which of these posts were erased and must not come back."""
    graves = t.tombstones.c
    any_at_all = sa.select(sa.exists().where(graves.brand_id == brand_id))
    if not (await connection.execute(any_at_all)).scalar_one():
        return set()
    prints = {sealer.fingerprint(name_of(platform, each)): each for each in external_ids}
    query = sa.select(graves.fingerprint).where(graves.brand_id == brand_id, graves.fingerprint.in_(prints))
    return {prints[row.fingerprint] for row in await connection.execute(query)}


async def purge_words(connection: AsyncConnection, brand_id: str, before: datetime, limit: int) -> Sequence[Mention]:
    """Empty old mentions whose story is closed, or that had none."""
    over = sa.select(t.tickets.c.id).where(
        t.tickets.c.brand_id == brand_id,
        t.tickets.c.id == t.mentions.c.ticket_id,
        t.tickets.c.state == TicketState.CLOSED,
    )
    old = (t.mentions.c.brand_id == brand_id, t.mentions.c.occurred_at < before, t.mentions.c.redacted.is_(False))
    rested = sa.or_(t.mentions.c.ticket_id.is_(None), sa.exists(over))
    rows = (await connection.execute(SELECT.where(*old, rested, t.mentions.c.due.is_(None)).limit(limit))).all()
    purged = [as_mention(row) for row in rows]
    ids = [mention.id for mention in purged]
    here = sa.and_(t.mentions.c.brand_id == brand_id, t.mentions.c.id.in_(ids))
    await connection.execute(sa.update(t.mentions).where(here).values(**_WORDLESS))
    for table in (t.media, t.contexts):
        await _gone(connection, table, sa.and_(table.c.brand_id == brand_id, table.c.mention_id.in_(ids)))
    for ticket_id in {mention.ticket_id for mention in purged if mention.ticket_id is not None}:
        await search.refresh(connection, brand_id, ticket_id)
    return purged


async def purge_payloads(connection: AsyncConnection, brand_id: str, before: datetime, limit: int) -> int:
    """Empty the raw payloads of mentions that arrived before then."""
    old = (t.mentions.c.brand_id == brand_id, t.mentions.c.received_at < before, t.mentions.c.raw.isnot(None))
    ids = sa.select(t.mentions.c.id).where(*old).limit(limit)
    here = sa.and_(t.mentions.c.brand_id == brand_id, t.mentions.c.id.in_(ids))
    return int((await connection.execute(sa.update(t.mentions).where(here).values(raw=sa.null()))).rowcount)
