"""Subscribers and what is owed to them: an endpoint is what a worker claims, its deliveries stand in line behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.endpoint import Attempted, Endpoint, Health, Lane, Mode, Parcel
from mentionbridge.domain.events import Event
from mentionbridge.kit.clock import Clock
from mentionbridge.kit.ids import Ids, first_at
from mentionbridge.ports.store import Lease
from mentionbridge.store import tables as t
from mentionbridge.store.events import event_of
from mentionbridge.store.rows import insert, key_of_row, oldest, row_of, set_values, setting
from mentionbridge.store.sealed import Sealer

KEPT_ATTEMPTS = 50
END = 2**62
_COLUMN = t.deliveries.c
_EARLIER = t.deliveries.alias("earlier")
_NOW = sa.bindparam("now", type_=t.Instant)
_MINE = sa.and_(_COLUMN.brand_id == sa.bindparam("brand"), _COLUMN.endpoint_id == sa.bindparam("endpoint"))
_HELD_BACK = sa.exists().where(
    _EARLIER.c.brand_id == _COLUMN.brand_id,
    _EARLIER.c.endpoint_id == _COLUMN.endpoint_id,
    _EARLIER.c.line == _COLUMN.line,
    _EARLIER.c.position < _COLUMN.position,
    _EARLIER.c.due > _NOW,
    _EARLIER.c.attempts < sa.bindparam("holds"),
)
_THEM = (
    t.endpoints.c.brand_id.in_(sa.bindparam("brands", expanding=True)),
    t.endpoints.c.id.in_(sa.bindparam("endpoints", expanding=True)),
)


def _parcels(mine: sa.ColumnElement[bool], until: sa.ColumnElement[int]) -> sa.Select[Any]:
    about = sa.and_(t.events.c.brand_id == _COLUMN.brand_id, t.events.c.id == _COLUMN.event_id)
    return (
        sa.select(_COLUMN.id.label("delivery_id"), _COLUMN.line, _COLUMN.attempts, _COLUMN.scheduled, *t.events.c)
        .join_from(t.deliveries, t.events, about)
        .where(mine, _COLUMN.due.isnot(None), _COLUMN.position <= until)
        .order_by(_COLUMN.position)
        .limit(sa.bindparam("most", type_=sa.Integer))
    )


def _due_of_each() -> sa.Select[Any]:
    """What is due at each of many endpoints, in one statement; SQLite has no LATERAL."""
    column = t.endpoints.c
    mine = sa.and_(_COLUMN.brand_id == column.brand_id, _COLUMN.endpoint_id == column.id)
    due = _parcels(mine, sa.func.coalesce(column.recovered_to, END)).where(_COLUMN.due <= _NOW, ~_HELD_BACK)
    theirs = due.correlate(t.endpoints).lateral("theirs")
    every = sa.select(column.id.label("whose"), *theirs.c).join_from(t.endpoints, theirs, sa.true())
    return every.where(*_THEM).order_by(theirs.c.position)


_PARCELS = _parcels(_MINE, sa.bindparam("until"))
_DUE = _PARCELS.where(_COLUMN.due <= _NOW, ~_HELD_BACK)
_DUE_OF_EACH = _due_of_each()
_NEXT_DUE = (
    sa.select(_COLUMN.endpoint_id, sa.func.min(_COLUMN.due, type_=t.Instant).label("due"))
    .where(
        _COLUMN.brand_id.in_(sa.bindparam("brands", expanding=True)),
        _COLUMN.endpoint_id.in_(sa.bindparam("endpoints", expanding=True)),
        _COLUMN.due.isnot(None),
        ~_HELD_BACK,
    )
    .group_by(_COLUMN.endpoint_id)
)
_SETTLED = (
    sa.update(t.deliveries)
    .where(row_of(t.deliveries))
    .values(
        state=sa.bindparam("new_state"),
        attempts=sa.bindparam("new_attempts"),
        due=sa.bindparam("new_due", type_=t.Instant),
        scheduled=sa.bindparam("new_due", type_=t.Instant),
        last_status=sa.bindparam("new_status"),
        last_detail=sa.bindparam("new_detail"),
        delivered_at=sa.bindparam("new_delivered_at", type_=t.Instant),
    )
)
_ATTEMPT = sa.insert(t.delivery_attempts)
_CROWDED = 15
"""From this many attempts on, old lines of a delivery's ledger are cut."""


