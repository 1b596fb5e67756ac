"""Which tickets are one story: those that acts not undone have split from each other, or merged into each other."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.store import tables as t


def family(brand: sa.ColumnElement[str], ticket: sa.Select[Any]) -> sa.Select[Any]:
    """Return, for use in a statement, the ids of the tickets that are one story with this one, itself among them."""
    act = t.story_acts.c
    known = ticket.cte("family", recursive=True)
    near = sa.or_(act.source_id == known.c.id, act.target_id == known.c.id)
    other = sa.case((act.source_id == known.c.id, act.target_id), else_=act.source_id)
    standing = sa.and_(act.brand_id == brand, act.undone_at.is_(None), near)
    return sa.select(known.union(sa.select(other).join_from(known, t.story_acts, standing)).c.id)


_TICKET = sa.cast(sa.bindparam("ticket"), t.tickets.c.id.type).label("id")
FAMILY = family(sa.bindparam("brand"), sa.select(_TICKET))
"""The same of the parameters `ticket` and `brand`."""

_IN_ORDER = FAMILY.order_by("id")


async def family_of(connection: AsyncConnection, brand_id: str, ticket_id: str) -> Collection[str]:
    """Return the tickets that are one story with this one, itself among them."""
    found = await connection.execute(_IN_ORDER, {"brand": brand_id, "ticket": ticket_id})
    return [str(each) for each in found.scalars()]
