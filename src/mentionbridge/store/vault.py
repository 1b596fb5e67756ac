"""One account's rotating secret, sealed, replaced by compare-and-swap."""

from dataclasses import dataclass

import sqlalchemy as sa

from mentionbridge.store import tables as t
from mentionbridge.store.engines import Engine
from mentionbridge.store.rows import is_row
from mentionbridge.store.sealed import Sealer


class EmptyVault:
    """A `ports.vault.Vault` that holds nothing and keeps nothing."""

    async def read(self) -> tuple[str | None, int]:
        return None, 0

    async def swap(self, secret: str | None, version: int) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class AccountVault:
    """A `ports.vault.Vault` over the account's row; each call is its own transaction."""

    engine: Engine
    sealer: Sealer
    brand_id: str
    account_id: str

    async def read(self) -> tuple[str | None, int]:
        query = sa.select(t.accounts.c.secret, t.accounts.c.secret_version).where(self._here)
        async with self.engine.reading() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            return None, 0
        return (self.sealer.open(row.secret) if row.secret is not None else None), row.secret_version

    async def swap(self, secret: str | None, version: int) -> bool:
        sealed = self.sealer.seal(secret) if secret is not None else None
        change = (
            sa.update(t.accounts)
            .where(self._here, t.accounts.c.secret_version == version)
            .values(secret=sealed, secret_version=version + 1)
        )
        async with self.engine.writing() as connection:
            return (await connection.execute(change)).rowcount == 1

    @property
    def _here(self) -> sa.ColumnElement[bool]:
        return is_row(t.accounts, self.brand_id, self.account_id)
