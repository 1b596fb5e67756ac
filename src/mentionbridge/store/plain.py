"""Rows as plain facts by name, for lists: a detour through objects would cost more than the query."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.store import tables as t

AUTHOR = ("external_id", "handle", "name", "followers", "is_bot")
LABELS = tuple(f"author__{name}" for name in AUTHOR)
"""The author's columns beside a ticket's or a mention's own."""

Plain = dict[str, Any]


def _of_mentions(table: sa.Table, *but: str) -> sa.Select[Any]:
    """Read what hangs on some mentions; the first column names the mention."""
    told = [column for column in table.c if column.name not in ("brand_id", "mention_id", *but)]
    return sa.select(table.c.mention_id, *told).where(
        table.c.brand_id.in_(sa.bindparam("brands", expanding=True)),
        table.c.mention_id.in_(sa.bindparam("mentions", expanding=True)),
    )


# By the mention first: by id alone, SQLite would walk the whole brand to find its order.
VERDICTS = _of_mentions(t.verdicts).order_by(t.verdicts.c.mention_id, t.verdicts.c.id)
_UNTOLD = ("url", "position", "mime", "body", "due", "lease_until", "lease_token", "attempts")
MEDIA = _of_mentions(t.media, *_UNTOLD).order_by(t.media.c.mention_id, t.media.c.position)


def facts(rows: Sequence[sa.Row[Any]]) -> list[Plain]:
    """Return each row's values by name."""
    names = rows[0]._fields if rows else ()
    return [dict(zip(names, row, strict=True)) for row in rows]


def with_author(rows: Sequence[sa.Row[Any]]) -> list[Plain]:
    """Return each row's values by name, and under `author` those of its author, with which the row ends."""
    names = rows[0]._fields if rows else ()
    own = names.index(LABELS[0]) if rows else 0
    return [_with_author(names[:own], tuple(row)) for row in rows]


def _with_author(names: Sequence[str], row: tuple[Any, ...]) -> Plain:
    own = len(names)
    told: Plain = dict(zip(names, row[:own], strict=True))
    told["author"] = dict(zip(AUTHOR, row[own : own + len(AUTHOR)], strict=True))
    return told


async def with_verdict_and_media(connection: AsyncConnection, rows: Sequence[sa.Row[Any]]) -> list[Plain]:
    """Return mentions by name, each with its author, its newest verdict or None, and its pictures."""
    told = with_author(rows)
    those = {"brands": list({each["brand_id"] for each in told}), "mentions": [each["id"] for each in told]}
    verdicts = await _by_mention(connection, VERDICTS, those)
    media = await _by_mention(connection, MEDIA, those)
    for each in told:
        judged = verdicts.get(each["id"])
        each["verdict"] = judged[-1] if judged else None
        each["media"] = media.get(each["id"], ())
    return told


async def _by_mention(connection: AsyncConnection, query: sa.Select[Any], those: Plain) -> dict[str, list[Plain]]:
    found: dict[str, list[Plain]] = {}
    for each in facts((await connection.execute(query, those)).all()) if those["mentions"] else ():
        found.setdefault(each["mention_id"], []).append(each)
    return found