def _woken() -> sa.Update:
    column = t.endpoints.c
    when = sa.case((column.resting_until > _NOW, column.resting_until), else_=_NOW)
    sleeps = sa.or_(column.due.is_(None), column.due > when)
    return sa.update(t.endpoints).where(*_THEM, column.disabled_at.is_(None), sleeps).values(due=when)


# In one order, for others lock several too; and not against those who only refer to the row.
_IN_ORDER = (t.endpoints.c.brand_id, t.endpoints.c.id)
_LOCK = sa.select(t.endpoints.c.id).where(*_THEM).order_by(*_IN_ORDER).with_for_update(key_share=True)
_WAKE = _woken()
_RELEASE = setting(t.endpoints, ("due", "lease_until", "lease_token", "attempts"))
_KEEP_HEALTH = setting(t.endpoints, ("failures", "failing_since", "resting_until", "lane"))


@dataclass(frozen=True, slots=True)
class StoredDeliveries:
    """The `endpoints`, `deliveries` and `delivery_attempts` tables within one transaction."""

    connection: AsyncConnection
    ids: Ids
    sealer: Sealer
    clock: Clock

    async def subscribed(self) -> Sequence[Endpoint]:
        query = sa.select(t.endpoints).where(t.endpoints.c.disabled_at.is_(None))
        return [as_endpoint(row) for row in await self.connection.execute(query)]

    async def endpoint(self, brand_id: str, endpoint_id: str) -> Endpoint | None:
        query = sa.select(t.endpoints).where(row_of(t.endpoints))
        row = (await self.connection.execute(query, key_of_row(brand_id, endpoint_id))).first()
        return self._endpoint(row) if row is not None else None

    async def claimed(self, leases: Sequence[Lease]) -> Mapping[str, Endpoint]:
        rows = await self.connection.execute(sa.select(t.endpoints).where(_leased(leases)))
        return {row.id: self._endpoint(row) for row in rows}

    async def held(self, leases: Sequence[Lease]) -> Mapping[str, Endpoint]:
        tokens = {lease.token for lease in leases}
        query = sa.select(t.endpoints).where(_leased(leases), t.endpoints.c.lease_token.in_(tokens))
        query = query.order_by(*_IN_ORDER).with_for_update(key_share=True)
        return {row.id: as_endpoint(row) for row in await self.connection.execute(query)}

    async def plan(self, owed: Sequence[tuple[Endpoint, Event]], now: datetime) -> None:
        if not owed:
            return
        new = insert(self.connection, t.deliveries).on_conflict_do_nothing()
        await self.connection.execute(new, [self._owed(endpoint, event, now) for endpoint, event in owed])
        woken = _them([endpoint for endpoint, _ in owed])
        # Who gives one back meanwhile is waited for here: an UPDATE alone would pass over a row that is not asleep yet.
        await self.connection.execute(_LOCK, woken)
        await self.connection.execute(_WAKE, {**woken, "now": now})

    async def plan_again(self, endpoint: Endpoint, events: Sequence[Event], now: datetime) -> None:
        if not events:
            return
        new = insert(self.connection, t.deliveries)
        fresh = {name: new.excluded[name] for name in ("state", "due", "scheduled", "attempts")}
        again = new.on_conflict_do_update(
            index_elements=["brand_id", "endpoint_id", "event_id"], set_=fresh, where=_COLUMN.state == "dead"
        )
        await self.connection.execute(again, [self._owed(endpoint, event, now) for event in events])

    def _owed(self, endpoint: Endpoint, event: Event, now: datetime) -> dict[str, Any]:
        return {
            "brand_id": endpoint.brand_id,
            "id": self.ids.new("dlv"),
            "endpoint_id": endpoint.id,
            "event_id": event.id,
            "position": event.position,
            "line": event.ticket_id or event.account_id or "",
            "state": "pending",
            "created_at": now,
            "due": now,
            "scheduled": now,
            "attempts": 0,
        }

    async def waiting(
        self, endpoints: Sequence[Endpoint], now: datetime, most: int, *, holds: int
    ) -> Mapping[str, Sequence[Parcel]]:
        values = {"now": now, "most": most, "holds": holds}
        if self.connection.dialect.name == "postgresql":
            return await self._due_of_each(endpoints, values)
        found = {each.id: await self.connection.execute(_DUE, {**_of(each), **values}) for each in endpoints}
        return {id_: [_parcel(row) for row in rows] for id_, rows in found.items()}

    async def _due_of_each(
        self, endpoints: Sequence[Endpoint], values: Mapping[str, Any]
    ) -> Mapping[str, Sequence[Parcel]]:
        found: dict[str, list[Parcel]] = {endpoint.id: [] for endpoint in endpoints}
        for row in await self.connection.execute(_DUE_OF_EACH, {**_them(endpoints), **values}) if endpoints else ():
            found[row.whose].append(_parcel(row))
        return found

    async def oldest(self, endpoint: Endpoint) -> Parcel | None:
        row = (await self.connection.execute(_PARCELS, {**_of(endpoint), "most": 1})).first()
        return _parcel(row) if row is not None else None

    async def next_due(self, endpoints: Sequence[Endpoint], now: datetime, *, holds: int) -> Mapping[str, datetime]:
        if not endpoints:
            return {}
        rows = await self.connection.execute(_NEXT_DUE, {**_them(endpoints), "now": now, "holds": holds})
        return {row.endpoint_id: row.due for row in rows}

    async def note(self, made: Sequence[tuple[Endpoint, Attempted]]) -> None:
        if not made:
            return
        await self.connection.execute(_SETTLED, [_settled(endpoint, one) for endpoint, one in made])
        await self.connection.execute(_ATTEMPT, [self._line(endpoint, one) for endpoint, one in made])
        for endpoint, one in made:
            if one.attempts >= _CROWDED or one.at < one.parcel.scheduled:
                await self._cut_ledger(endpoint, one.parcel.id)

    def _line(self, endpoint: Endpoint, one: Attempted) -> dict[str, Any]:
        return {
            "brand_id": endpoint.brand_id,
            "id": self.ids.new("dat"),
            "delivery_id": one.parcel.id,
            "at": one.at,
            "status": one.result.status,
            "detail": one.result.detail[:500],
        }

    async def _cut_ledger(self, endpoint: Endpoint, delivery_id: str) -> None:
        column = t.delivery_attempts.c
        its = sa.and_(column.brand_id == endpoint.brand_id, column.delivery_id == delivery_id)
        newest = sa.select(column.id).where(its).order_by(column.id.desc()).limit(KEPT_ATTEMPTS)
        await self.connection.execute(sa.delete(t.delivery_attempts).where(its, column.id.not_in(newest)))

    async def hurry(self, endpoint: Endpoint, now: datetime) -> None:
        mine = sa.and_(_COLUMN.brand_id == endpoint.brand_id, _COLUMN.endpoint_id == endpoint.id)
        await self.connection.execute(sa.update(t.deliveries).where(mine, _COLUMN.due > now).values(due=now))

    async def keep_health(self, healths: Sequence[tuple[Endpoint, Health]]) -> None:
        rows = [set_values(each.brand_id, each.id, asdict(health)) for each, health in healths]
        if rows:
            await self.connection.execute(_KEEP_HEALTH, rows)

    async def release(self, given: Sequence[tuple[Endpoint, datetime | None]]) -> None:
        free = {"lease_until": None, "lease_token": None, "attempts": 0}
        rows = [set_values(each.brand_id, each.id, {"due": due, **free}) for each, due in given]
        if rows:
            await self.connection.execute(_RELEASE, rows)

    async def let_go(self, brand_id: str, before: datetime, limit: int) -> int:
        settled = sa.and_(_COLUMN.due.is_(None), _COLUMN.created_at < before)
        ids = await oldest(self.connection, t.deliveries, brand_id, first_at("dlv", before), settled, limit)
        if not ids:
            return 0
        attempts = t.delivery_attempts.c
        await self.connection.execute(
            sa.delete(t.delivery_attempts).where(attempts.brand_id == brand_id, attempts.delivery_id.in_(ids))
        )
        gone = (_COLUMN.brand_id == brand_id, _COLUMN.id.in_(ids))
        return (await self.connection.execute(sa.delete(t.deliveries).where(*gone))).rowcount

    async def recovered(self, endpoint: Endpoint, to: int | None) -> None:
        until = endpoint.recover_until if to is not None else None
        await self._change(endpoint, recovered_to=to, recover_until=until)

    async def disable(self, endpoint: Endpoint, why: str, now: datetime) -> None:
        await self._change(endpoint, disabled_at=now, disabled_because=why, due=None)

    async def _change(self, endpoint: Endpoint, **values: Any) -> None:
        change = sa.update(t.endpoints).where(row_of(t.endpoints)).values(**values)
        await self.connection.execute(change, key_of_row(endpoint.brand_id, endpoint.id))

    def _endpoint(self, row: Any) -> Endpoint:
        secrets = self.sealer.open(row.secret).split()
        if row.previous_secret is not None and row.previous_until > self.clock.now():
            secrets += self.sealer.open(row.previous_secret).split()
        return as_endpoint(row, tuple(secrets))


