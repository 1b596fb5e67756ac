"""Words we gave, and what became of them."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.commitment import Commitment, CommitmentState, EarlierDue
from mentionbridge.store import tables as t
from mentionbridge.store.rows import is_row

FACTS = [t.commitments.c[name] for name in Commitment.__dataclass_fields__]
_FREE = {"lease_until": None, "lease_token": None, "attempts": 0}


@dataclass(frozen=True, slots=True)
class StoredCommitments:
    """The `commitments` table within one transaction."""

    connection: AsyncConnection

    async def make(self, commitment: Commitment, look_at: datetime | None) -> None:
        await self.connection.execute(sa.insert(t.commitments).values(**_row(commitment), due=look_at))

    async def get(self, brand_id: str, commitment_id: str) -> Commitment | None:
        query = sa.select(*FACTS).where(is_row(t.commitments, brand_id, commitment_id)).with_for_update()
        row = (await self.connection.execute(query)).first()
        return as_commitment(row) if row is not None else None

    async def keep(self, commitment: Commitment, look_at: datetime | None) -> None:
        change = sa.update(t.commitments).where(is_row(t.commitments, commitment.brand_id, commitment.id))
        await self.connection.execute(change.values(**_row(commitment), **_FREE, due=look_at))


def _row(commitment: Commitment) -> dict[str, Any]:
    earlier = [
        {**asdict(each), "due_at": each.due_at.isoformat(), "moved_at": each.moved_at.isoformat()}
        for each in commitment.earlier
    ]
    return {**asdict(commitment), "earlier": earlier}


def as_commitment(row: Any) -> Commitment:
    """Turn a row of `commitments` into a commitment."""
    facts = dict(row._mapping)
    earlier = tuple(_earlier(each) for each in facts["earlier"])
    return Commitment(**{**facts, "state": CommitmentState(facts["state"]), "earlier": earlier})


def _earlier(told: dict[str, Any]) -> EarlierDue:
    at = {name: datetime.fromisoformat(told[name]) for name in ("due_at", "moved_at")}
    return EarlierDue(**{**told, **at})
