"""How long customers wait for a person's answer."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.wait import Wait, WaitEnd, WaitKind
from mentionbridge.store import tables as t
from mentionbridge.store.rows import is_row, key_of_row, row_of

_FREE = {"lease_until": None, "lease_token": None, "attempts": 0}
_FACTS = [t.waits.c[name] for name in Wait.__dataclass_fields__]
_ADD = sa.insert(t.waits)
_GET = sa.select(*_FACTS).where(row_of(t.waits))
_OF_TICKET = (
    sa.select(*_FACTS)
    .where(t.waits.c.brand_id == sa.bindparam("brand"), t.waits.c.ticket_id == sa.bindparam("ticket"))
    .order_by(t.waits.c.id)
)


@dataclass(frozen=True, slots=True)
class StoredWaits:
    """The `waits` table within one transaction."""

    connection: AsyncConnection

    async def begin(self, wait: Wait, look_at: datetime | None) -> None:
        await self.connection.execute(_ADD, {**asdict(wait), "due": look_at})

    async def of_ticket(self, brand_id: str, ticket_id: str) -> Sequence[Wait]:
        rows = await self.connection.execute(_OF_TICKET, {"brand": brand_id, "ticket": ticket_id})
        return [as_wait(row) for row in rows]

    async def get(self, brand_id: str, wait_id: str) -> Wait | None:
        row = (await self.connection.execute(_GET, key_of_row(brand_id, wait_id))).first()
        return as_wait(row) if row is not None else None

    async def keep(self, wait: Wait, look_at: datetime | None) -> None:
        change = sa.update(t.waits).where(is_row(t.waits, wait.brand_id, wait.id))
        await self.connection.execute(change.values(**asdict(wait), **_FREE, due=look_at))


def as_wait(row: Any) -> Wait:
    """Turn a row of `waits` into a wait."""
    facts = dict(row._mapping)
    end = WaitEnd(facts["end"]) if facts["end"] else None
    return Wait(**{**facts, "kind": WaitKind(facts["kind"]), "end": end})
