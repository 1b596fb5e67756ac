"""Noticing that a standby has taken over, which may have lost commits: PostgreSQL's timeline has changed.

Until our own posts are read back, nothing is sent (promise 3).
"""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.store import tables as t
from mentionbridge.store.rows import insert

TIMELINE = "timeline"
_NOW = sa.text("('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint")


def same_history(dialect: str) -> sa.ColumnElement[bool]:
    """True while no standby has taken over since accounts were last reconciled; always true on SQLite."""
    if dialect != "postgresql":
        return sa.true()
    noted = sa.exists().where(t.heads.c.name == TIMELINE, t.heads.c.value != _NOW)
    return ~noted


async def has_forked(connection: AsyncConnection) -> bool:
    """Tell whether a standby took over since this was last asked, and note the timeline we are on."""
    if connection.dialect.name != "postgresql":
        return False
    known = (
        await connection.execute(sa.select(t.heads.c.value).where(t.heads.c.name == TIMELINE))
    ).scalar_one_or_none()
    current = int((await connection.execute(sa.select(_NOW))).scalar_one())
    if known == current:
        return False
    row = {"name": TIMELINE, "value": current}
    change = insert(connection, t.heads).values(**row)
    await connection.execute(change.on_conflict_do_update(index_elements=["name"], set_=row))
    return known is not None
