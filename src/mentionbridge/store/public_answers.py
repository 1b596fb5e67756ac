"""Public answers: what we called solved in public, with what was asked and what was said, for whoever asks it next."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.mention import Surface, Visibility
from mentionbridge.domain.reply import Purpose, ReplyState
from mentionbridge.domain.ticket import TicketState
from mentionbridge.ports.desk import Brands, PublicAnswer, Slice
from mentionbridge.rules.resemblance import most_alike
from mentionbridge.store import search
from mentionbridge.store import tables as t
from mentionbridge.store.keyset import Keyset
from mentionbridge.text.pii import mask
from mentionbridge.text.words import Term, terms, words

LOOKED_AT = 500
"""Of so many newest answers those are found that a story resembles."""

_PUBLIC = [visibility for visibility in Visibility if visibility.surface is Surface.PUBLIC]
_OVER = (TicketState.SOLVED, TicketState.CLOSED)
_later = t.replies.alias("later")
_helped = t.tickets.alias("helped")
_closing = (t.replies.c.purpose == Purpose.RESOLVE, t.replies.c.state == ReplyState.SENT)
_LATER = sa.exists().where(
    _later.c.brand_id == t.replies.c.brand_id,
    _later.c.ticket_id == t.replies.c.ticket_id,
    _later.c.purpose == Purpose.RESOLVE,
    _later.c.state == ReplyState.SENT,
    _later.c.id > t.replies.c.id,
)
_HELPED = (
    sa.select(sa.func.count())
    .where(_helped.c.brand_id == t.replies.c.brand_id, _helped.c.solved_with == t.replies.c.id)
    .scalar_subquery()
)
_ITS_TICKET = sa.and_(t.tickets.c.brand_id == t.replies.c.brand_id, t.tickets.c.id == t.replies.c.ticket_id)
_CLOSED = (
    sa.select(*(t.replies.c[name] for name in ("brand_id", "id", "ticket_id", "lang", "permalink", "sent_at")))
    .add_columns(t.tickets.c.topic, t.tickets.c.place, t.tickets.c.outcome, _HELPED.label("helped"))
    .join_from(t.replies, t.tickets, _ITS_TICKET)
    .where(*_closing, t.tickets.c.state.in_(_OVER), t.tickets.c.merged_into.is_(None), ~_LATER)
)
_ABOUT = {name: t.tickets.c[name] == sa.bindparam(f"by_{name}") for name in ("topic", "place")}


@cache
def _list(dialect: str, *, searched: bool) -> Keyset:
    if not searched:
        return Keyset("answers", _CLOSED, t.replies, frozenset(_ABOUT), where=_ABOUT)
    same = sa.and_(t.search.c.brand_id == t.replies.c.brand_id, t.search.c.ticket_id == t.replies.c.ticket_id)
    query = _CLOSED.join(t.search, same)
    if dialect != "postgresql":
        query = query.join(search.FOUND, search.FOUND.c.rowid == t.search.c.number)
    where = {**_ABOUT, "q": search.matches(dialect)}
    return Keyset("answers", query, t.replies, frozenset(where), where=where)


async def listed(
    connection: AsyncConnection, brands: Brands, asked: str, filters: Mapping[str, str], cursor: str | None, limit: int
) -> Slice[PublicAnswer]:
    """Return answers, newest first; with words to look for, those that hold them in what was said in public."""
    wanted = terms(asked)
    if asked and not wanted:
        return Slice([])
    dialect = connection.dialect.name
    by = {**filters, "q": search.asked_of(dialect, wanted)} if wanted else dict(filters)
    rows, behind = await _list(dialect, searched=bool(wanted)).page(connection, brands, by, cursor, limit)
    found = await _with_words(connection, rows)
    return Slice([answer for answer in found if _holds(answer, wanted)], behind)


async def like(
    connection: AsyncConnection, brands: Brands, ticket_id: str, limit: int
) -> Sequence[PublicAnswer] | None:
    """Return the answers to what resembles this ticket's public words, the likest first; None without such a ticket."""
    asking = (await connection.execute(_ASKING, {"brands": list(brands), "ticket": ticket_id})).first()
    if asking is None:
        return None
    said = await _asked(connection, asking.brand_id, [ticket_id])
    newest = _list(connection.dialect.name, searched=False)
    about = {"topic": asking.topic} if asking.topic else {}
    rows, _ = await newest.page(connection, [asking.brand_id], about, None, LOOKED_AT)
    found = {answer.id: answer for answer in await _with_words(connection, rows) if answer.ticket_id != ticket_id}
    alike = most_alike(said.get(ticket_id, ""), {id_: answer.asked for id_, answer in found.items()}, limit)
    return [found[id_] for id_ in alike]


_ASKING = sa.select(t.tickets.c.brand_id, t.tickets.c.topic).where(
    t.tickets.c.brand_id.in_(sa.bindparam("brands", expanding=True)), t.tickets.c.id == sa.bindparam("ticket")
)
_BRAND: sa.BindParameter[str] = sa.bindparam("brand")
_STORIES: sa.BindParameter[list[str]] = sa.bindparam("tickets", expanding=True)
_ASKED = (
    sa.select(t.mentions.c.ticket_id, t.mentions.c.text)
    .where(t.mentions.c.brand_id == _BRAND, t.mentions.c.ticket_id.in_(_STORIES))
    .where(t.mentions.c.visibility.in_(_PUBLIC), t.mentions.c.redacted.is_(False))
    .order_by(t.mentions.c.occurred_at.desc(), t.mentions.c.id.desc())
)
_SAID = (
    sa.select(t.replies.c.ticket_id, t.replies.c.text)
    .where(t.replies.c.brand_id == _BRAND, t.replies.c.ticket_id.in_(_STORIES))
    .where(t.replies.c.surface == Surface.PUBLIC, t.replies.c.state == ReplyState.SENT)
    .where(t.replies.c.purpose.in_((Purpose.MESSAGE, Purpose.RESOLVE)), t.replies.c.redacted.is_(False))
    .order_by(t.replies.c.id)
)


async def _asked(connection: AsyncConnection, brand_id: str, ticket_ids: Sequence[str]) -> dict[str, str]:
    """Return the first public words of each story."""
    rows = await connection.execute(_ASKED, {"brand": brand_id, "tickets": list(ticket_ids)})
    return {row.ticket_id: mask(row.text) for row in rows}


async def _said(connection: AsyncConnection, brand_id: str, ticket_ids: Sequence[str]) -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    for row in await connection.execute(_SAID, {"brand": brand_id, "tickets": list(ticket_ids)}):
        said.setdefault(row.ticket_id, []).append(row.text)
    return said


async def _with_words(connection: AsyncConnection, rows: Sequence[Any]) -> list[PublicAnswer]:
    brands: dict[str, list[str]] = {}
    for row in rows:
        brands.setdefault(row.brand_id, []).append(row.ticket_id)
    asked: dict[str, str] = {}
    said: dict[str, list[str]] = {}
    for brand_id, tickets in brands.items():
        asked |= await _asked(connection, brand_id, tickets)
        said |= await _said(connection, brand_id, tickets)
    return [
        PublicAnswer(**row._mapping, asked=asked[row.ticket_id], said=said[row.ticket_id])
        for row in rows
        if row.ticket_id in asked and row.ticket_id in said
    ]


def _holds(answer: PublicAnswer, wanted: Sequence[Term]) -> bool:
    """The index also knows what was said in private; that finds nothing here."""
    told = words(" · ".join((answer.asked, *answer.said)))
    return all(term.within(told) for term in wanted)
