"""Webhook endpoints as their owners see them: secrets sealed, deliveries in a ledger."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.endpoint import Lane
from mentionbridge.domain.errors import NotAllowed
from mentionbridge.kit.ids import Ids
from mentionbridge.ports.desk import Slice
from mentionbridge.ports.subscriptions import Brands, Delivery, DeliveryAttempt, Subscription, Wish
from mentionbridge.store import tables as t
from mentionbridge.store.engines import Engine
from mentionbridge.store.events import FEED
from mentionbridge.store.keyset import Keyset
from mentionbridge.store.sealed import Sealer

_SHOWN = [t.endpoints.c[name] for name in Subscription.__dataclass_fields__]
_LEDGER = [t.deliveries.c[name] for name in Delivery.__dataclass_fields__ if name != "event_type"]
_ABOUT = sa.and_(t.events.c.brand_id == t.deliveries.c.brand_id, t.events.c.id == t.deliveries.c.event_id)
_DELIVERIES = sa.select(*_LEDGER, t.events.c.type.label("event_type")).join_from(t.deliveries, t.events, _ABOUT)
DELIVERIES = Keyset("deliveries", _DELIVERIES, t.deliveries, frozenset({"endpoint_id", "state"}))
WITHOUT_A_PAST = {"failures": 0, "failing_since": None, "resting_until": None, "lane": Lane.FAST}
_CLOCKS_DIFFER = timedelta(minutes=1)
"""An event may be placed so much later than it happened; what is recovered begins that much earlier."""


@dataclass(frozen=True, slots=True)
class StoredSubscriptions:
    """A `ports.subscriptions.Subscriptions` over the `endpoints` table; each call is its own transaction.

    `new_secret` makes the secret of one endpoint.
    """

    engine: Engine
    ids: Ids
    sealer: Sealer
    new_secret: Callable[[], str]

    async def create(self, brand_id: str, wish: Wish, now: datetime) -> tuple[str, Subscription]:
        secret = self.new_secret()
        made = Subscription(brand_id=brand_id, id=self.ids.new("whk"), created_at=now, **asdict(wish))
        facts = {name: _plain(value) for name, value in asdict(made).items()}
        async with self.engine.writing() as connection:
            row = {**facts, "secret": self.sealer.seal(secret)}
            await connection.execute(sa.insert(t.endpoints).values(**row))
        return secret, made

    async def list(self, brands: Brands) -> Sequence[Subscription]:
        query = sa.select(*_SHOWN).where(t.endpoints.c.brand_id.in_(brands), t.endpoints.c.deleted_at.is_(None))
        async with self.engine.reading() as connection:
            return [_subscription(row) for row in await connection.execute(query.order_by(t.endpoints.c.id.desc()))]

    async def get(self, brands: Brands, endpoint_id: str) -> Subscription | None:
        async with self.engine.reading() as connection:
            return await _get(connection, brands, endpoint_id)

    async def change(
        self, brands: Brands, endpoint_id: str, changes: Mapping[str, Any], now: datetime
    ) -> Subscription | None:
        values = {name: _plain(value) for name, value in changes.items()}
        async with self.engine.writing() as connection:
            before = await _get(connection, brands, endpoint_id)
            if before is not None and "url" in values and values["url"] != before.url:
                values |= WITHOUT_A_PAST
                values |= {} if before.disabled_at else {"due": now}
            return await _change(connection, brands, endpoint_id, values)

    async def rotate(
        self, brands: Brands, endpoint_id: str, overlap: timedelta, now: datetime
    ) -> tuple[str, Subscription] | None:
        fresh = self.new_secret()
        values = {
            "secret": self.sealer.seal(fresh),
            "previous_secret": t.endpoints.c.secret if overlap else None,
            "previous_until": now + overlap if overlap else None,
        }
        async with self.engine.writing() as connection:
            changed = await _change(connection, brands, endpoint_id, values)
        return (fresh, changed) if changed is not None else None

    async def enable(self, brands: Brands, endpoint_id: str, now: datetime) -> Subscription | None:
        values = {**WITHOUT_A_PAST, "disabled_at": None, "disabled_because": None, "due": now}
        async with self.engine.writing() as connection:
            enabled = await _change(connection, brands, endpoint_id, values)
            if enabled is not None:
                column = t.deliveries.c
                owed = (column.brand_id == enabled.brand_id, column.endpoint_id == endpoint_id, column.due > now)
                await connection.execute(sa.update(t.deliveries).where(*owed).values(due=now))
            return enabled

    async def delete(self, brands: Brands, endpoint_id: str, now: datetime) -> bool:
        gone = {"deleted_at": now, "disabled_at": now, "disabled_because": "deleted", "due": None}
        gone |= {"secret": self.sealer.seal(""), "previous_secret": None, "previous_until": None}
        column = t.deliveries.c
        owed = sa.and_(column.brand_id.in_(brands), column.endpoint_id == endpoint_id, column.due.isnot(None))
        async with self.engine.writing() as connection:
            change = sa.update(t.endpoints).where(_is(brands, endpoint_id)).values(**gone)
            if (await connection.execute(change)).rowcount != 1:
                return False
            await connection.execute(sa.update(t.deliveries).where(owed).values(state="dropped", due=None))
            return True

    async def deliveries(
        self, brands: Brands, endpoint_id: str, filters: Mapping[str, str], cursor: str | None, limit: int
    ) -> Slice[Delivery] | None:
        async with self.engine.reading() as connection:
            if (mine := await _get(connection, brands, endpoint_id)) is None:
                return None
            narrowed = {"endpoint_id": endpoint_id, **filters}
            rows, behind = await DELIVERIES.page(connection, [mine.brand_id], narrowed, cursor, limit)
        return Slice([Delivery(**row._mapping) for row in rows], behind)

    async def attempts(self, brands: Brands, endpoint_id: str, delivery_id: str) -> Sequence[DeliveryAttempt] | None:
        column = t.delivery_attempts.c
        query = sa.select(*(column[name] for name in DeliveryAttempt.__dataclass_fields__))
        query = query.where(column.delivery_id == delivery_id).order_by(column.id.desc())
        async with self.engine.reading() as connection:
            mine = await _get(connection, brands, endpoint_id)
            if mine is None or await _delivery(connection, mine, delivery_id) is None:
                return None
            rows = await connection.execute(query.where(column.brand_id == mine.brand_id))
            return [DeliveryAttempt(**row._mapping) for row in rows]

    async def redeliver(self, brands: Brands, endpoint_id: str, delivery_id: str, now: datetime) -> Delivery | None:
        again = {"state": "pending", "attempts": 0, "due": now, "scheduled": now, "delivered_at": None}
        async with self.engine.writing() as connection:
            mine = await _enabled(connection, brands, endpoint_id)
            if mine is None or await _delivery(connection, mine, delivery_id) is None:
                return None
            here = sa.and_(t.deliveries.c.brand_id == mine.brand_id, t.deliveries.c.id == delivery_id)
            await connection.execute(sa.update(t.deliveries).where(here).values(**again))
            await _change(connection, brands, endpoint_id, {"due": now, "resting_until": None})
            return await _delivery(connection, mine, delivery_id)

    async def recover(self, brands: Brands, endpoint_id: str, since: datetime, now: datetime) -> Subscription | None:
        async with self.engine.writing() as connection:
            mine = await _enabled(connection, brands, endpoint_id)
            if mine is None:
                return None
            head = (await connection.execute(sa.select(t.heads.c.value).where(t.heads.c.name == FEED))).scalar_one()
            start = await _position_before(connection, since - _CLOCKS_DIFFER, head)
            start = start if mine.recovered_to is None else min(start, mine.recovered_to)
            way = {"recovered_to": start, "recover_until": head, "due": now, "resting_until": None}
            return await _change(connection, brands, endpoint_id, way)


def _is(brands: Brands, endpoint_id: str) -> sa.ColumnElement[bool]:
    column = t.endpoints.c
    return sa.and_(column.brand_id.in_(brands), column.id == endpoint_id, column.deleted_at.is_(None))


async def _get(connection: AsyncConnection, brands: Brands, endpoint_id: str) -> Subscription | None:
    row = (await connection.execute(sa.select(*_SHOWN).where(_is(brands, endpoint_id)))).first()
    return _subscription(row) if row is not None else None


async def _enabled(connection: AsyncConnection, brands: Brands, endpoint_id: str) -> Subscription | None:
    found = await _get(connection, brands, endpoint_id)
    if found is not None and found.disabled_at is not None:
        raise NotAllowed("endpoint_disabled", "This endpoint is disabled; enable it first.")
    return found


async def _change(
    connection: AsyncConnection, brands: Brands, endpoint_id: str, values: Mapping[str, Any]
) -> Subscription | None:
    if values:
        await connection.execute(sa.update(t.endpoints).where(_is(brands, endpoint_id)).values(**values))
    return await _get(connection, brands, endpoint_id)


async def _delivery(connection: AsyncConnection, mine: Subscription, delivery_id: str) -> Delivery | None:
    column = t.deliveries.c
    query = _DELIVERIES.where(column.brand_id == mine.brand_id, column.endpoint_id == mine.id)
    row = (await connection.execute(query.where(column.id == delivery_id))).first()
    return Delivery(**row._mapping) if row is not None else None


async def _position_before(connection: AsyncConnection, since: datetime, head: int) -> int:
    """Return the last position of the feed before this time; by halves, since positions follow time."""
    low, high = 0, head
    while low < high:
        middle = (low + high + 1) // 2
        query = sa.select(t.events.c.occurred_at).where(t.events.c.position == middle)
        at = (await connection.execute(query)).scalar_one_or_none()
        low, high = (middle, high) if at is None or at < since else (low, middle - 1)
    return low


def _subscription(row: Any) -> Subscription:
    facts = dict(row._mapping)
    return Subscription(**{**facts, **{name: tuple(facts[name]) for name in ("types", "topics", "severities")}})


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
