"""Which tickets are one story: those that acts not undone have split from each other, or merged into each other."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.store import tables as t

_act = t.story_acts.c
_near = sa.or_(*(each.in_(sa.bindparam("tickets", expanding=True)) for each in (_act.source_id, _act.target_id)))
_NEAR = sa.select(_act.source_id, _act.target_id).where(
    _act.brand_id == sa.bindparam("brand"), _act.undone_at.is_(None), _near
)


async def family_of(connection: AsyncConnection, brand_id: str, ticket_id: str) -> Collection[str]:
    """Return the tickets that are one story with this one, itself among them."""
    known, fresh = {ticket_id}, {ticket_id}
    while fresh:
        rows = await connection.execute(_NEAR, {"brand": brand_id, "tickets": sorted(fresh)})
        met = {each for row in rows for each in (row.source_id, row.target_id)}
        fresh = met - known
        known |= fresh
    return sorted(known)
