"""Rotating credentials: sealed at rest, replaced by compare-and-swap."""

from typing import Protocol


class Vault(Protocol):
    """One account's rotating secret (a session, a refresh token), for plugs and `net/oauth`."""

    async def read(self) -> tuple[str | None, int]:
        """Return the secret and its version (0 when there is none yet)."""

    async def swap(self, secret: str | None, version: int) -> bool:
        """Store `secret` if the version is still this one; False when somebody was faster."""
