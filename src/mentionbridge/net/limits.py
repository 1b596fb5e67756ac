"""Paces requests to one destination: our own bucket, and what the server says of its limits."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from mentionbridge.domain.errors import RateLimited
from mentionbridge.kit.clock import Clock
from mentionbridge.net.outcome import retry_after, retry_at

PATIENCE = 5.0
_ROUTES = 256
_REMAINING = ("ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining")


class Bucket:
    """`rate` requests a second on average, `burst` at once; what a server forbids is remembered by route.

    By route, because servers count sign-ins, reads and posts apart: an exhausted sign-in must not silence the rest.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        rate: float,
        burst: int,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._rate = rate
        self._burst = float(burst)
        self._sleep = sleep
        self._tokens = float(burst)
        self._filled_at = clock.monotonic()
        self._closed_until: OrderedDict[str, float] = OrderedDict()

    async def take(self, route: str = "") -> None:
        """Wait for our turn, at most five seconds; raises RateLimited(until) when it is further away."""
        wait = max(self._queue(), self._closed_for(route))
        if wait > PATIENCE:
            raise RateLimited(self._clock.now() + timedelta(seconds=wait))
        self._tokens -= 1
        if wait > 0:
            await self._sleep(wait)

    def learn(self, headers: Mapping[str, str], now: datetime, route: str = "") -> None:
        """Close the route when the server says that nothing remains, or when to come back."""
        if retry_after(headers, now) or _nothing_remains(headers):
            self._closed_until[route] = self._clock.monotonic() + (retry_at(headers, now) - now).total_seconds()
            self._closed_until.move_to_end(route)
        while len(self._closed_until) > _ROUTES:
            self._closed_until.popitem(last=False)

    def _queue(self) -> float:
        now = self._clock.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        return max(0.0, (1 - self._tokens) / self._rate)

    def _closed_for(self, route: str) -> float:
        left = self._closed_until.get(route, 0.0) - self._clock.monotonic()
        if left <= 0:
            self._closed_until.pop(route, None)
        return max(0.0, left)


def _nothing_remains(headers: Mapping[str, str]) -> bool:
    said = (headers.get(name, "").strip() for name in _REMAINING)
    return next((text for text in said if text), "") in ("0", "0.0")
