"""What every noun's file shares: one insert for both databases, and rows as domain objects."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def insert(connection: AsyncConnection, table: sa.Table) -> Any:
    """Return the dialect's own INSERT, which knows ON CONFLICT."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)


def is_row(table: sa.Table, brand_id: str, id_: str) -> sa.ColumnElement[bool]:
    """The row's key as a condition."""
    return sa.and_(table.c.brand_id == brand_id, table.c.id == id_)
