"""Pages by keyset: the last key seen is the cursor, so that pages neither skip nor repeat while rows arrive."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.kit.cursor import decode, encode


async def page(
    connection: AsyncConnection,
    query: sa.Select[Any],
    key: sa.ColumnElement[Any],
    cursor: str | None,
    limit: int,
    *,
    kind: type[str] | type[int] = str,
    newest_first: bool = True,
) -> tuple[Sequence[sa.Row[Any]], str | None]:
    """Return up to `limit` rows behind `cursor`, and the next cursor when there are more; raises BadCursor."""
    if cursor is not None:
        (last,) = decode(cursor, kind)
        query = query.where(key < last if newest_first else key > last)
    query = query.order_by(key.desc() if newest_first else key).limit(limit + 1)
    rows = (await connection.execute(query)).all()
    if len(rows) <= limit:
        return rows, None
    shown = rows[:limit]
    return shown, encode(shown[-1]._mapping[key])
