"""A text as numbers: hashed words and runs of characters, in a handful of numpy steps whatever the text holds."""

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
Hashes = NDArray[np.uint64]

BITS = 17
BUCKETS = 1 << BITS
LONGEST = 1200
"""How many characters of a text are read; complaints say what they are within the first few hundred."""
RUNS = (3, 4, 5)
_USER = re.compile(r"(?<![\w@])@\w[\w.\-]*(?:@[\w.\-]+)?")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*|[!?]+|[^\w\s]")
_BASE = 0x9E3779B97F4A7C15
_MIX = np.uint64(0xD6E8FEB86659FD93)
_LAST = np.uint64(0x9E3779B97F4A7C15)
_STIR, _KEEP = np.uint64(29), np.uint64(64 - BITS)
_WORD_SALT, _PAIR_SALT = 11, 12
_WIDE = 1 << 64


def _powers(base: int, count: int) -> Hashes:
    value, row = 1, []
    for _ in range(count):
        row.append(value)
        value = value * base % _WIDE
    return np.array(row, dtype=np.uint64)


# A running sum of code point · base^place, times the inverse power of where a piece begins, hashes every piece at once.
_UP = _powers(_BASE, LONGEST + 8)
_DOWN = _powers(pow(_BASE, -1, _WIDE), LONGEST + 8)


def plain(text: str) -> str:
    """Return the part of a text that is read: small letters, user names and addresses masked, single spaces."""
    masked = _USER.sub("@user", _LINK.sub("http", text[: 2 * LONGEST]))
    return f" {' '.join(masked.casefold().split())[:LONGEST]} "


@dataclass(frozen=True)
class Pieces:
    """A text made `plain`, taken into words, pairs of words and runs of characters, each hashed to a bucket."""

    said: str

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """Where the words stand."""
        return [found.span() for found in _WORD.finditer(self.said)]

    @cached_property
    def _sums(self) -> Hashes:
        codes = np.frombuffer(self.said.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        sums = np.zeros(len(codes) + 1, dtype=np.uint64)
        np.cumsum(codes * _UP[: len(codes)], out=sums[1:])
        return sums

    @cached_property
    def words(self) -> Indices:
        """The buckets of the words, then those of the pairs of neighbours."""
        if not self.spans:
            return np.zeros(0, dtype=np.int64)
        begins, ends = np.array(self.spans, dtype=np.int64).T
        hashed = (self._sums[ends] - self._sums[begins]) * _DOWN[begins]
        return _buckets(hashed, _WORD_SALT, hashed[:-1] * _MIX + hashed[1:], _PAIR_SALT)

    @cached_property
    def runs(self) -> Indices:
        """The buckets of the runs of three characters, then of four, then of five."""
        sums = self._sums
        hashed = [(sums[n:] - sums[:-n]) * _DOWN[: max(0, len(sums) - n)] + np.uint64(n) for n in RUNS]
        return _buckets(np.concatenate(hashed), 0)

    @cached_property
    def all(self) -> Indices:
        """Every bucket the text falls in, once."""
        found = np.concatenate((self.words, self.runs))
        # Sorting a few hundred numbers is several times faster than numpy's own `unique`, which hashes them.
        found.sort()
        first = np.ones(len(found), dtype=bool)
        np.not_equal(found[1:], found[:-1], out=first[1:])
        return found[first]


def _buckets(first: Hashes, salt: int, second: Hashes | None = None, other_salt: int = 0) -> Indices:
    hashed = first + np.uint64(salt)
    if second is not None:
        hashed = np.concatenate((hashed, second + np.uint64(other_salt)))
    hashed = hashed * _MIX
    hashed ^= hashed >> _STIR
    return (hashed * _LAST >> _KEEP).astype(np.int64)
