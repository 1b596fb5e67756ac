"""Search: one document a ticket, rebuilt from its words whenever they change, and never kept apart from them."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.mention import Surface
from mentionbridge.ports.desk import FoundLine
from mentionbridge.store import tables as t
from mentionbridge.store.keyset import Keyset
from mentionbridge.store.rows import key_of_row, row_of
from mentionbridge.text.words import Term, excerpt, words

NEWEST_LINES = 500
MOST_WORDS = 16_000
LINES_LOOKED_AT = 50
TICKET_COLUMNS = ("state", "account_id", "author_id", "team", "assignee_id", "priority", "topic", "place")
_theirs = t.authors.alias("theirs")
_is_theirs = (_theirs.c.brand_id == sa.bindparam("brand"), _theirs.c.customer_id == sa.bindparam("by_customer_id"))
_tagged = (
    t.ticket_tags.c.brand_id == sa.bindparam("brand"),
    t.ticket_tags.c.tag == sa.bindparam("by_tag"),
    t.ticket_tags.c.ticket_id == t.tickets.c.id,
)
TICKET_FILTERS: Mapping[str, sa.ColumnElement[bool]] = {
    **{name: t.tickets.c[name] == sa.bindparam(f"by_{name}") for name in TICKET_COLUMNS},
    "customer_id": t.tickets.c.author_id.in_(sa.select(_theirs.c.id).where(*_is_theirs)),
    "tag": sa.exists().where(*_tagged),
}
"""What a list of tickets, searched or not, may be narrowed by, and how a ticket tells."""
_BETWEEN = "·"
"""Stands between two lines, so that no phrase reaches from one into the other; nobody can ask for it."""

_SAID = sa.func.coalesce(t.mentions.c.text, t.replies.c.text, t.entries.c.text, "")
_NOTED = sa.and_(t.entries.c.text.isnot(None), t.entries.c.redacted.is_(False))
LINES = (
    sa.select(t.entries.c.ticket_id, t.entries.c.id, t.entries.c.surface, _SAID.label("said"))
    .select_from(t.entries)
    .outerjoin(
        t.mentions,
        sa.and_(t.mentions.c.brand_id == t.entries.c.brand_id, t.mentions.c.id == t.entries.c.mention_id),
    )
    .outerjoin(t.replies, sa.and_(t.replies.c.brand_id == t.entries.c.brand_id, t.replies.c.id == t.entries.c.reply_id))
    .where(sa.or_(t.mentions.c.redacted.is_(False), t.replies.c.redacted.is_(False), _NOTED))
    .order_by(t.entries.c.sequence.desc())
)
"""Every line that holds words, with its words as they stand now, newest first."""

_OF_TICKET = LINES.where(
    t.entries.c.brand_id == sa.bindparam("brand"), t.entries.c.ticket_id == sa.bindparam("ticket")
).limit(NEWEST_LINES)
_HOLD = sa.select(t.tickets.c.id).where(row_of(t.tickets)).with_for_update()
_NTH = sa.func.row_number().over(partition_by=t.entries.c.ticket_id, order_by=t.entries.c.sequence.desc())
FOUND = sa.table("search_words", sa.column("rowid", sa.Integer))


async def refresh(connection: AsyncConnection, brand_id: str, ticket_id: str) -> None:
    """Write a ticket's document anew; call it after any change to what was said in it."""
    on_postgresql = connection.dialect.name == "postgresql"
    if on_postgresql:
        # Whoever else changes the story waits here, or would miss our line as we would miss theirs.
        await connection.execute(_HOLD, key_of_row(brand_id, ticket_id))
    rows = await connection.execute(_OF_TICKET, {"brand": brand_id, "ticket": ticket_id})
    said = spoken(row.said for row in rows)
    if not said:
        gone = (t.search.c.brand_id == brand_id, t.search.c.ticket_id == ticket_id)
        await connection.execute(sa.delete(t.search).where(*gone))
        return
    body = as_tsvector(said) if on_postgresql else " ".join(said)
    await connection.execute(_upsert(connection.dialect.name), {"brand": brand_id, "ticket": ticket_id, "said": body})


def spoken(lines: Iterable[str]) -> list[str]:
    """Return the words of some lines, newest first, as one document of at most `MOST_WORDS`."""
    said: list[str] = []
    for line in lines:
        if found := words(line):
            said += [*([_BETWEEN] if said else []), *found]
        if len(said) >= MOST_WORDS:
            break
    return said[:MOST_WORDS]


