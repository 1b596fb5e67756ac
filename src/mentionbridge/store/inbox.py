"""Raw webhook bodies, kept before they are answered, and whatever could not be understood."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.account import Account
from mentionbridge.domain.mention import Origin
from mentionbridge.kit.ids import Ids, first_at
from mentionbridge.store import tables as t
from mentionbridge.store.rows import is_row, oldest, once


@dataclass(frozen=True, slots=True)
class StoredInbox:
    """The `inbox` table within one transaction."""

    connection: AsyncConnection
    ids: Ids

    async def keep(self, account: Account, origin: Origin, body: bytes, now: datetime) -> tuple[str, bool]:
        return await self._keep(account, origin, body, now, state="waiting", due=now)

    async def keep_unreadable(self, account: Account, origin: Origin, body: bytes, reason: str, now: datetime) -> None:
        await self._keep(account, origin, body, now, state="unreadable", reason=reason[:500])

    async def _keep(
        self, account: Account, origin: Origin, body: bytes, now: datetime, **more: object
    ) -> tuple[str, bool]:
        state = str(more["state"])
        digest = hashlib.sha256(state.encode() + b":" + body).hexdigest()
        row = {
            "brand_id": account.brand_id,
            "id": self.ids.new("inb"),
            "platform": account.platform,
            "account_id": account.id,
            "origin": origin,
            "body": body,
            "digest": digest,
            "received_at": now,
            **more,
        }
        new = (await self.connection.execute(once(self.connection, t.inbox, "id"), row)).scalar_one_or_none()
        return str(new or digest), new is not None

    async def body(self, brand_id: str, inbox_id: str) -> tuple[str, bytes] | None:
        query = sa.select(t.inbox.c.account_id, t.inbox.c.body).where(is_row(t.inbox, brand_id, inbox_id))
        row = (await self.connection.execute(query)).first()
        return (row.account_id, bytes(row.body)) if row is not None else None

    async def park(self, brand_id: str, inbox_id: str, reason: str) -> None:
        here = is_row(t.inbox, brand_id, inbox_id)
        await self.connection.execute(sa.update(t.inbox).where(here).values(reason=reason))

    async def unpark(self, brand_id: str, account_id: str, now: datetime) -> None:
        parked = (t.inbox.c.state == "waiting", t.inbox.c.due.is_(None), t.inbox.c.lease_token.is_(None))
        here = (t.inbox.c.brand_id == brand_id, t.inbox.c.account_id == account_id, *parked)
        await self.connection.execute(sa.update(t.inbox).where(*here).values(due=now, reason=None))

    async def read(self, brand_id: str, inbox_id: str) -> None:
        # The digest stays for a while, so that a replayed delivery is recognised without its words.
        change = sa.update(t.inbox).where(is_row(t.inbox, brand_id, inbox_id)).values(state="read", body=b"")
        await self.connection.execute(change)

    async def let_go(self, brand_id: str, before: datetime, limit: int) -> int:
        read = sa.and_(t.inbox.c.state == "read", t.inbox.c.received_at < before)
        ids = await oldest(self.connection, t.inbox, brand_id, first_at("inb", before), read, limit)
        gone = (t.inbox.c.brand_id == brand_id, t.inbox.c.id.in_(ids))
        return (await self.connection.execute(sa.delete(t.inbox).where(*gone))).rowcount if ids else 0
