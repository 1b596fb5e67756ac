"""When a delivery is tried again, and when an endpoint is given up. Pure."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

WAITS = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""The wait before each attempt; then the delivery is a dead letter."""

GIVE_UP_AFTER = timedelta(days=5)
_SPREAD = 0.1


def next_attempt(
    attempts: int,
    now: datetime,
    *,
    asked: datetime | None = None,
    jitter: Callable[[], float] = random.random,
) -> datetime | None:
    """When to try again after `attempts` failed ones, or None for a dead letter.

    Each wait grows by up to a tenth, so that subscribers are not hit by a crowd. When the subscriber `asked` for a
    later moment (Retry-After), that holds.
    """
    if attempts >= len(WAITS):
        return None
    planned = now + WAITS[attempts] * (1 + _SPREAD * jitter())
    return max(planned, asked) if asked else planned


def must_disable(failing_since: datetime | None, now: datetime) -> bool:
    """Tell whether an endpoint has failed without a success for five days."""
    return failing_since is not None and now - failing_since >= GIVE_UP_AFTER
