"""Lists by keyset: the last key seen is the cursor, so that pages neither skip nor repeat while rows arrive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from heapq import merge
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.kit.cursor import BadCursor, binding, decode, encode

Rows = Sequence[sa.Row[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Keyset:
    """A list: what is read of which table, by which key it is ordered, and by what it may be narrowed.

    An index leads with the brand and a filter's column, so that no page reads more than it shows. A filter that is no
    column of `table` has its condition in `where`, on the parameter `by_NAME`.
    """

    name: str
    query: sa.Select[Any]
    table: sa.Table
    filters: frozenset[str] = frozenset()
    key: sa.ColumnElement[Any] | None = None
    """The column it is ordered by, unless that is `id`."""
    first: sa.ColumnElement[Any] | None = None
    """A column it is ordered by before its key, which then only orders what is the same there."""
    newest_first: bool = True
    where: Mapping[str, sa.ColumnElement[bool]] = field(default_factory=dict)

    async def page(
        self,
        connection: AsyncConnection,
        brands: Sequence[str],
        filters: Mapping[str, str],
        cursor: str | None,
        limit: int,
    ) -> tuple[Rows, str | None]:
        """Return up to `limit` rows behind `cursor`, and the next cursor when there are more; raises BadCursor."""
        if unknown := set(filters) - self.filters:
            raise ValueError(f"no index serves the filters {sorted(unknown)}")
        told: dict[str, Any] = {f"by_{name}": value for name, value in filters.items()}
        told["rows"] = limit + 1
        if cursor is not None:
            told |= self._last(filters, cursor)
        query = statement(self, tuple(sorted(filters)), cursor is not None)
        # One index walk a brand: asked for several brands at once, a database would sort all their rows.
        found = [(await connection.execute(query, {**told, "brand": brand})).all() for brand in brands]
        rows = self._first(found, limit + 1)
        if len(rows) <= limit:
            return rows, None
        return rows[:limit], encode(binding(self.name, filters), *map(_told, self._key_of(rows[limit - 1])))

    def _last(self, filters: Mapping[str, str], cursor: str) -> dict[str, Any]:
        kinds = [column.type.python_type for column in self.order]
        bound, *last = decode(cursor, str, *(str if kind is datetime else kind for kind in kinds))
        if bound != binding(self.name, filters) or not all(map(_may_be_a_key, last)):
            raise BadCursor("this cursor was made for another list or other filters")
        told = (_instant(each) if kind is datetime else each for kind, each in zip(kinds, last, strict=True))
        return {f"last_{place}": each for place, each in enumerate(told)}

    def _first(self, found: Sequence[Rows], limit: int) -> Rows:
        if len(found) == 1:
            return found[0]
        return list(merge(*found, key=self._key_of, reverse=self.newest_first))[:limit]

    def _key_of(self, row: sa.Row[Any]) -> tuple[Any, ...]:
        return tuple(row._mapping[column] for column in self.order)

    @property
    def order(self) -> tuple[sa.ColumnElement[Any], ...]:
        """The columns it is ordered by."""
        key = self.table.c.id if self.key is None else self.key
        return (key,) if self.first is None else (self.first, key)

    def condition(self, name: str) -> sa.ColumnElement[bool]:
        """Return what a filter asks of a row."""
        return self.where[name] if name in self.where else self.table.c[name] == sa.bindparam(f"by_{name}")


@lru_cache(maxsize=512)
def statement(keyset: Keyset, filters: tuple[str, ...], behind: bool) -> sa.Select[Any]:
    """Write a list's statement once: to build it for every page would cost more than to run it."""
    order, down = keyset.order, keyset.newest_first
    query = keyset.query.where(keyset.table.c.brand_id == sa.bindparam("brand"), *map(keyset.condition, filters))
    if behind:
        here, last = sa.tuple_(*order), sa.tuple_(*(_bound(place, column) for place, column in enumerate(order)))
        query = query.where(here < last if down else here > last)
    return query.order_by(*(column.desc() if down else column for column in order)).limit(sa.bindparam("rows"))


def _bound(place: int, column: sa.ColumnElement[Any]) -> sa.BindParameter[Any]:
    return sa.bindparam(f"last_{place}", type_=column.type)


def _told(key: Any) -> str | int:
    told: str | int = key.isoformat() if isinstance(key, datetime) else key
    return told


def _instant(told: str | int) -> datetime:
    try:
        found = datetime.fromisoformat(str(told))
        if found.tzinfo is None:
            raise ValueError("it names no zone")
        return found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadCursor("this cursor is not one of ours") from error


def _may_be_a_key(last: str | int) -> bool:
    # What a database cannot even compare with would be an error of ours, and it is one of the caller's.
    return last.isascii() and last.isprintable() if isinstance(last, str) else abs(last) < 2**63
