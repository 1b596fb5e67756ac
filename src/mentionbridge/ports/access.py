"""Who may call us, and what they asked before."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

ALL_BRANDS = "*"


class Scope(StrEnum):
    """What a token may do; `admin` may do everything its brands have."""

    READ = "read"
    INGEST = "ingest"
    REPLY = "reply"
    APPROVE = "approve"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Token:
    """A caller's rights; `brands` may hold `*` for all, `accounts` are those an `ingest` token may push for."""

    id: str
    name: str
    scopes: Collection[Scope]
    brands: Collection[str]
    accounts: Collection[str]
    created_at: datetime
    revoked_at: datetime | None = None

    def may(self, scope: Scope) -> bool:
        """True when the token carries this scope, or `admin`."""
        return scope in self.scopes or Scope.ADMIN in self.scopes


class Tokens(Protocol):
    """Access tokens; only their digest is kept."""

    async def create(
        self, name: str, scopes: Collection[Scope], brands: Collection[str], accounts: Collection[str], now: datetime
    ) -> tuple[str, Token]:
        """Make a token and return its secret, which is shown this once."""

    async def list(self) -> Sequence[Token]:
        """Return every token, newest first, revoked ones too."""

    async def revoke(self, token_id: str, now: datetime) -> bool:
        """End a token; False when there is none or it was revoked already."""

    async def look_up(self, secret: str) -> Token | None:
        """Return the token this secret opens, unless it was revoked."""


class Earlier(StrEnum):
    """What an idempotency key says about a request."""

    NEW = "new"
    STORED = "stored"
    OTHER_BODY = "other_body"
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Remembered:
    """What we know of a request under one key; `status` and `body` only when its answer is stored."""

    earlier: Earlier
    status: int = 0
    body: bytes = b""


class Idempotency(Protocol):
    """Answers kept for a day, so that a repeated request does nothing twice."""

    async def begin(self, token_id: str, key: str, digest: str, now: datetime) -> Remembered:
        """Take the key for this request, or tell what became of it before."""

    async def finish(self, token_id: str, key: str, status: int, body: bytes) -> None:
        """Keep the answer."""

    async def forget(self, token_id: str, key: str) -> None:
        """Let the key go: the request failed in a way that may be tried again."""
