"""Calls that customers asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.call import Call, CallState, Outcome, Tried
from mentionbridge.domain.handoff import Proof
from mentionbridge.store import tables as t
from mentionbridge.store.rows import is_row, once

FACTS = [t.calls.c[name] for name in Call.__dataclass_fields__]


@dataclass(frozen=True, slots=True)
class StoredCalls:
    """The `calls` table within one transaction."""

    connection: AsyncConnection

    async def book(self, call: Call, at_once: int) -> Call | None:
        for lane in range(at_once):
            booked = replace(call, lane=lane)
            added = await self.connection.execute(once(self.connection, t.calls, "id"), _row(booked))
            if added.first() is not None:
                return booked
        return None

    async def get(self, brand_id: str, call_id: str) -> Call | None:
        query = sa.select(*FACTS).where(is_row(t.calls, brand_id, call_id)).with_for_update()
        row = (await self.connection.execute(query)).first()
        return as_call(row) if row is not None else None

    async def keep(self, call: Call) -> None:
        change = sa.update(t.calls).where(is_row(t.calls, call.brand_id, call.id))
        await self.connection.execute(change.values(**_row(call)))

    async def taken(self, brand_id: str, since: datetime) -> Mapping[datetime, int]:
        ahead = (t.calls.c.brand_id == brand_id, t.calls.c.starts_at >= since, t.calls.c.lane.isnot(None))
        query = sa.select(t.calls.c.starts_at, sa.func.count()).where(*ahead).group_by(t.calls.c.starts_at)
        return {row[0]: row[1] for row in await self.connection.execute(query)}

    async def open_ones(self, brand_id: str, *, session_id: str = "", ticket_id: str = "") -> Sequence[Call]:
        whose = t.calls.c.session_id == session_id if session_id else t.calls.c.ticket_id == ticket_id
        here = (t.calls.c.brand_id == brand_id, t.calls.c.state == CallState.OPEN, whose)
        rows = await self.connection.execute(sa.select(*FACTS).where(*here).order_by(t.calls.c.id))
        return [as_call(row) for row in rows]


def _row(call: Call) -> dict[str, Any]:
    return {**asdict(call), "tried": [{**asdict(each), "at": each.at.isoformat()} for each in call.tried]}


def as_call(row: Any) -> Call:
    """Turn a row of `calls` into a call."""
    facts = dict(row._mapping)
    tried = tuple(
        Tried(datetime.fromisoformat(each["at"]), Outcome(each["outcome"]), each["actor"]) for each in facts["tried"]
    )
    return Call(**{**facts, "state": CallState(facts["state"]), "proof": Proof(facts["proof"]), "tried": tried})
