"""Access tokens: shown once, kept as a digest."""

import hashlib
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from mentionbridge.kit.ids import Ids
from mentionbridge.ports.access import Scope, Token
from mentionbridge.store import tables as t
from mentionbridge.store.engines import Engine

_LENGTH = 24


@dataclass(frozen=True, slots=True)
class StoredTokens:
    """A `ports.access.Tokens` over the `tokens` table; each call is its own transaction."""

    engine: Engine
    ids: Ids
    random: Callable[[int], str] = secrets.token_urlsafe

    async def create(
        self, name: str, scopes: Collection[Scope], brands: Collection[str], accounts: Collection[str], now: datetime
    ) -> tuple[str, Token]:
        secret = f"mb_{self.random(_LENGTH)}"
        row = {
            "id": self.ids.new("tok"),
            "name": name,
            "digest": _digest(secret),
            "scopes": sorted(scopes),
            "brands": sorted(brands),
            "accounts": sorted(accounts),
            "created_at": now,
        }
        async with self.engine.writing() as connection:
            await connection.execute(sa.insert(t.tokens).values(**row))
            made = (await connection.execute(sa.select(t.tokens).where(t.tokens.c.id == row["id"]))).one()
        return secret, _token(made)

    async def list(self) -> Sequence[Token]:
        async with self.engine.reading() as connection:
            return [_token(row) for row in await connection.execute(sa.select(t.tokens).order_by(t.tokens.c.id.desc()))]

    async def revoke(self, token_id: str, now: datetime) -> bool:
        live = (t.tokens.c.id == token_id, t.tokens.c.revoked_at.is_(None))
        async with self.engine.writing() as connection:
            return (await connection.execute(sa.update(t.tokens).where(*live).values(revoked_at=now))).rowcount == 1

    async def look_up(self, secret: str) -> Token | None:
        live = (t.tokens.c.digest == _digest(secret), t.tokens.c.revoked_at.is_(None))
        async with self.engine.reading() as connection:
            row = (await connection.execute(sa.select(t.tokens).where(*live))).first()
        return _token(row) if row is not None else None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _token(row: Any) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        brands=tuple(row.brands),
        accounts=tuple(row.accounts),
        created_at=row.created_at,
        revoked_at=row.revoked_at,
    )
