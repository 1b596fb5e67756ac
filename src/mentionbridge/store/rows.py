"""What every noun's file shares: one insert for both databases, and rows as domain objects."""

from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def insert_for(dialect: str, table: sa.Table) -> Any:
    """Return the dialect's own INSERT, which knows ON CONFLICT."""
    return (postgresql if dialect == "postgresql" else sqlite).insert(table)


def insert(connection: AsyncConnection, table: sa.Table) -> Any:
    """Return the INSERT of this connection's dialect."""
    return insert_for(connection.dialect.name, table)


@cache
def _once(dialect: str, table: sa.Table) -> Any:
    return insert_for(dialect, table).on_conflict_do_nothing()


@cache
def _once_named(dialect: str, table: sa.Table, names: tuple[str, ...]) -> Any:
    return _once(dialect, table).returning(*(table.c[name] for name in names))


def once(connection: AsyncConnection, table: sa.Table, *returning: str) -> Any:
    """Return a prebuilt INSERT that leaves rows alone which are there already, and else returns these columns.

    Built once: on hot paths, building a statement costs more than running it.
    """
    dialect = connection.dialect.name
    return _once_named(dialect, table, returning) if returning else _once(dialect, table)


def row_of(table: sa.Table) -> sa.ColumnElement[bool]:
    """The row's key as a condition for prebuilt statements; see `key_of_row` for its values."""
    return sa.and_(table.c.brand_id == sa.bindparam("key_brand"), table.c.id == sa.bindparam("key_id"))


def key_of_row(brand_id: str, id_: str) -> dict[str, str]:
    """The values of `row_of`."""
    return {"key_brand": brand_id, "key_id": id_}


def is_row(table: sa.Table, brand_id: str, id_: str) -> sa.ColumnElement[bool]:
    """The row's key as a condition."""
    return sa.and_(table.c.brand_id == brand_id, table.c.id == id_)
