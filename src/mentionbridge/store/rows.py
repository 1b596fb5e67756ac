"""What every noun's file shares: one insert for both databases, and rows as domain objects."""

from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def insert(connection: AsyncConnection, table: sa.Table) -> Any:
    """Return the dialect's own INSERT, which knows ON CONFLICT."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)


@cache
def _once(dialect: str, table: sa.Table) -> Any:
    statement = (postgresql if dialect == "postgresql" else sqlite).insert(table).on_conflict_do_nothing()
    return statement.returning(table.c.id) if "id" in table.c else statement


def once(connection: AsyncConnection, table: sa.Table) -> Any:
    """Return a prebuilt INSERT that leaves a row alone which is there already, and else returns its id.

    Built once: on hot paths, building a statement costs more than running it.
    """
    return _once(connection.dialect.name, table)


def row_of(table: sa.Table) -> sa.ColumnElement[bool]:
    """The row's key as a condition for prebuilt statements; see `key_of_row` for its values."""
    return sa.and_(table.c.brand_id == sa.bindparam("key_brand"), table.c.id == sa.bindparam("key_id"))


def key_of_row(brand_id: str, id_: str) -> dict[str, str]:
    """The values of `row_of`."""
    return {"key_brand": brand_id, "key_id": id_}


def is_row(table: sa.Table, brand_id: str, id_: str) -> sa.ColumnElement[bool]:
    """The row's key as a condition."""
    return sa.and_(table.c.brand_id == brand_id, table.c.id == id_)
