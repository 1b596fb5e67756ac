"""What the doors read of people."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.customer import Customer, Identity
from mentionbridge.kit.cursor import binding
from mentionbridge.ports.desk import Brands, CustomerView, Slice
from mentionbridge.store import tables as t
from mentionbridge.store.customers import FACTS, IDENTITY
from mentionbridge.store.keyset import Keyset

CUSTOMERS = Keyset("customers", sa.select(*FACTS), t.customers)


async def customers(
    connection: AsyncConnection, brands: Brands, filters: Mapping[str, str], cursor: str | None, limit: int
) -> Slice[CustomerView]:
    """Return a page of customers, of those an author with this handle is when one is asked for."""
    rows, behind = await _list(filters).page(connection, brands, {}, cursor, limit)
    return Slice(await views(connection, [Customer(**row._mapping) for row in rows]), behind)


def _list(filters: Mapping[str, str]) -> Keyset:
    if "handle" not in filters:
        return CUSTOMERS
    same = (t.authors.c.brand_id == t.customers.c.brand_id, t.authors.c.customer_id == t.customers.c.id)
    called = sa.exists().where(*same, t.authors.c.handle == filters["handle"])
    return Keyset(f"customers {binding('handle', filters)}", CUSTOMERS.query.where(called), t.customers)


async def customer(connection: AsyncConnection, brands: Brands, customer_id: str) -> CustomerView | None:
    """Return one customer."""
    query = sa.select(*FACTS).where(t.customers.c.brand_id.in_(brands), t.customers.c.id == customer_id)
    row = (await connection.execute(query)).first()
    return (await views(connection, [Customer(**row._mapping)]))[0] if row is not None else None


async def id_of(connection: AsyncConnection, brands: Brands, platform: str, external_id: str) -> str | None:
    """Return which customer an author is."""
    query = sa.select(t.authors.c.customer_id).where(
        t.authors.c.brand_id.in_(brands), t.authors.c.platform == platform, t.authors.c.external_id == external_id
    )
    return (await connection.execute(query)).scalars().first()


async def views(connection: AsyncConnection, found: Sequence[Customer]) -> list[CustomerView]:
    """Join who these customers are on the networks."""
    ids = [each.id for each in found]
    brands = {each.brand_id for each in found}
    query = IDENTITY.add_columns(t.authors.c.customer_id).where(
        t.authors.c.brand_id.in_(brands), t.authors.c.customer_id.in_(ids)
    )
    known: dict[str, list[Identity]] = {}
    for row in await connection.execute(query.order_by(t.authors.c.id)):
        facts = {name: value for name, value in row._mapping.items() if name != "customer_id"}
        known.setdefault(row.customer_id, []).append(Identity(**facts))
    return [CustomerView(each, known.get(each.id, ())) for each in found]
