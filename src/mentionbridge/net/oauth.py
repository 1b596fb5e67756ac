"""A sign-in that is renewed with a token which changes at every use (OAuth 2.0 with rotating refresh tokens).

The refresh token is the account: used twice at once, or lost, a person has to sign in again. So it is kept sealed in
the vault, one worker at a time trades it in, and the new one is stored before anybody uses what came with it.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from mentionbridge.domain.errors import LoginNeeded, PlatformDown
from mentionbridge.kit.clock import Clock
from mentionbridge.ports.vault import Vault

CLAIM = timedelta(seconds=60)
"""How long a worker may take to trade a token in before another one does; longer than a request."""

EARLY = timedelta(minutes=2)
"""So long before its end a token is renewed, so that nothing is refused on the way."""

_LOOK_AGAIN = 0.25
_LOOKS = int(CLAIM.total_seconds() / _LOOK_AGAIN) + 8


@dataclass(frozen=True, slots=True)
class Grant:
    """What a network hands out: a token to use until it ends, and the one to renew it with."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    ends: datetime


Trade = Callable[[str], Awaitable[Grant]]
"""Trades a refresh token in; raises LoginNeeded when it is spent, PlatformDown when the network is of no use now."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the vault holds."""

    mark: str
    grant: Grant | None = None
    claimed_until: datetime | None = None
    spent: str = ""

    def claimed(self, now: datetime) -> bool:
        return self.claimed_until is not None and now < self.claimed_until

    def dump(self) -> str:
        grant = {**asdict(self.grant), "ends": self.grant.ends.isoformat()} if self.grant else None
        claimed = self.claimed_until.isoformat() if self.claimed_until else None
        return json.dumps({"mark": self.mark, "grant": grant, "claimed_until": claimed, "spent": self.spent})

    @classmethod
    def load(cls, secret: str | None, mark: str) -> "_Kept":
        """Read what was kept; of another sign-in, or garbage, nothing is kept."""
        try:
            told = json.loads(secret or "null")
            if told is None or told["mark"] != mark:
                return cls(mark)
            grant, claimed = told["grant"], told["claimed_until"]
            return cls(
                mark,
                Grant(grant["access"], grant["refresh"], datetime.fromisoformat(grant["ends"])) if grant else None,
                datetime.fromisoformat(claimed) if claimed else None,
                told["spent"],
            )
        except (ValueError, TypeError, KeyError):
            return cls(mark)


class Rotating:
    """Hands out a token that works; `first` is the refresh token of the last time a person signed in."""

    def __init__(
        self,
        first: str,
        trade: Trade,
        vault: Vault,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._first = first
        self._mark = sha256(first.encode()).hexdigest()
        self._trade = trade
        self._vault = vault
        self._clock = clock
        self._sleep = sleep
        self._lock = asyncio.Lock()
        self._grant: Grant | None = None

    async def current(self) -> str:
        """Return a token that has not run out."""
        if self._grant and self._lasts(self._grant):
            return self._grant.access
        return await self.renew(self._grant.access if self._grant else None)

    async def renew(self, used: str | None) -> str:
        """Return a token other than `used`: one that somebody else got meanwhile, or a fresh one."""
        async with self._lock:
            if self._grant is None or self._grant.access == used or not self._lasts(self._grant):
                self._grant = await self._renew(used)
            return self._grant.access

    def _lasts(self, grant: Grant) -> bool:
        return grant.ends - EARLY > self._clock.now()

    async def _renew(self, used: str | None) -> Grant:
        for _ in range(_LOOKS):
            secret, version = await self._vault.read()
            kept, now = _Kept.load(secret, self._mark), self._clock.now()
            if kept.grant and kept.grant.access != used and self._lasts(kept.grant):
                return kept.grant
            if kept.spent:
                raise LoginNeeded(kept.spent)
            if kept.claimed(now):
                await self._sleep(_LOOK_AGAIN)
                continue
            claim = _Kept(self._mark, kept.grant, claimed_until=now + CLAIM)
            if await self._vault.swap(claim.dump(), version):
                return await self._renew_as_claimed(kept, version + 1)
            if secret is None and version == 0:
                # A token that changes at every use is traded in only where the new one can be kept.
                raise PlatformDown("there is no place yet to keep this account's sign-in; start the service once")
        raise PlatformDown("the sign-in is being renewed by another worker, which takes too long")

    async def _renew_as_claimed(self, kept: _Kept, version: int) -> Grant:
        """Trade it in while others wait. If we die here, the next one tries the token we know again."""
        settled = kept
        try:
            grant = await self._trade(kept.grant.refresh if kept.grant else self._first)
            settled = _Kept(self._mark, grant)
            return grant
        except LoginNeeded as refusal:
            settled = _Kept(self._mark, None, spent=str(refusal))
            raise
        finally:
            await self._vault.swap(settled.dump(), version)
