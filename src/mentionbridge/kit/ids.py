"""Ids that sort by time and say what they name: `tkt_01jd…` (UUIDv7 in Crockford base32)."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock

from mentionbridge.kit.clock import Clock, SystemClock

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_COUNTER_BITS = 12
_STAMPED = 10

STRETCH = timedelta(milliseconds=1 << 20)
"""About seventeen minutes: so finely an id tells its time in `STRETCH_TOLD` characters behind its prefix."""
STRETCH_TOLD = 6


class Ids:
    """Makes UUIDv7 ids that never go backwards within one process, even when the wall clock does."""

    def __init__(self, clock: Clock | None = None, random_bits: Callable[[int], int] = secrets.randbits) -> None:
        self._clock = clock or SystemClock()
        self._random_bits = random_bits
        self._lock = Lock()
        self._last = 0

    def new(self, prefix: str) -> str:
        """Return a fresh id such as `mnt_01jd8x…`: the prefix, an underscore and 26 characters."""
        return f"{prefix}_{encode(self._next())}"

    def _next(self) -> int:
        millis = int(self._clock.now().timestamp() * 1000)
        with self._lock:
            self._last = max(self._last + 1, millis << _COUNTER_BITS)
            stamp = self._last
        high = ((stamp >> _COUNTER_BITS) << 16) | 0x7000 | (stamp & 0xFFF)
        low = (0b10 << 62) | self._random_bits(62)
        return (high << 64) | low


def first_at(prefix: str, at: datetime) -> str:
    """Return what no id made at that time or later sorts before."""
    return f"{prefix}_{encode(int(at.timestamp() * 1000) << 80)}"


def begun(start: str) -> datetime:
    """Return the earliest time at which an id that starts so can have been made; `start` has its prefix."""
    number = 0
    for character in start[start.index("_") + 1 :][:_STAMPED].ljust(_STAMPED, "0"):
        number = number * len(_ALPHABET) + _ALPHABET.index(character)
    return datetime.fromtimestamp(number / 1000, UTC)


def encode(number: int) -> str:
    """Write a 128-bit number as 26 characters that sort as the number does."""
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)])
