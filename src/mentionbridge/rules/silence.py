"""When an account has been quiet for too long to believe it, by its own rhythm. Pure.

Counted are quarters of an hour (about) in which anything was heard, not posts: a burst of five hundred is one of them.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from mentionbridge.kit.ids import STRETCH

SLOT = STRETCH
LEARNED_FROM = timedelta(days=28)
KNOWN_FOR = timedelta(days=7)
"""Before it knows at least a week of an account, nights and week-ends would alarm it."""

ENOUGH = 50
"""Busy quarters without which there is no rhythm."""

SHORTEST = timedelta(hours=1)
STRANGER = 1.5
"""So many times stranger than the strangest silence of those weeks it must be."""

HARDLY = -math.log(1e-4)
"""How unlikely it must be at least that its usual quarters all stayed empty, as a logarithm."""

_ASSUMED = 0.5
"""Counted as heard and as not heard for each hour of the week, so that nothing is ever certain."""

_HOURS = 7 * 24
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Window = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How strange an empty quarter is at each hour of the week (minus the logarithm of its chance), and what was.

    `strangest` is the strangest silence of the weeks it was learned from.
    """

    empty: Sequence[float]
    strangest: float

    def strangeness(self, silence: Window) -> float:
        """Return how strange it is that every whole quarter of a silence stayed empty."""
        return _strangeness(self.empty, silence)

    def finds_strange(self, silence: Window) -> bool:
        """Tell whether this account is hardly ever as quiet, at such hours for so long."""
        return silence[1] - silence[0] >= SHORTEST and self.strangeness(silence) > max(
            HARDLY, self.strangest * STRANGER
        )


def slot_of(at: datetime) -> datetime:
    """Return when the quarter began."""
    return _EPOCH + (at - _EPOCH) // SLOT * SLOT


def learned(heard: Collection[datetime], until: datetime, blind: Sequence[Window] = ()) -> Rhythm | None:
    """Learn a rhythm from when anything was heard until then; None while too little is known.

    What was missed while the account was `blind` teaches nothing.
    """
    slots = sorted({slot_of(at) for at in heard})
    if len(slots) < ENOUGH or until - slots[0] < KNOWN_FOR:
        return None
    empty = [-math.log(1 - chance) for chance in _chances(slots, until, blind)]
    silences = [each for each in pairwise([*slots, until]) if not any(_overlap(each, window) for window in blind)]
    return Rhythm(empty, max((_strangeness(empty, each) for each in silences), default=0.0))


def _chances(slots: Sequence[datetime], until: datetime, blind: Sequence[Window]) -> list[float]:
    """Return how likely a quarter of each hour of the week is a busy one."""
    busy, every = [0] * _HOURS, [0] * _HOURS
    for slot in slots:
        busy[_hour(slot)] += 1
    at = slots[0]
    while at < until:
        if not any(_overlap((at, at + SLOT), window) for window in blind):
            every[_hour(at)] += 1
        at += SLOT
    return _smooth([(was + _ASSUMED) / (max(of, was) + 2 * _ASSUMED) for was, of in zip(busy, every, strict=True)])


def _smooth(chances: Sequence[float]) -> list[float]:
    """Let an hour of a day take half of what the same hour of all days has: four weeks are few."""
    by_day = [sum(chances[hour::24]) / 7 for hour in range(24)]
    return [(chance + by_day[hour % 24]) / 2 for hour, chance in enumerate(chances)]


def _strangeness(empty: Sequence[float], silence: Window) -> float:
    total, at = 0.0, slot_of(silence[0]) + SLOT
    while at + SLOT <= silence[1]:
        total += empty[_hour(at)]
        at += SLOT
    return total


def _overlap(one: Window, other: Window) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _hour(at: datetime) -> int:
    return at.weekday() * 24 + at.hour
