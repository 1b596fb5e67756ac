"""What X charges for a call, and the bill it adds up to; from the fact sheet's prices of November 2026."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from mentionbridge.kit.clock import Clock
from mentionbridge.platforms.x.shapes import an_object, objects

PRICES: Mapping[str, Decimal] = MappingProxyType(
    {
        "post_read": Decimal("0.005"),
        "user_read": Decimal("0.010"),
        "message_read": Decimal("0.010"),
        "reply": Decimal("0.010"),
        "reply_with_link": Decimal("0.200"),
        "message": Decimal("0.015"),
    }
)
"""US dollars each. A reply is taken to be summoned, since no other is allowed; one that holds a link may cost twenty
times as much, and X does not say, so it counts as dear."""
MOST_KNOWN = 200_000
"""Of so many things is it remembered that they are paid for today; what is read again then counts again."""


class Bill:
    """What was spent and is not kept yet, by day and kind; the same thing read twice in a UTC day costs once."""

    def __init__(self, clock: Clock, prices: Mapping[str, Decimal] = PRICES) -> None:
        self._clock = clock
        self._prices = {**PRICES, **prices}
        self._open: Counter[tuple[date, str]] = Counter()
        self._paid: set[tuple[str, str]] = set()
        self._day: date | None = None

    def read(self, path: str, body: Mapping[str, Any]) -> None:
        """Count what a good answer showed."""
        for what, id_ in _shown(path, body):
            self.pushed(what, id_)

    def pushed(self, what: str, id_: str) -> None:
        """Count one event that was pushed to us."""
        today = self._today()
        if (what, id_) not in self._paid:
            self._paid.add((what, id_))
            self._add(today, what)

    def written(self, path: str, body: Mapping[str, Any]) -> None:
        """Count what was said, or may have been."""
        self._add(self._today(), _said(path, body))

    def spent(self) -> Mapping[tuple[date, str], int]:
        """Return what is not kept yet, in millionths of a dollar."""
        return dict(self._open)

    def kept(self, spent: Mapping[tuple[date, str], int]) -> None:
        """Forget what is kept elsewhere now."""
        self._open.subtract(spent)
        self._open = +self._open

    def _today(self) -> date:
        today = self._clock.now().astimezone(UTC).date()
        if today != self._day or len(self._paid) > MOST_KNOWN:
            self._paid.clear()
        self._day = today
        return today

    def _add(self, day: date, what: str) -> None:
        self._open[day, what] += int(self._prices[what] * 1_000_000)


def _shown(path: str, body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    listed = body["data"] if isinstance(body.get("data"), list) else [body.get("data")]
    kind = _kind(path)
    beside = an_object(body.get("includes"))
    every = (
        (kind, listed),
        ("post_read", [*objects(beside.get("tweets")), *objects(beside.get("posts"))]),
        ("user_read", objects(beside.get("users"))),
    )
    for what, things in every:
        for thing in things:
            if isinstance(id_ := an_object(thing).get("id"), str):
                yield what, id_


def _kind(path: str) -> str:
    if "dm_" in path:
        return "message_read"
    return "user_read" if path.endswith("/users/me") else "post_read"


def _said(path: str, body: Mapping[str, Any]) -> str:
    if "dm_" in path:
        return "message"
    return "reply_with_link" if "://" in json.dumps(body.get("text", "")) else "reply"
