"""What every noun's file shares: one insert for both databases, and rows as domain objects."""

from collections.abc import Mapping, Sequence
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


@cache
def where(table: sa.Table, *names: str) -> sa.Select[Any]:
    """Return a prebuilt SELECT of the rows whose columns `names` are the parameters of these names."""
    return sa.select(table).where(*(table.c[name] == sa.bindparam(name) for name in names))


@cache
def setting(table: sa.Table, names: tuple[str, ...], same: tuple[str, ...] = ()) -> sa.Update:
    """Return a prebuilt UPDATE of one row; `set_values` makes its parameters."""
    unchanged = (table.c[name] == sa.bindparam(f"was_{name}") for name in same)
    values: dict[str, Any] = {name: sa.bindparam(f"now_{name}") for name in names}
    return sa.update(table).where(row_of(table), *unchanged).values(values)


async def set_row(
    connection: AsyncConnection,
    table: sa.Table,
    brand_id: str,
    id_: str,
    values: Mapping[str, Any],
    **same: Any,
) -> bool:
    """Change one row by a prebuilt UPDATE; False when it is not there, or its columns are not as in `same`."""
    change = setting(table, tuple(values), tuple(same))
    return (await connection.execute(change, set_values(brand_id, id_, values, **same))).rowcount == 1


def set_values(brand_id: str, id_: str, values: Mapping[str, Any], **same: Any) -> dict[str, Any]:
    """The parameters of `setting`."""
    now = {f"now_{name}": value for name, value in values.items()}
    return {**key_of_row(brand_id, id_), **now, **{f"was_{name}": value for name, value in same.items()}}


async def oldest(
    connection: AsyncConnection, table: sa.Table, brand_id: str, end: str, which: sa.ColumnElement[bool], limit: int
) -> Sequence[str]:
    """Return the ids before `end` of some rows; ids sort by time, so that nothing younger is looked at."""
    query = sa.select(table.c.id).where(table.c.brand_id == brand_id, table.c.id < end, which)
    return (await connection.execute(query.order_by(table.c.id).limit(limit))).scalars().all()
