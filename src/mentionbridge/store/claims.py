"""Claiming due rows in batches, on SQLite and PostgreSQL alike; every settle compares the lease token."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.account import AccountState
from mentionbridge.domain.endpoint import Lane
from mentionbridge.domain.errors import LeaseLost
from mentionbridge.kit.clock import Clock
from mentionbridge.kit.ids import Ids
from mentionbridge.ports.store import Lease, Queue
from mentionbridge.store import tables as t
from mentionbridge.store.rows import set_row

QUEUES: dict[Queue, tuple[sa.Table, tuple[str, ...]]] = {
    Queue.POLL: (t.accounts, ()),
    Queue.HOOK: (t.inbox, ()),
    Queue.JUDGE: (t.mentions, ()),
    Queue.SEND: (t.replies, ("queued",)),
    Queue.SETTLE: (t.replies, ("sending", "unknown")),
    Queue.DELIVER: (t.endpoints, (Lane.FAST,)),
    Queue.DELIVER_SLOW: (t.endpoints, (Lane.SLOW,)),
    Queue.RECHECK: (t.rechecks, ()),
    Queue.MEDIA: (t.media, ()),
    Queue.WAIT: (t.waits, ()),
    Queue.COMMITMENT: (t.commitments, ()),
    Queue.MIRROR: (t.mirrors, ()),
    Queue.DESK: (t.helpdesks, ()),
    Queue.RECORDS: (t.record_checks, ()),
}


def ready(queue: Queue) -> sa.ColumnElement[bool]:
    """What a row must be to be claimed, besides due and free; a reply also waits until its account may speak.

    Else the replies of a paused account would be claimed again and again, in front of everybody else's.
    """
    table, states = QUEUES[queue]
    kind = table.c.lane if table is t.endpoints else table.c.state if states else None
    right_state = kind.in_(states) if kind is not None else sa.true()
    return sa.and_(right_state, may_speak(table)) if queue is Queue.SEND else right_state


def may_speak(replies: sa.FromClause) -> sa.ColumnElement[bool]:
    """True while neither the reply's account nor everything is held back."""
    account = sa.exists().where(
        t.accounts.c.brand_id == replies.c.brand_id,
        t.accounts.c.id == replies.c.account_id,
        t.accounts.c.state == AccountState.ACTIVE,
    )
    paused = sa.exists().where(t.switches.c.name == "paused_everywhere", t.switches.c.state.is_(True))
    return sa.and_(account, ~paused)


def _resting(mirrors: sa.FromClause, now: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        t.helpdesks.c.brand_id == mirrors.c.brand_id,
        t.helpdesks.c.id == mirrors.c.desk,
        t.helpdesks.c.resting_until > now,
    )


_NOW = sa.bindparam("now", type_=t.Instant)


def _free(table: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.or_(table.c.lease_until.is_(None), table.c.lease_until <= _NOW)


def _claimable(queue: Queue, table: sa.FromClause) -> sa.ColumnElement[bool]:
    right = sa.and_(table.c.due <= _NOW, _free(table), ready(queue))
    # Else the tickets of a desk that is down would be claimed again and again, in front of every other desk's.
    return sa.and_(right, ~_resting(table, _NOW)) if queue is Queue.MIRROR else right


def _claim_statement(queue: Queue) -> sa.Update:
    table, _ = QUEUES[queue]
    limit = sa.bindparam("batch", type_=sa.Integer)
    picked = sa.select(table.c.brand_id, table.c.id).where(_claimable(queue, table))
    picked = picked.order_by(table.c.due).limit(limit).with_for_update(skip_locked=True)
    # Materialised, or PostgreSQL may run the inner query again and again and pass the LIMIT.
    cte = picked.cte("picked").prefix_with("MATERIALIZED")
    key = sa.tuple_(table.c.brand_id, table.c.id)
    return (
        sa.update(table)
        .where(key.in_(sa.select(cte.c.brand_id, cte.c.id)), _free(table))
        .values(
            lease_until=sa.bindparam("lease_end", type_=t.Instant),
            lease_token=sa.bindparam("lease_key", type_=sa.String),
            attempts=table.c.attempts + 1,
        )
        .returning(table.c.brand_id, table.c.id, table.c.attempts)
    )


_CLAIM = {queue: _claim_statement(queue) for queue in QUEUES}
_LOOK = sa.select(
    *(sa.exists().where(_claimable(queue, table)).label(queue.name) for queue, (table, _) in QUEUES.items())
)


@dataclass(frozen=True, slots=True)
class Claims:
    """Leases on due rows, within one transaction."""

    connection: AsyncConnection
    clock: Clock
    ids: Ids

    async def due(self) -> Collection[Queue]:
        """Return the queues that hold something due and free."""
        row = (await self.connection.execute(_LOOK, {"now": self.clock.now()})).one()
        return [queue for queue in QUEUES if row._mapping[queue.name]]

    async def take(self, queue: Queue, limit: int, seconds: float) -> Sequence[Lease]:
        """Lease up to `limit` due rows for `seconds`; rows others hold are passed over without waiting."""
        # The steady deadline is read before the wall clock's: ours may only run out earlier than the stored one.
        deadline = self.clock.monotonic() + seconds
        now = self.clock.now()
        until, token = now + timedelta(seconds=seconds), self.ids.new("lse")
        values = {"now": now, "batch": limit, "lease_end": until, "lease_key": token}
        rows = (await self.connection.execute(_CLAIM[queue], values)).all()
        return [Lease(queue, row.brand_id, row.id, token, deadline, until, row.attempts, seconds) for row in rows]

    async def done(self, lease: Lease, due: datetime | None = None, *, fresh: bool = False, **facts: object) -> None:
        """Give a row back, due again at `due` or never; `fresh` forgets its attempts. Raises LeaseLost if not ours."""
        values: dict[str, object] = {**facts, "due": due, "lease_until": None, "lease_token": None}
        if fresh:
            values["attempts"] = 0
        await self._held(lease, values)

    async def check(self, lease: Lease, *, extend: float = 0) -> None:
        """Lock the row for this transaction; raises LeaseLost when the lease is no longer ours.

        `extend` gives long walks that many more seconds from now.
        """
        until = max(lease.until, self.clock.now() + timedelta(seconds=extend)) if extend else lease.until
        await self._held(lease, {"lease_until": until})

    async def _held(self, lease: Lease, values: Mapping[str, object]) -> None:
        table, _ = QUEUES[lease.queue]
        if not await set_row(self.connection, table, lease.brand_id, lease.id, values, lease_token=lease.token):
            raise lost(lease)


def lost(lease: Lease) -> LeaseLost:
    """Say that a row is no longer ours."""
    return LeaseLost(f"the lease on {lease.queue} {lease.id} has passed to somebody else")
