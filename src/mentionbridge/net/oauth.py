"""A sign-in that is renewed with a token which changes at every use (OAuth 2.0 with rotating refresh tokens).

The refresh token is the account: used twice at once, or lost, a person has to sign in again. So it is kept sealed in
the vault, one worker at a time trades it in, and the new one is stored before anybody uses what came with it. It is
traded in when half of the access token's life is over, and a second sign-in can lie ready as a spare.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from mentionbridge.domain.errors import LoginNeeded, PlatformDown
from mentionbridge.kit.clock import Clock
from mentionbridge.net.grants import Grant, Kept, Trade, mark_of
from mentionbridge.ports.vault import Vault

CLAIM = timedelta(seconds=60)
"""How long a worker may take to trade a token in before another one does; longer than a request."""

PATIENCE = timedelta(seconds=60)
"""How long a token that still works is used on after the network was of no use for renewing it."""

_LOOK_AGAIN = 0.25
_LOOKS = int(CLAIM.total_seconds() / _LOOK_AGAIN) + 8
_KEEPS = 8

T = TypeVar("T")


class Rotating:
    """Hands out a token that works; `first` is the refresh token of the last time a person signed in, if configured.

    `spare` is the refresh token of a second sign-in, used when the first chain is lost. Without `first` the sign-in is
    the one that was put into the vault with `keep_sign_in`.
    """

    def __init__(
        self,
        first: str,
        trade: Trade,
        vault: Vault,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        spare: str = "",
    ) -> None:
        self._first = first
        self._spare = spare
        self._mark = mark_of(first)
        self._trade = trade
        self._vault = vault
        self._clock = clock
        self._sleep = sleep
        self._lock = asyncio.Lock()
        self._kept = Kept(self._mark)
        self._unkept: tuple[Kept, Kept] | None = None
        self._not_before: datetime | None = None

    @property
    def deadline(self) -> datetime | None:
        """When the account is signed out unless a person signs in again; None while it can be renewed."""
        return self._kept.grant.ends if self._kept.spent and self._kept.grant else None

    @property
    def has_spare(self) -> bool:
        """Tell whether a second sign-in lies ready, as far as was seen."""
        return bool(self._kept.spare)

    async def current(self) -> str:
        """Return a token that has not run out."""
        now = self._clock.now()
        grant = self._kept.grant
        if grant and (self._kept.fresh(now) or (grant.lasts(now) and self._not_before and now < self._not_before)):
            return grant.access
        return await self._renewed(None)

    async def renew(self, used: str) -> str:
        """Return a token other than `used`: one that somebody else got meanwhile, or a fresh one."""
        return await self._renewed(used)

    async def _renewed(self, used: str | None) -> str:
        async with self._lock:
            now, grant = self._clock.now(), self._kept.grant
            if grant and grant.access != used and self._kept.fresh(now):
                return grant.access
            try:
                return (await self._renew(used)).access
            except PlatformDown:
                if grant is None or grant.access == used or not grant.lasts(self._clock.now()) or self._unkept:
                    raise
                self._not_before = self._clock.now() + PATIENCE
                return grant.access

    async def _renew(self, used: str | None) -> Grant:
        if self._unkept:
            await _seen_through(self._keep(*self._unkept))
        for _ in range(_LOOKS):
            secret, version = await self._vault.read()
            kept, now = Kept.load(secret, self._mark).with_spare(self._spare), self._clock.now()
            self._kept = kept
            if usable := self._usable(kept, used, now):
                return usable
            if kept.spent:
                raise LoginNeeded(kept.spent)
            if kept.claimed(now):
                await self._sleep(_LOOK_AGAIN)
                continue
            if await self._vault.swap(replace(kept, claimed_until=now + CLAIM).dump(), version):
                return await _seen_through(self._renew_as_claimed(kept, version + 1))
            if (secret, version) == (None, 0) == await self._vault.read():
                # A token that changes at every use is traded in only where the new one can be kept.
                raise PlatformDown("there is no place yet to keep this account's sign-in; start the service once")
        raise PlatformDown("the sign-in is being renewed by another worker, which takes too long")

    def _usable(self, kept: Kept, used: str | None, now: datetime) -> Grant | None:
        """Return what needs no trade: a fresh grant, or one that still works while nobody can or may renew it."""
        grant = kept.grant
        if grant is None or grant.access == used or not grant.lasts(now):
            return None
        busy = kept.claimed(now)
        if kept.spent or busy:
            self._not_before = now + (timedelta(seconds=1) if busy else PATIENCE)
        return grant if kept.fresh(now) or kept.spent or busy else None

    async def _renew_as_claimed(self, kept: Kept, version: int) -> Grant:
        """Trade it in while others wait. If we die here, the next one tries the token we know again."""
        settled = kept
        try:
            settled = await self._traded(kept)
        except LoginNeeded as refusal:
            settled = replace(kept, spent=str(refusal), claimed_until=None, spare="")
        finally:
            settled = replace(settled, claimed_until=None)
            await self._keep(kept, settled, version)
        return self._given()

    def _given(self) -> Grant:
        grant = self._kept.grant
        if self._kept.spent and not (grant and grant.lasts(self._clock.now())):
            raise LoginNeeded(self._kept.spent)
        if grant is None:
            raise PlatformDown("the sign-in was changed meanwhile")
        return grant

    async def _traded(self, kept: Kept) -> Kept:
        refresh = kept.grant.refresh if kept.grant else self._first
        try:
            return kept.with_grant(await self._trade_in(refresh), self._clock.now())
        except LoginNeeded:
            if not kept.spare:
                raise
            return replace(kept, spare="").with_grant(await self._trade_in(kept.spare), self._clock.now())

    async def _trade_in(self, refresh: str) -> Grant:
        if not refresh:
            raise LoginNeeded("This account is not signed in yet; run `mentionbridge connect` for it.")
        return await self._trade(refresh)

    async def _keep(self, before: Kept, settled: Kept, version: int | None = None) -> None:
        """Store what we got, through a database that is away for a while and past whoever took our claim from us."""
        self._unkept = (before, settled)
        for wait in range(_KEEPS):
            try:
                settled = await self._stored(before, settled, version)
                self._kept, self._unkept = settled, None
                return
            except Exception:
                version = None
                await self._sleep(_LOOK_AGAIN * 2**wait)
        raise PlatformDown("the renewed sign-in cannot be kept at the moment")

    async def _stored(self, before: Kept, settled: Kept, version: int | None) -> Kept:
        while version is None or not await self._vault.swap(settled.dump(), version):
            secret, version = await self._vault.read()
            theirs = Kept.load(secret, self._mark).with_spare(self._spare)
            settled = _merged(before, settled, theirs)
            if theirs == settled:
                break
        return settled


def _merged(before: Kept, ours: Kept, theirs: Kept) -> Kept:
    """Tell what to keep when another worker changed what we claimed; a living token never gives way to a dead one."""
    untouched = replace(theirs, claimed_until=None) == replace(before, claimed_until=None)
    if ours.grant is None or ours.grant == before.grant:
        return ours if ours.spent and untouched else theirs
    if theirs.grant is None or theirs.grant == before.grant:
        return replace(ours, spare=ours.spare and theirs.spare)
    if before.spare and not theirs.spare:
        # They found our token dead and took the spare: both chains live.
        return replace(theirs, spare=ours.grant.refresh)
    return theirs


async def _seen_through(work: Coroutine[Any, Any, T]) -> T:
    """Bring to its end what must not be left half done, also when our caller has lost interest; then say so."""
    task, cancelled = asyncio.ensure_future(work), False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancelled = True
    if cancelled and not task.cancelled():
        task.exception()
        raise asyncio.CancelledError
    return task.result()


async def keep_sign_in(vault: Vault, first: str, grant: Grant, now: datetime, *, spare: bool = False) -> bool:
    """Put a new sign-in into the vault, as the one in use or as the spare; False when there is no place for it."""
    for _ in range(_KEEPS):
        secret, version = await vault.read()
        kept = Kept.load(secret, mark_of(first))
        fresh = replace(kept, spare=grant.refresh, spent="") if spare else kept.with_grant(grant, now)
        if await vault.swap(fresh.dump(), version):
            return True
    return False
