"""Looks into the company's records."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.handoff import Proof
from mentionbridge.domain.record import Held, RecordCheck
from mentionbridge.store import tables as t
from mentionbridge.store.rows import is_row

_c = t.record_checks.c
_ALL = sa.select(*(_c[name] for name in RecordCheck.__dataclass_fields__))


@dataclass(frozen=True, slots=True)
class StoredRecordChecks:
    """The `record_checks` table within one transaction."""

    connection: AsyncConnection

    async def add(self, check: RecordCheck, due: datetime | None) -> None:
        row = {**asdict(check), "due": due}
        await self.connection.execute(sa.insert(t.record_checks).values(**row))

    async def get(self, brand_id: str, check_id: str) -> RecordCheck | None:
        row = (await self.connection.execute(_ALL.where(is_row(t.record_checks, brand_id, check_id)))).first()
        return _as_check(row) if row is not None else None

    async def release(self, brand_id: str, session_id: str, proof: Proof, now: datetime) -> None:
        reached = [each for each in Proof if proof.reaches(each)]
        waits = (_c.brand_id == brand_id, _c.session_id == session_id, _c.state == Held.ASKED, _c.due.is_(None))
        change = sa.update(t.record_checks).where(*waits, _c.needs.in_(reached), _c.lease_token.is_(None))
        await self.connection.execute(change.values(due=now))

    async def written(self, brand_id: str, session_id: str, since: datetime) -> int:
        here = (_c.brand_id == brand_id, _c.session_id == session_id, _c.asked_at >= since)
        return int((await self.connection.execute(sa.select(sa.func.count()).where(*here))).scalar_one())

    async def change(self, check: RecordCheck, **facts: Any) -> None:
        here = is_row(t.record_checks, check.brand_id, check.id)
        await self.connection.execute(sa.update(t.record_checks).where(here).values(**facts))

    async def of_ticket(self, brand_id: str, ticket_id: str) -> Sequence[RecordCheck]:
        here = (_c.brand_id == brand_id, _c.ticket_id == ticket_id)
        return [_as_check(row) for row in await self.connection.execute(_ALL.where(*here).order_by(_c.id))]


def _as_check(row: Any) -> RecordCheck:
    facts = dict(row._mapping)
    words = {"needs": Proof(facts["needs"]), "proof": Proof(facts["proof"]), "state": Held(facts["state"])}
    return RecordCheck(**{**facts, **words})
