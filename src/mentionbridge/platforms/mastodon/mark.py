"""How far the notifications were read, as the account's cursor. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

OVERLAP = timedelta(minutes=2)
"""Notifications get their ids before they are committed: one with a lower id may show up a moment later."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The newest notification below which no other can still appear, and the same of each search."""

    settled: str | None = None
    searches: Mapping[str, str] = field(default_factory=dict)

    def dump(self) -> str:
        """Write it."""
        told = {"searches": dict(self.searches)} if self.searches else {}
        return json.dumps({"v": 1, "settled": self.settled, **told})

    @classmethod
    def load(cls, cursor: str | None) -> "Mark":
        """Read it; what is not ours means from the beginning, which stores nothing twice."""
        try:
            told = json.loads(cursor or "null")
        except (ValueError, RecursionError):
            return cls()
        if not isinstance(told, dict):
            return cls()
        settled, searches = told.get("settled"), told.get("searches")
        kept = {term: at for term, at in searches.items() if isinstance(at, str)} if isinstance(searches, dict) else {}
        return cls(settled if isinstance(settled, str) and settled else None, kept)

    def past(self, seen: list[tuple[str, datetime]], now: datetime) -> "Mark":
        """Return how far a page of ids and times brings us."""
        old = [each for each, moment in seen if moment <= now - OVERLAP]
        return replace(self, settled=newest([*old, self.settled]))

    def searched(self, term: str, seen: list[tuple[str, datetime]], until: datetime) -> "Mark":
        """Return how far a page of a search brings us; what is newer than `until` is walked again."""
        old = newest([*(each for each, moment in seen if moment <= until), self.searches.get(term)])
        return replace(self, searches={**self.searches, term: old}) if old else self


def newest(ids: list[str | None]) -> str | None:
    """Return the highest id: longer ones are higher, then the alphabet counts."""
    return max((each for each in ids if each), key=lambda each: (len(each), each), default=None)


def is_newer(one: str, other: str | None) -> bool:
    """True when `one` lies above `other`."""
    return other is None or (len(one), one) > (len(other), other)
