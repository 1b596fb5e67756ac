"""People by the network's immutable id."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.mention import Author
from mentionbridge.kit.ids import Ids
from mentionbridge.store import tables as t
from mentionbridge.store.rows import insert, is_row

_KEY = ("brand_id", "platform", "external_id")
_KNOWN = sa.select(t.authors).where(*(t.authors.c[name] == sa.bindparam(name) for name in _KEY))


@dataclass(frozen=True, slots=True)
class StoredAuthors:
    """The `authors` table within one transaction."""

    connection: AsyncConnection
    ids: Ids

    async def seen(self, brand_id: str, platform: str, author: Author, now: datetime) -> str:
        labels = {
            "handle": author.handle,
            "name": author.name,
            "followers": author.followers,
            "is_bot": author.is_bot,
            "updated_at": now,
        }
        key = {"brand_id": brand_id, "platform": platform, "external_id": author.external_id}
        known = await self._known(key, labels)
        if known is not None:
            return known
        change = insert(self.connection, t.authors).values(id=self.ids.new("ath"), **key, **labels)
        kept = {**labels, "followers": sa.func.coalesce(change.excluded.followers, t.authors.c.followers)}
        change = change.on_conflict_do_update(index_elements=list(key), set_=kept).returning(t.authors.c.id)
        return str((await self.connection.execute(change)).scalar_one())

    async def _known(self, key: dict[str, str], labels: Mapping[str, object]) -> str | None:
        # Writing a row that is right already would lock it, and two pages of the same people could wait in a circle.
        row = (await self.connection.execute(_KNOWN, key)).first()
        if row is None:
            return None
        told = {name: value for name, value in labels.items() if name != "updated_at" and value is not None}
        return str(row.id) if all(getattr(row, name) == value for name, value in told.items()) else None

    async def lock(self, brand_id: str, author_id: str) -> None:
        here = is_row(t.authors, brand_id, author_id)
        await self.connection.execute(sa.select(t.authors.c.id).where(here).with_for_update())

    async def stopped(self, brand_id: str, author_id: str) -> bool:
        query = sa.select(t.authors.c.stop_at).where(is_row(t.authors, brand_id, author_id))
        return (await self.connection.execute(query)).scalar_one_or_none() is not None

    async def stop(self, brand_id: str, author_id: str, at: datetime) -> None:
        here = is_row(t.authors, brand_id, author_id)
        await self.connection.execute(
            sa.update(t.authors).where(here, t.authors.c.stop_at.is_(None)).values(stop_at=at)
        )