def as_tsvector(said: Sequence[str]) -> str:
    """Write words as PostgreSQL's own tsvector text, so that no parser of its touches them."""
    places: dict[str, list[str]] = {}
    for place, word in enumerate(said, start=1):
        if word != _BETWEEN:
            places.setdefault(word, []).append(str(place))
    return " ".join(f"'{word}':{','.join(where)}" for word, where in places.items())


@cache
def _upsert(dialect: str) -> Any:
    said: Any = sa.bindparam("said", type_=sa.Text)
    into: Any = (postgresql if dialect == "postgresql" else sqlite).insert(t.search)
    body = sa.cast(said, postgresql.TSVECTOR) if dialect == "postgresql" else said
    row = into.values(brand_id=sa.bindparam("brand"), ticket_id=sa.bindparam("ticket"), body=body)
    return row.on_conflict_do_update(index_elements=["brand_id", "ticket_id"], set_={"body": row.excluded.body})


@cache
def hits(dialect: str, *, narrowed: bool) -> Keyset:
    """Return the list of tickets that hold what `q` asks for, newest first; `narrowed` by their own columns too."""
    query, key = sa.select(t.search.c.brand_id, t.search.c.ticket_id), _number(dialect)
    where: dict[str, sa.ColumnElement[bool]] = {}
    if narrowed:
        same = sa.and_(t.tickets.c.brand_id == t.search.c.brand_id, t.tickets.c.id == t.search.c.ticket_id)
        query = query.join_from(t.search, t.tickets, same)
        where = dict(TICKET_FILTERS)
    if dialect != "postgresql":
        query = query.join(FOUND, FOUND.c.rowid == t.search.c.number)
    where["q"] = matches(dialect)
    return Keyset("search", query.add_columns(key), t.search, frozenset(where), key=key, where=where)


def matches(dialect: str) -> sa.ColumnElement[bool]:
    """Return what `q` asks of a document; SQLite's stands in `FOUND`, to be joined by the document's number."""
    asked = sa.bindparam("by_q", type_=sa.Text)
    if dialect == "postgresql":
        return t.search.c.body.op("@@")(sa.cast(asked, postgresql.TSQUERY))
    return sa.literal_column("search_words").op("MATCH")(asked)


def _number(dialect: str) -> sa.ColumnElement[Any]:
    """Return what orders the list; by any other column, SQLite would sort all that is found before the first page."""
    return t.search.c.number if dialect == "postgresql" else FOUND.c.rowid


def asked_of(dialect: str, asked: Sequence[Term]) -> str:
    """Write a query as the database reads it; words are letters and digits only, so that quotes hold them."""
    return as_tsquery(asked) if dialect == "postgresql" else as_match(asked)


def as_tsquery(asked: Sequence[Term]) -> str:
    """Write a query for PostgreSQL."""
    return " & ".join(f"({' <-> '.join(map(_quoted, term.words))}{':*' if term.begins else ''})" for term in asked)


def _quoted(word: str) -> str:
    return f"'{word}'"


def as_match(asked: Sequence[Term]) -> str:
    """Write a query for FTS5."""
    return " AND ".join(f'"{" ".join(term.words)}"{"*" if term.begins else ""}' for term in asked)


async def lines(
    connection: AsyncConnection, brands: Sequence[str], ticket_ids: Sequence[str], asked: Sequence[Term]
) -> dict[str, FoundLine]:
    """Return the best line of each ticket, from its words as they stand now."""
    here = (t.entries.c.brand_id.in_(brands), t.entries.c.ticket_id.in_(ticket_ids))
    said = LINES.where(*here).add_columns(_NTH.label("nth")).order_by(None).subquery()
    newest = sa.select(said).where(said.c.nth <= LINES_LOOKED_AT).order_by(said.c.ticket_id, said.c.nth)
    rows = groupby(await connection.execute(newest), key=lambda row: str(row.ticket_id))
    return {ticket_id: line for ticket_id, of in rows if (line := best(of, asked)) is not None}


def best(rows: Iterable[Any], asked: Sequence[Term]) -> FoundLine | None:
    """Return the line that holds most of what was asked for, the newest of several; None when none holds any."""
    scored = [(sum(term.within(words(row.said)) for term in asked), row) for row in rows]
    most, row = max(scored, key=itemgetter(0), default=(0, None))
    if row is None or not most:
        return None
    return FoundLine(row.id, Surface(row.surface), excerpt(row.said, asked))
