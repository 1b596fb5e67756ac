"""People by the network's immutable id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.mention import Author
from mentionbridge.kit.ids import Ids
from mentionbridge.ports.store import Person
from mentionbridge.store import tables as t
from mentionbridge.store.rows import insert_for, is_row, key_of_row, row_of

_KEY = ("brand_id", "platform", "external_id")
_LABELS = ("handle", "name", "followers", "is_bot")
_KNOWN = sa.select(*(t.authors.c[name] for name in ("id", "external_id", "shown", *_LABELS))).where(
    t.authors.c.brand_id == sa.bindparam("brand_id"),
    t.authors.c.platform == sa.bindparam("platform"),
    t.authors.c.external_id.in_(sa.bindparam("external_ids", expanding=True)),
)
_HOLD = sa.select(t.authors.c.customer_id, t.authors.c.stop_at).where(row_of(t.authors)).with_for_update()
_HOLD_CUSTOMER = sa.select(t.customers.c.vip).where(row_of(t.customers)).with_for_update()
_PERSON = sa.select(t.authors.c.customer_id).where(row_of(t.authors)).scalar_subquery()
_SAME_PERSON = sa.select(t.authors.c.id).where(
    t.authors.c.brand_id == sa.bindparam("key_brand"), t.authors.c.customer_id == _PERSON
)
_STOPPED = sa.select(t.authors.c.stop_at).where(row_of(t.authors))


@cache
def _relabel(dialect: str, fetched: bool) -> Any:
    change = insert_for(dialect, t.authors)
    labels = {name: change.excluded[name] for name in (*_LABELS, "shown", "updated_at")}
    kept = {**labels, "followers": sa.func.coalesce(change.excluded.followers, t.authors.c.followers)}
    # Somebody else may have fetched them since we looked.
    free = None if fetched else t.authors.c.shown.is_(False)
    change = change.on_conflict_do_update(index_elements=list(_KEY), set_=kept, where=free)
    return change.returning(t.authors.c.id, t.authors.c.external_id)


@dataclass(frozen=True, slots=True)
class StoredAuthors:
    """The `authors` table within one transaction."""

    connection: AsyncConnection
    ids: Ids

    async def get(self, brand_id: str, author_id: str) -> Author | None:
        columns = (t.authors.c.external_id, *(t.authors.c[name] for name in _LABELS))
        row = (await self.connection.execute(sa.select(*columns).where(is_row(t.authors, brand_id, author_id)))).first()
        return Author(**row._mapping) if row is not None else None

    async def network_of(self, brand_id: str, author_id: str) -> str | None:
        query = sa.select(t.authors.c.platform).where(is_row(t.authors, brand_id, author_id))
        return (await self.connection.execute(query)).scalar()

    async def seen(
        self, brand_id: str, platform: str, authors: Sequence[Author], now: datetime, *, fetched: bool = True
    ) -> Mapping[str, str]:
        told = _newest(authors)
        people = {"brand_id": brand_id, "platform": platform}
        known = (await self.connection.execute(_KNOWN, {**people, "external_ids": list(told)})).all()
        right = {row.external_id for row in known if _stays(row, told[row.external_id], fetched)}
        # Writing a row that is right already would lock it. The rest goes in one order everywhere, or two pages of the
        # same people could wait for each other in a circle.
        rows = [
            {
                **people,
                "id": self.ids.new("ath"),
                "external_id": external_id,
                **{name: getattr(author, name) for name in _LABELS},
                "shown": fetched,
                "updated_at": now,
            }
            for external_id, author in sorted(told.items())
            if external_id not in right
        ]
        dialect = self.connection.dialect.name
        written = (await self.connection.execute(_relabel(dialect, fetched), rows)).all() if rows else ()
        ids = {row.external_id: row.id for row in (*known, *written)}
        if missed := told.keys() - ids.keys():
            fetched_meanwhile = {**people, "external_ids": list(missed)}
            ids |= {row.external_id: row.id for row in await self.connection.execute(_KNOWN, fetched_meanwhile)}
        return ids

    async def hold(self, brand_id: str, author_id: str) -> Person:
        row = (await self.connection.execute(_HOLD, key_of_row(brand_id, author_id))).first()
        if row is None or row.customer_id is None:
            return Person((author_id,), stopped=row is not None and row.stop_at is not None)
        # Whoever is one person on several networks has one row to hold.
        customer = (await self.connection.execute(_HOLD_CUSTOMER, key_of_row(brand_id, row.customer_id))).first()
        authors = await self.same_person(brand_id, author_id)
        return Person(authors, row.customer_id, row.stop_at is not None, bool(customer and customer.vip))

    async def same_person(self, brand_id: str, author_id: str) -> Sequence[str]:
        found = [str(row.id) for row in await self.connection.execute(_SAME_PERSON, key_of_row(brand_id, author_id))]
        return found or (author_id,)

    async def stopped(self, brand_id: str, author_id: str) -> bool:
        found = await self.connection.execute(_STOPPED, key_of_row(brand_id, author_id))
        return found.scalar_one_or_none() is not None

    async def stop(self, brand_id: str, author_id: str, at: datetime) -> None:
        here = is_row(t.authors, brand_id, author_id)
        await self.connection.execute(
            sa.update(t.authors).where(here, t.authors.c.stop_at.is_(None)).values(stop_at=at)
        )


def _newest(authors: Sequence[Author]) -> dict[str, Author]:
    told: dict[str, Author] = {}
    for author in authors:
        before = told.get(author.external_id)
        if before is not None and author.followers is None:
            author = replace(author, followers=before.followers)
        told[author.external_id] = author
    return told


def _stays(row: Any, author: Author, fetched: bool) -> bool:
    """True when what we are told of somebody changes nothing."""
    if row.shown and not fetched:
        return True
    told = ((name, getattr(author, name)) for name in _LABELS)
    return row.shown is fetched and all(value is None or getattr(row, name) == value for name, value in told)
