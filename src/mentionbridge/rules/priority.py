"""How soon a person should look, and why in words they can read. Pure.

Points: something risky 4 · severe 2 · a customer marked VIP 2 · reach 1 or 2 · said again 1 · tried before 1.
Two points are high, four are urgent. The machine only ever raises a priority, and never one that a person gave.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mentionbridge.domain.ticket import Priority, Ticket

WIDE, VERY_WIDE = 2_000, 50_000
"""So many followers carry a complaint far: one repost by somebody with two thousand is enough."""

SPREAD, WIDELY_SPREAD = 10, 100
SAID_OFTEN = 3
_HIGH_FROM, _URGENT_FROM = 2, 4


@dataclass(frozen=True, slots=True)
class Urgency:
    """What speaks for haste: `times` the person has spoken in this story, `again` when an earlier one was closed."""

    risky: bool = False
    severe: bool = False
    followers: int | None = None
    reposts: int = 0
    times: int = 1
    again: bool = False
    attempts: Sequence[str] = ()
    vip: bool = False


@dataclass(frozen=True, slots=True)
class Weighed:
    """A priority and its reasons, the weightiest first."""

    priority: Priority
    reasons: Sequence[str]


def weigh(urgency: Urgency) -> Weighed:
    """Return the priority that follows, with a reason for every point."""
    found = [(points, why) for points, why in _points(urgency) if points]
    score = sum(points for points, _ in found)
    priority = Priority.URGENT if score >= _URGENT_FROM else Priority.HIGH if score >= _HIGH_FROM else Priority.NORMAL
    return Weighed(priority, tuple(why for _, why in sorted(found, key=lambda each: -each[0])))


def raises(ticket: Ticket, weighed: Weighed) -> bool:
    """True when the machine should give the ticket this priority."""
    order = list(Priority)
    return ticket.priority_by is None and order.index(weighed.priority) > order.index(ticket.priority)


def _points(urgency: Urgency) -> list[tuple[int, str]]:
    followers = urgency.followers or 0
    return [
        (4 * urgency.risky, "it touches safety, the law, the press or a person in need"),
        (2 * urgency.severe, "the complaint is severe"),
        (2 * urgency.vip, "the customer is marked VIP"),
        (_reach(followers, WIDE, VERY_WIDE), f"{followers:,} people follow the author"),
        (_reach(urgency.reposts, SPREAD, WIDELY_SPREAD), f"it was reposted {urgency.reposts:,} times"),
        (int(urgency.times >= SAID_OFTEN), f"the customer has written {urgency.times} times about it"),
        (int(urgency.again), "an earlier ticket about it was closed"),
        (int(bool(urgency.attempts)), f"the customer has tried before: {_quoted(urgency.attempts)}"),
    ]


def _reach(number: int, wide: int, very_wide: int) -> int:
    return (number >= wide) + (number >= very_wide)


def _quoted(phrases: Sequence[str]) -> str:
    return ", ".join(f"'{phrase}'" for phrase in phrases)
