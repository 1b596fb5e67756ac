"""A text as numbers: hashed words and runs of characters, in a handful of numpy steps whatever the text holds."""

import re

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
Hashes = NDArray[np.uint64]

BITS = 17
BUCKETS = 1 << BITS
LONGEST = 1200
"""How many characters of a text are read; complaints say what they are within the first few hundred."""
RUNS = (3, 4, 5)
_USER = re.compile(r"@(?<![\w@]@)\w[\w.\-]*(?:@[\w.\-]+)?")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*|[!?]+|[^\w\s]")
_BASE = 0x9E3779B97F4A7C15
_MIX = np.uint64(0xD6E8FEB86659FD93)
_LAST = np.uint64(0x9E3779B97F4A7C15)
_STIR, _KEEP = np.uint64(29), np.uint64(64 - BITS)
_WORD_SALT, _PAIR_SALT = np.uint64(11), np.uint64(12)
_WIDE = 1 << 64


def _powers(base: int, count: int) -> Hashes:
    value, row = 1, []
    for _ in range(count):
        row.append(value)
        value = value * base % _WIDE
    return np.array(row, dtype=np.uint64)


def _runs(longest: int) -> tuple[Indices, Indices]:
    """Return where every run of a text begins and ends, sorted by the end: a shorter text has the first of them."""
    spans = [(end - size, end) for end in range(longest + 1) for size in RUNS if size <= end]
    begins, ends = np.array(spans, dtype=np.int64).T.copy()
    return begins, ends


# A running sum of code point · base^place, times the inverse power of where a piece begins, hashes every piece at once.
_UP = _powers(_BASE, LONGEST + 8)
_DOWN = _powers(pow(_BASE, -1, _WIDE), LONGEST + 8)
_RUN_BEGINS, _RUN_ENDS = _runs(LONGEST + 2)
_RUN_SIZES = _RUN_ENDS - _RUN_BEGINS
_RUN_SALTS = _RUN_SIZES.astype(np.uint64)
_RUN_DOWN = _DOWN[_RUN_BEGINS]


def plain(text: str) -> str:
    """Return the part of a text that is read: small letters, user names and addresses masked, single spaces."""
    read = text[: 2 * LONGEST]
    folded = read.casefold()
    if "http" in folded or "www." in folded:
        read = _LINK.sub("http", read)
    return f" {' '.join(_USER.sub('@user', read).casefold().split())[:LONGEST]} "


class Pieces:
    """A text made `plain`, taken into words, pairs of words and runs of characters, each hashed to a bucket.

    `words_said` are the words, from `begins` to `ends`; `words` their buckets, then those of the pairs of neighbours.
    `runs` are the buckets of the runs of characters, from `run_begins` to `run_ends`. `all` is every bucket, once and
    in order.
    """

    __slots__ = ("all", "begins", "ends", "run_begins", "run_ends", "run_sizes", "runs", "said", "words", "words_said")

    def __init__(self, said: str) -> None:
        self.said = said
        spans = [place for found in _WORD.finditer(said) for place in found.span()]
        self.words_said = [said[begin:end] for begin, end in zip(spans[::2], spans[1::2], strict=True)]
        edges = np.array(spans, dtype=np.int64)
        self.begins, self.ends = edges[::2], edges[1::2]
        many = sum(max(0, len(said) - n + 1) for n in RUNS)
        self.run_begins, self.run_ends, self.run_sizes = _RUN_BEGINS[:many], _RUN_ENDS[:many], _RUN_SIZES[:many]
        sums = _running_sums(said)
        before = sums.take(edges)
        words = (before[1::2] - before[::2]) * _DOWN.take(self.begins)
        runs = (sums.take(self.run_ends) - sums.take(self.run_begins)) * _RUN_DOWN[:many] + _RUN_SALTS[:many]
        places = _buckets(words + _WORD_SALT, words[:-1] * _MIX + words[1:] + _PAIR_SALT, runs)
        self.words, self.runs, self.all = places[: len(places) - many], places[len(places) - many :], _once(places)


def _running_sums(said: str) -> Hashes:
    codes = np.frombuffer(said.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    sums = np.zeros(len(codes) + 1, dtype=np.uint64)
    (codes * _UP[: len(codes)]).cumsum(out=sums[1:])
    return sums


def _buckets(*pieces: Hashes) -> Indices:
    hashed = np.concatenate(pieces)
    hashed *= _MIX
    hashed ^= hashed >> _STIR
    hashed *= _LAST
    hashed >>= _KEEP
    return hashed.view(np.int64)


def _once(places: Indices) -> Indices:
    # Sorting a few hundred numbers is several times faster than numpy's own `unique`, which hashes them.
    found = places.copy()
    found.sort()
    first = np.ones(len(found), dtype=bool)
    np.not_equal(found[1:], found[:-1], out=first[1:])
    return found[first]
