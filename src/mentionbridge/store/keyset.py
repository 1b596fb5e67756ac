"""Lists by keyset: the last key seen is the cursor, so that pages neither skip nor repeat while rows arrive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.kit.cursor import BadCursor, binding, decode, encode

Rows = Sequence[sa.Row[Any]]


@dataclass(frozen=True, slots=True)
class Keyset:
    """A list: what is read of which table, by which key it is ordered, and by what it may be narrowed.

    An index leads with the brand and a filter's column, so that no page reads more than it shows.
    """

    name: str
    query: sa.Select[Any]
    table: sa.Table
    filters: frozenset[str] = frozenset()
    key: sa.ColumnElement[Any] | None = None
    """The column it is ordered by, unless that is `id`."""
    newest_first: bool = True

    async def page(
        self,
        connection: AsyncConnection,
        brands: Sequence[str],
        filters: Mapping[str, str],
        cursor: str | None,
        limit: int,
    ) -> tuple[Rows, str | None]:
        """Return up to `limit` rows behind `cursor`, and the next cursor when there are more; raises BadCursor."""
        query = self._behind(self._narrow(filters), filters, cursor).limit(limit + 1)
        # One index walk a brand: asked for several brands at once, a database would sort all their rows.
        found = [(await connection.execute(query.where(self.table.c.brand_id == brand))).all() for brand in brands]
        rows = self._first(found, limit + 1)
        if len(rows) <= limit:
            return rows, None
        return rows[:limit], encode(binding(self.name, filters), self._key_of(rows[limit - 1]))

    def _narrow(self, filters: Mapping[str, str]) -> sa.Select[Any]:
        if unknown := set(filters) - self.filters:
            raise ValueError(f"no index serves the filters {sorted(unknown)}")
        return self.query.where(*(self.table.c[name] == value for name, value in filters.items()))

    def _behind(self, query: sa.Select[Any], filters: Mapping[str, str], cursor: str | None) -> sa.Select[Any]:
        key = self._key
        if cursor is not None:
            bound, last = decode(cursor, str, key.type.python_type)
            if bound != binding(self.name, filters) or not _may_be_a_key(last):
                raise BadCursor("this cursor was made for another list or other filters")
            query = query.where(key < last if self.newest_first else key > last)
        return query.order_by(key.desc() if self.newest_first else key)

    def _first(self, found: Sequence[Rows], limit: int) -> Rows:
        if len(found) == 1:
            return found[0]
        return list(merge(*found, key=self._key_of, reverse=self.newest_first))[:limit]

    def _key_of(self, row: sa.Row[Any]) -> Any:
        return row._mapping[self._key]

    @property
    def _key(self) -> sa.ColumnElement[Any]:
        return self.table.c.id if self.key is None else self.key


def _may_be_a_key(last: str | int) -> bool:
    # What a database cannot even compare with would be an error of ours, and it is one of the caller's.
    return last.isascii() and last.isprintable() if isinstance(last, str) else abs(last) < 2**63
