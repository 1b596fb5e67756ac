"""When an answer is due, when it is at risk, and what stops the clock. Pure.

The clock runs in the desk's working hours. It stands still while a ticket is pending: then it is the customer's turn.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mentionbridge.domain.ticket import Priority
from mentionbridge.domain.wait import Wait, WaitEnd, WaitKind
from mentionbridge.rules.hours import Hours


@dataclass(frozen=True, slots=True)
class AnswerTarget:
    """How soon a person's first and next answers are due, in working time."""

    first: timedelta
    next: timedelta


DEFAULT_TARGETS: Mapping[Priority, AnswerTarget] = {
    Priority.URGENT: AnswerTarget(timedelta(hours=1), timedelta(hours=1)),
    Priority.HIGH: AnswerTarget(timedelta(hours=2), timedelta(hours=4)),
    Priority.NORMAL: AnswerTarget(timedelta(hours=8), timedelta(hours=8)),
    Priority.LOW: AnswerTarget(timedelta(hours=24), timedelta(hours=24)),
}
AT_RISK_FROM = 0.8


@dataclass(frozen=True, slots=True)
class Timing:
    """One brand's working hours and targets; an answer is at risk once `at_risk_from` of its target is used.

    In the `quiet` hours the bridge says nothing in public by itself.
    """

    hours: Hours = field(default_factory=Hours)
    targets: Mapping[Priority, AnswerTarget] = field(default_factory=lambda: DEFAULT_TARGETS)
    at_risk_from: float = AT_RISK_FROM
    quiet: Hours | None = None

    def target(self, kind: WaitKind, priority: Priority) -> timedelta:
        """Return how soon an answer of this kind is due."""
        target = self.targets[priority]
        return target.first if kind is WaitKind.FIRST else target.next


def begin(
    brand_id: str, wait_id: str, ticket_id: str, kind: WaitKind, priority: Priority, at: datetime, timing: Timing
) -> Wait:
    """Start the clock at the moment the customer spoke."""
    target = timing.target(kind, priority)
    due_at = timing.hours.after(at, target)
    return Wait(brand_id, wait_id, ticket_id, kind, at, target, timedelta(0), at, due_at)


def used_at(wait: Wait, at: datetime, timing: Timing) -> timedelta:
    """Return the working time a wait has taken up to a moment."""
    running = timing.hours.between(wait.running_since, at) if wait.running_since else timedelta(0)
    return wait.used + running


def stop(wait: Wait, at: datetime, timing: Timing) -> Wait:
    """Let the clock stand still."""
    return replace(wait, used=used_at(wait, at, timing), running_since=None, due_at=None)


def run(wait: Wait, at: datetime, timing: Timing) -> Wait:
    """Let the clock run on from where it stood."""
    if wait.running_since is not None:
        return wait
    left = max(wait.target - wait.used, timedelta(0))
    return replace(wait, running_since=at, due_at=timing.hours.after(at, left))


def retarget(wait: Wait, priority: Priority, at: datetime, timing: Timing) -> Wait:
    """Measure a wait against another priority's target, from the moment it started."""
    target = timing.target(wait.kind, priority)
    used = used_at(wait, at, timing)
    running = wait.running_since is not None
    due_at = timing.hours.after(at, target - used) if running and target > used else wait.due_at
    if running and target <= used:
        due_at = at
    # What has been warned of or missed under the old target is told again only if it comes about again.
    warned_at = wait.warned_at if used >= target * timing.at_risk_from else None
    return replace(
        wait, target=target, used=used, running_since=at if running else None, due_at=due_at, warned_at=warned_at
    )


def finish(wait: Wait, end: WaitEnd, at: datetime, timing: Timing) -> Wait:
    """Stop both clocks for good."""
    at = max(at, wait.started_at)
    worked = used_at(wait, at, timing)
    return replace(
        wait,
        used=worked,
        running_since=None,
        due_at=None,
        ended_at=at,
        end=end,
        wall=at - wait.started_at,
        worked=worked,
    )


def risk_at(wait: Wait, timing: Timing) -> datetime | None:
    """Return the moment from which an answer is at risk; None while the clock stands still."""
    if wait.running_since is None:
        return None
    left = wait.target * timing.at_risk_from - wait.used
    return timing.hours.after(wait.running_since, max(left, timedelta(0)))


def next_look(wait: Wait, timing: Timing) -> datetime | None:
    """Return when a wait must be looked at: as it becomes at risk, as it is due, and then never again."""
    if wait.breached_at is not None or wait.running_since is None:
        return None
    return wait.due_at if wait.warned_at is not None else risk_at(wait, timing)
