"""Paces requests by what a server says of its limits, so that we slow down before it refuses us.

What works in the background leaves the last tenth to those who answer customers: polls yield to replies.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from mentionbridge.domain.account import Allowance
from mentionbridge.domain.errors import Paced
from mentionbridge.kit.background import is_background
from mentionbridge.kit.clock import Clock
from mentionbridge.net.outcome import reset_at, retry_after, retry_at

PATIENCE = 1.0
"""So many seconds a request waits for its turn: whoever holds a lease meanwhile is better told when to come back."""

PLENTY = 0.5
"""While more than this share of a limit is left, nobody waits."""

RESERVE = 0.1
"""The share of a limit that the background leaves alone."""

_LANES = 256
_SAME_WINDOW = 2.0
_REMAINING = ("ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining")
_LIMIT = ("ratelimit-limit", "x-ratelimit-limit", "x-rate-limit-limit")
_NUMBER = re.compile(r"\s*(\d{1,12}(?:\.\d{1,6})?)\s*(?:[,;].*)?")
_TOO_MANY = 429
T = TypeVar("T")


@dataclass(slots=True)
class _Window:
    """What a server counts together: how much of it is left until it `ends`, on the steady clock."""

    limit: float
    left: float
    ends: float
    next_slot: float = 0.0

    def wait(self, now: float) -> float:
        """Tell how long the caller has to wait for its turn."""
        if not is_background():
            return 0.0 if self.left >= 1 else self.ends - now
        if self.left > self.limit * PLENTY:
            return 0.0
        return max(0.0, self.next_slot - now) if self._spare >= 1 else self.ends - now

    def book(self, at: float) -> None:
        """Take a turn that begins then; turns in the background lie evenly over the time that is left."""
        if is_background() and self._spare >= 1:
            self.next_slot = at + (self.ends - at) / self._spare
        self.left -= 1

    @property
    def _spare(self) -> float:
        return self.left - self.limit * RESERVE


class Pace:
    """Remembers what one server says, to one account of ours, of its limits.

    Servers count sign-ins, reads and posts apart, so an exhausted sign-in does not silence the rest: counts are kept by
    lane (the route, unless the plug knows better), and what a server forbids for a while by route.
    """

    def __init__(self, clock: Clock, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._windows: OrderedDict[str, _Window] = OrderedDict()
        self._closed_until: OrderedDict[str, float] = OrderedDict()

    async def take(self, route: str, lane: str, *, waits: bool = True) -> None:
        """Wait for our turn; raises Paced(until), and uses nothing up, when it is too far away or nobody `waits`."""
        now = self._clock.monotonic()
        window = self._window(lane, now)
        wait = max(self._closed_until.get(route, now) - now, window.wait(now) if window else 0.0)
        if wait > (PATIENCE if waits else 0.0):
            raise Paced(self._clock.now() + timedelta(seconds=wait))
        if window:
            window.book(now + max(wait, 0.0))
        if wait > 0:
            await self._sleep(wait)

    def learn(self, status: int, headers: Mapping[str, str], route: str, lane: str) -> None:
        """Take in what an answer says of what is left, or of when to come back."""
        now, steady = self._clock.now(), self._clock.monotonic()
        if status == _TOO_MANY or retry_after(headers, now):
            _keep(self._closed_until, route, steady + (retry_at(headers, now) - now).total_seconds())
        left, until = _number(headers, _REMAINING), reset_at(headers, now)
        if left is not None and until is not None:
            self._learn_window(lane, left, _number(headers, _LIMIT), steady + (until - now).total_seconds(), steady)

    def allowance(self) -> Allowance | None:
        """Return the window of which the smallest share is left; None when no server has told of any that lasts."""
        now, steady = self._clock.now(), self._clock.monotonic()
        lasting = [window for window in self._windows.values() if window.ends > steady and window.limit > 0]
        if not lasting:
            return None
        tightest = min(lasting, key=lambda window: window.left / window.limit)
        resets_at = now + timedelta(seconds=tightest.ends - steady)
        return Allowance(int(tightest.limit), max(0, int(tightest.left)), resets_at)

    def _learn_window(self, lane: str, left: float, limit: float | None, ends: float, now: float) -> None:
        known = self._window(lane, now)
        if known and abs(known.ends - ends) <= _SAME_WINDOW:
            # Answers overtake each other, and what is under way is not in them yet.
            left, limit = min(left, known.left), max(limit or 0.0, known.limit)
        slot = known.next_slot if known else 0.0
        _keep(self._windows, lane, _Window(limit or left, left, ends, slot))

    def _window(self, lane: str, now: float) -> _Window | None:
        window = self._windows.get(lane)
        return window if window and window.ends > now else None


def _keep(kept: OrderedDict[str, T], key: str, value: T) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > _LANES:
        kept.popitem(last=False)


def _number(headers: Mapping[str, str], names: tuple[str, ...]) -> float | None:
    """Read the first of these headers that begins with a number."""
    found = (_NUMBER.fullmatch(headers.get(name, "")) for name in names)
    return next((float(match[1]) for match in found if match), None)