def as_endpoint(row: Any, secrets: tuple[str, ...] = ()) -> Endpoint:
    """Turn a row of `endpoints` into an endpoint; opening its secrets is left to who needs them."""
    return Endpoint(
        brand_id=row.brand_id,
        id=row.id,
        url=row.url,
        types=tuple(row.types),
        secrets=secrets,
        topics=tuple(row.topics),
        severities=tuple(row.severities),
        mode=Mode(row.mode),
        health=Health(row.failures, row.failing_since, row.resting_until, Lane(row.lane)),
        disabled_at=row.disabled_at,
        recovered_to=row.recovered_to,
        recover_until=row.recover_until,
    )


def _leased(leases: Sequence[Lease]) -> sa.ColumnElement[bool]:
    brands, ids = {lease.brand_id for lease in leases}, {lease.id for lease in leases}
    return sa.and_(t.endpoints.c.brand_id.in_(brands), t.endpoints.c.id.in_(ids))


def _them(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    return {
        "brands": sorted({endpoint.brand_id for endpoint in endpoints}),
        "endpoints": sorted({endpoint.id for endpoint in endpoints}),
    }


def _of(endpoint: Endpoint) -> dict[str, Any]:
    """While it recovers, only what stands in the feed before the recovery's place: so the order holds."""
    until = endpoint.recovered_to if endpoint.recovered_to is not None else END
    return {"brand": endpoint.brand_id, "endpoint": endpoint.id, "until": until}


def _parcel(row: Any) -> Parcel:
    facts = dict(row._mapping)
    facts.pop("whose", None)
    own = {name: facts.pop(name) for name in ("line", "attempts", "scheduled")}
    return Parcel(id=facts.pop("delivery_id"), event=event_of(facts), **own)


def _settled(endpoint: Endpoint, one: Attempted) -> dict[str, Any]:
    return {
        **key_of_row(endpoint.brand_id, one.parcel.id),
        "new_state": one.state,
        "new_attempts": one.attempts,
        "new_due": one.due,
        "new_status": one.result.status,
        "new_detail": one.result.detail[:500],
        "new_delivered_at": one.at if one.result.ok else None,
    }
