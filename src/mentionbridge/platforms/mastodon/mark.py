"""How far the notifications were read, as the account's cursor. Pure."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

OVERLAP = timedelta(minutes=2)
"""Notifications get their ids before they are committed: one with a lower id may show up a moment later."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The newest notification below which no other can still appear."""

    settled: str | None = None

    def dump(self) -> str:
        """Write it."""
        return json.dumps({"v": 1, "settled": self.settled})

    @classmethod
    def load(cls, cursor: str | None) -> "Mark":
        """Read it; what is not ours means from the beginning, which stores nothing twice."""
        try:
            told = json.loads(cursor or "null")
        except (ValueError, RecursionError):
            return cls()
        settled = told.get("settled") if isinstance(told, dict) else None
        return cls(settled if isinstance(settled, str) and settled else None)

    def past(self, seen: list[tuple[str, datetime]], now: datetime) -> "Mark":
        """Return how far a page of ids and times brings us."""
        old = [each for each, moment in seen if moment <= now - OVERLAP]
        return Mark(newest([*old, self.settled]))


def newest(ids: list[str | None]) -> str | None:
    """Return the highest id: longer ones are higher, then the alphabet counts."""
    return max((each for each in ids if each), key=lambda each: (len(each), each), default=None)


def is_newer(one: str, other: str | None) -> bool:
    """True when `one` lies above `other`."""
    return other is None or (len(one), one) > (len(other), other)
