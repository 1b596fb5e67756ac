"""Record keys: 13 characters that stand for a moment in microseconds and a clock's number. Pure."""

import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256

_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
_VALID = re.compile(f"[{_ALPHABET[:16]}][{_ALPHABET}]{{12}}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CLOCK_BITS = 10
_LAST = 2**53 - 1
_SPREAD = 1_000_000


def for_reply(key: str, answered: datetime) -> str:
    """Return the one record key of a reply: always the same for `key`, within a second after the post it answers.

    A reply that was sent before our database was lost is thus found again, and cannot be said twice.
    """
    digest = int.from_bytes(sha256(key.encode()).digest()[:8], "big")
    micros = (answered - _EPOCH) // timedelta(microseconds=1) + 1 + (digest >> _CLOCK_BITS) % _SPREAD
    return encode(micros, digest % 2**_CLOCK_BITS)


def encode(micros: int, clock: int) -> str:
    """Write microseconds since 1970 and a clock number (0 to 1023)."""
    number = min(max(micros, 0), _LAST) << _CLOCK_BITS | clock
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(60, -1, -5))


def is_valid(text: str) -> bool:
    """True for a key the network takes."""
    return _VALID.fullmatch(text) is not None


def moment(text: str) -> datetime | None:
    """Read the moment out of a key; None when it is not one of this kind."""
    if not is_valid(text):
        return None
    number = 0
    for character in text:
        number = number << 5 | _ALPHABET.index(character)
    try:
        return _EPOCH + timedelta(microseconds=number >> _CLOCK_BITS)
    except OverflowError:
        return None
