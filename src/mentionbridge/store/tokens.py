"""Access tokens: shown once, kept as a digest."""

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from mentionbridge.kit.clock import Clock
from mentionbridge.kit.ids import Ids
from mentionbridge.ports.access import Scope, Token
from mentionbridge.store import tables as t
from mentionbridge.store.engines import Engine

_LENGTH = 24
_LIVE = sa.select(t.tokens).where(t.tokens.c.digest == sa.bindparam("digest"), t.tokens.c.revoked_at.is_(None))

REMEMBERED = 2.0
"""Seconds for which a token that was found is not asked for again."""

MOST_REMEMBERED = 1000


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
        async with self.engine.reading() as connection:
            row = (await connection.execute(_LIVE, {"digest": _digest(secret)})).first()
        return _token(row) if row is not None else None


class RememberedTokens:
    """A `ports.access.Tokens` that looks up a busy caller once in `REMEMBERED` seconds, not at every request.

    Revoking here ends a token at once; where another process revokes it, it lives on here for up to that long.
    """

    def __init__(self, tokens: StoredTokens, clock: Clock) -> None:
        self._tokens = tokens
        self._clock = clock
        self._known: dict[str, tuple[float, Token]] = {}
        self._asking: dict[str, asyncio.Task[Token | None]] = {}

    async def create(
        self, name: str, scopes: Collection[Scope], brands: Collection[str], accounts: Collection[str], now: datetime
    ) -> tuple[str, Token]:
        return await self._tokens.create(name, scopes, brands, accounts, now)

    async def list(self) -> Sequence[Token]:
        return await self._tokens.list()

    async def revoke(self, token_id: str, now: datetime) -> bool:
        revoked = await self._tokens.revoke(token_id, now)
        # Who asks now may have read the token before it was revoked.
        self._known.clear()
        self._asking.clear()
        return revoked

    async def look_up(self, secret: str) -> Token | None:
        digest = _digest(secret)
        asked, token = self._known.get(digest, (0.0, None))
        if token is not None and self._clock.monotonic() - asked < REMEMBERED:
            return token
        asking = self._asking.get(digest)
        if asking is None:
            asking = self._asking[digest] = asyncio.create_task(self._ask(digest, secret))
        return await asyncio.shield(asking)

    async def _ask(self, digest: str, secret: str) -> Token | None:
        """Ask the database once for all who wait for this token."""
        now, me = self._clock.monotonic(), asyncio.current_task()
        try:
            found = await self._tokens.look_up(secret)
            if found is not None and self._asking.get(digest) is me:
                self._remember(digest, now, found)
            return found
        finally:
            if self._asking.get(digest) is me:
                del self._asking[digest]

    def _remember(self, digest: str, now: float, token: Token) -> None:
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[digest] = (now, token)


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
