"""Webhook endpoints: their secrets sealed, their deliveries in a ledger."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from mentionbridge.kit.ids import Ids
from mentionbridge.ports.access import Delivery, Subscription
from mentionbridge.ports.desk import Slice
from mentionbridge.store import tables as t
from mentionbridge.store.engines import Engine
from mentionbridge.store.keyset import Keyset
from mentionbridge.store.sealed import Sealer

_SHOWN = [t.endpoints.c[name] for name in Subscription.__dataclass_fields__]
_LEDGER = [t.deliveries.c[name] for name in Delivery.__dataclass_fields__ if name != "event_type"]
_ABOUT = sa.and_(t.events.c.brand_id == t.deliveries.c.brand_id, t.events.c.id == t.deliveries.c.event_id)
DELIVERIES = Keyset(
    "deliveries",
    sa.select(*_LEDGER, t.events.c.type.label("event_type")).join_from(t.deliveries, t.events, _ABOUT),
    t.deliveries,
    frozenset({"endpoint_id"}),
)


@dataclass(frozen=True, slots=True)
class StoredSubscriptions:
    """A `ports.access.Subscriptions` over the `endpoints` table; each call is its own transaction.

    `new_secret` makes the secret of one endpoint.
    """

    engine: Engine
    ids: Ids
    sealer: Sealer
    new_secret: Callable[[], str]

    async def create(self, brand_id: str, url: str, types: Sequence[str], now: datetime) -> tuple[str, Subscription]:
        secret = self.new_secret()
        made = Subscription(brand_id, self.ids.new("whk"), url, tuple(types), now)
        row = {
            "brand_id": brand_id,
            "id": made.id,
            "url": url,
            "types": list(types),
            "created_at": now,
            "secret": self.sealer.seal(secret),
        }
        async with self.engine.writing() as connection:
            await connection.execute(sa.insert(t.endpoints).values(**row))
        return secret, made

    async def list(self, brand_ids: Sequence[str]) -> Sequence[Subscription]:
        query = sa.select(*_SHOWN).where(t.endpoints.c.brand_id.in_(brand_ids), t.endpoints.c.deleted_at.is_(None))
        async with self.engine.reading() as connection:
            return [_subscription(row) for row in await connection.execute(query.order_by(t.endpoints.c.id.desc()))]

    async def delete(self, brand_ids: Sequence[str], endpoint_id: str, now: datetime) -> bool:
        gone = {"deleted_at": now, "disabled_at": now, "disabled_because": "deleted", "due": None}
        gone |= {"secret": self.sealer.seal(""), "previous_secret": None, "previous_until": None}
        change = sa.update(t.endpoints).where(_is(brand_ids, endpoint_id)).values(**gone)
        column = t.deliveries.c
        owed = sa.and_(column.brand_id.in_(brand_ids), column.endpoint_id == endpoint_id, column.due.isnot(None))
        async with self.engine.writing() as connection:
            if (await connection.execute(change)).rowcount != 1:
                return False
            await connection.execute(sa.update(t.deliveries).where(owed).values(state="dropped", due=None))
            return True

    async def deliveries(
        self, brand_ids: Sequence[str], endpoint_id: str, cursor: str | None, limit: int
    ) -> Slice[Delivery] | None:
        whose = sa.select(t.endpoints.c.brand_id).where(_is(brand_ids, endpoint_id))
        async with self.engine.reading() as connection:
            brand = (await connection.execute(whose)).scalar_one_or_none()
            if brand is None:
                return None
            rows, behind = await DELIVERIES.page(connection, [brand], {"endpoint_id": endpoint_id}, cursor, limit)
        return Slice([Delivery(**row._mapping) for row in rows], behind)


def _is(brand_ids: Sequence[str], endpoint_id: str) -> sa.ColumnElement[bool]:
    column = t.endpoints.c
    return sa.and_(column.brand_id.in_(brand_ids), column.id == endpoint_id, column.deleted_at.is_(None))


def _subscription(row: Any) -> Subscription:
    facts = dict(row._mapping)
    return Subscription(**{**facts, "types": tuple(facts["types"])})
