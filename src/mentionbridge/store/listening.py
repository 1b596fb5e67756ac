"""What an account has heard, and the gaps in it: the `gaps` table, and when its mentions came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.account import Account, GapKind
from mentionbridge.domain.mention import Origin
from mentionbridge.kit.ids import STRETCH_TOLD, Ids, begun, first_at
from mentionbridge.ports.accounts import LastHeard
from mentionbridge.store import tables as t
from mentionbridge.store.rows import insert

_TOLD = len("mnt_") + STRETCH_TOLD
_BROUGHT = (Origin.IMPORT, Origin.REPLAY)
_CAME = t.mentions.c.origin.not_in(_BROUGHT)


@dataclass(frozen=True, slots=True)
class StoredListening:
    """The part of `ports.accounts.Accounts` about what was heard and missed."""

    connection: AsyncConnection
    ids: Ids

    async def open_gap(self, account: Account, cause: str, at: datetime, kind: GapKind = GapKind.BLIND) -> str | None:
        row = {
            "brand_id": account.brand_id,
            "id": self.ids.new("gap"),
            "account_id": account.id,
            "kind": kind,
            "cause": cause,
            "opened_at": at,
        }
        query = insert(self.connection, t.gaps).values(**row).on_conflict_do_nothing().returning(t.gaps.c.id)
        opened: str | None = (await self.connection.execute(query)).scalar_one_or_none()
        return opened

    async def gap_since(self, account: Account, kind: GapKind = GapKind.BLIND) -> datetime | None:
        query = sa.select(t.gaps.c.opened_at).where(*_open(account, kind))
        since: datetime | None = (await self.connection.execute(query)).scalar_one_or_none()
        return since

    async def close_gap(
        self, account: Account, repaired: str, at: datetime, kind: GapKind = GapKind.BLIND
    ) -> str | None:
        change = sa.update(t.gaps).where(*_open(account, kind)).values(closed_at=at, repaired=repaired)
        closed: str | None = (await self.connection.execute(change.returning(t.gaps.c.id))).scalar_one_or_none()
        return closed

    async def gaps(self, brand_id: str, account_id: str) -> Sequence[Mapping[str, Any]]:
        query = sa.select(t.gaps).where(t.gaps.c.brand_id == brand_id, t.gaps.c.account_id == account_id)
        return [dict(row) for row in (await self.connection.execute(query.order_by(t.gaps.c.id))).mappings()]

    async def last_heard(self, brand_id: str, account_id: str) -> LastHeard | None:
        said = t.mentions.c
        query = sa.select(said.external_id, said.occurred_at, said.received_at).order_by(said.id.desc()).limit(1)
        here = (said.brand_id == brand_id, said.account_id == account_id, _CAME)
        row = (await self.connection.execute(query.where(*here))).first()
        return LastHeard(*row) if row is not None else None

    async def heard(self, account: Account, since: datetime) -> Sequence[datetime]:
        said = t.mentions.c
        start = sa.func.substr(said.id, 1, _TOLD)
        here = (said.brand_id == account.brand_id, said.account_id == account.id, said.id >= first_at("mnt", since))
        rows = await self.connection.execute(sa.select(start).distinct().where(*here, _CAME).order_by(start))
        return [begun(row) for row in rows.scalars()]


def _open(account: Account, kind: GapKind) -> tuple[sa.ColumnElement[bool], ...]:
    gap = t.gaps.c
    return gap.brand_id == account.brand_id, gap.account_id == account.id, gap.kind == kind, gap.closed_at.is_(None)
