"""Who holds an account's stream, and how it is: the `streams` table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.account import Account
from mentionbridge.domain.stream import StreamHealth
from mentionbridge.store import tables as t
from mentionbridge.store.rows import insert

_TOLD = [t.streams.c[name] for name in ("brand_id", "account_id", "since", "heard_at", "lost", "last_error")]


@dataclass(frozen=True, slots=True)
class StoredStreams:
    """A `ports.streams.Streams` within one transaction."""

    connection: AsyncConnection

    async def hold(self, account: Account, holder: str, until: datetime, now: datetime) -> bool:
        row = {"brand_id": account.brand_id, "account_id": account.id, "holder": holder, "until": until}
        taken = insert(self.connection, t.streams).values(**row)
        mine_or_free = sa.or_(
            t.streams.c.holder.is_(None), t.streams.c.holder == holder, t.streams.c.until <= sa.literal(now, t.Instant)
        )
        # Whoever held it before has not said how it ended.
        since = sa.case((t.streams.c.holder == holder, t.streams.c.since), else_=sa.null())
        query = taken.on_conflict_do_update(
            index_elements=["brand_id", "account_id"],
            set_={"holder": holder, "until": until, "since": since},
            where=mine_or_free,
        )
        return (await self.connection.execute(query.returning(t.streams.c.holder))).scalar_one_or_none() == holder

    async def connected(self, account: Account, holder: str, now: datetime) -> None:
        await self._change(account, holder, since=now, heard_at=now, last_error=None)

    async def heard(self, account: Account, holder: str, at: datetime) -> None:
        await self._change(account, holder, heard_at=at)

    async def lost(self, account: Account, holder: str, sentence: str | None) -> None:
        told = {"last_error": sentence[:500], "lost": t.streams.c.lost + 1} if sentence is not None else {}
        await self._change(account, holder, since=None, **told)

    async def release(self, account: Account, holder: str) -> None:
        await self._change(account, holder, since=None, holder=None, until=None)

    async def all(self, brand_ids: Sequence[str]) -> Sequence[StreamHealth]:
        query = sa.select(*_TOLD).where(t.streams.c.brand_id.in_(brand_ids))
        return [StreamHealth(**row._mapping) for row in await self.connection.execute(query)]

    async def _change(self, account: Account, mine: str, /, **values: Any) -> None:
        that = t.streams.c
        here = (that.brand_id == account.brand_id, that.account_id == account.id, that.holder == mine)
        await self.connection.execute(sa.update(t.streams).where(*here).values(**values))
