"""People we know, and the authors they are."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.customer import Customer, Erased, Identity, Join
from mentionbridge.domain.mention import Mention
from mentionbridge.kit.ids import Ids
from mentionbridge.store import erasing
from mentionbridge.store import tables as t
from mentionbridge.store.rows import is_row, key_of_row, once, row_of, set_row
from mentionbridge.store.sealed import Sealer

FACTS = [t.customers.c[name] for name in Customer.__dataclass_fields__]
IDENTITY = sa.select(
    t.authors.c.id.label("author_id"), *(t.authors.c[name] for name in ("platform", "external_id", "handle", "name"))
)
_JOINS = [t.customer_joins.c[name] for name in Join.__dataclass_fields__]

_CUSTOMER_OF = sa.select(t.authors.c.customer_id).where(row_of(t.authors))


@dataclass(frozen=True, slots=True)
class StoredCustomers:
    """The `customers`, `customer_joins` and `tombstones` tables within one transaction."""

    connection: AsyncConnection
    ids: Ids
    sealer: Sealer

    async def ensure(self, mention: Mention, now: datetime) -> None:
        author = key_of_row(mention.brand_id, mention.author_id)
        if (await self.connection.execute(_CUSTOMER_OF, author)).scalar_one() is None:
            await self.add(mention, now)

    async def add(self, mention: Mention, now: datetime) -> None:
        label = mention.author.name or mention.author.handle
        await self.add_author(mention.brand_id, mention.author_id, label, now)

    async def add_author(self, brand_id: str, author_id: str, label: str, now: datetime) -> None:
        row = {"brand_id": brand_id, "id": self.ids.new("cus"), "name": label, "created_at": now}
        await self.connection.execute(once(self.connection, t.customers), row)
        await set_row(self.connection, t.authors, brand_id, author_id, {"customer_id": row["id"]})

    async def get(self, brand_id: str, customer_id: str) -> Customer | None:
        query = sa.select(*FACTS).where(is_row(t.customers, brand_id, customer_id)).with_for_update()
        row = (await self.connection.execute(query)).first()
        return Customer(**row._mapping) if row is not None else None

    async def identities(self, brand_id: str, customer_id: str) -> Sequence[Identity]:
        query = IDENTITY.where(t.authors.c.brand_id == brand_id, t.authors.c.customer_id == customer_id)
        rows = await self.connection.execute(query.order_by(t.authors.c.id))
        return [Identity(**row._mapping) for row in rows]

    async def change(self, customer: Customer) -> None:
        here = is_row(t.customers, customer.brand_id, customer.id)
        await self.connection.execute(sa.update(t.customers).where(here).values(**asdict(customer)))

    async def join(self, join: Join) -> None:
        await self.connection.execute(sa.insert(t.customer_joins).values(**{**asdict(join), "moved": list(join.moved)}))
        await self._bind(join.brand_id, join.moved, join.target_id)
        await self._merge(join.brand_id, join.source_id, join.target_id)

    async def latest_join(self, brand_id: str, customer_id: str) -> Join | None:
        column = t.customer_joins.c
        theirs = sa.or_(column.source_id == customer_id, column.target_id == customer_id)
        query = sa.select(*_JOINS).where(column.brand_id == brand_id, theirs, column.undone_at.is_(None))
        row = (await self.connection.execute(query.order_by(column.id.desc()).limit(1))).first()
        return Join(**{**row._mapping, "moved": tuple(row.moved)}) if row is not None else None

    async def separate(self, join: Join, actor: str, at: datetime) -> None:
        here = is_row(t.customer_joins, join.brand_id, join.id)
        undone: dict[str, Any] = {"undone_at": at, "undone_by": actor}
        await self.connection.execute(sa.update(t.customer_joins).where(here).values(**undone))
        await self._bind(join.brand_id, join.moved, join.source_id)
        await self._merge(join.brand_id, join.source_id, None)

    async def _bind(self, brand_id: str, author_ids: Sequence[str], customer_id: str) -> None:
        here = (t.authors.c.brand_id == brand_id, t.authors.c.id.in_(author_ids))
        await self.connection.execute(sa.update(t.authors).where(*here).values(customer_id=customer_id))

    async def _merge(self, brand_id: str, source_id: str, into: str | None) -> None:
        here = is_row(t.customers, brand_id, source_id)
        await self.connection.execute(sa.update(t.customers).where(here).values(merged_into=into))

    async def erase(self, brand_id: str, customer_id: str, at: datetime) -> Erased:
        return await erasing.erase(self.connection, self.sealer, brand_id, customer_id, at)

    async def met_on(self, brand_id: str, platform: str, after: str, limit: int) -> Sequence[str]:
        known, author = t.customers.c, t.authors.c
        there = sa.exists().where(
            author.brand_id == known.brand_id, author.customer_id == known.id, author.platform == platform
        )
        still = (known.brand_id == brand_id, known.id > after, known.erased_at.is_(None), known.merged_into.is_(None))
        query = sa.select(known.id).where(*still, there).order_by(known.id).limit(limit)
        return list((await self.connection.execute(query)).scalars())

    async def buried(self, brand_id: str, platform: str, external_ids: Sequence[str]) -> Collection[str]:
        return await erasing.buried(self.connection, self.sealer, brand_id, platform, external_ids)

    async def purge_words(self, brand_id: str, before: datetime, limit: int) -> Sequence[Mention]:
        return await erasing.purge_words(self.connection, brand_id, before, limit)

    async def purge_payloads(self, brand_id: str, before: datetime, limit: int) -> int:
        return await erasing.purge_payloads(self.connection, brand_id, before, limit)
