"""When a failed delivery is tried again: the Standard Webhooks schedule."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

SCHEDULE = (
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
GIVE_UP_AFTER = len(SCHEDULE) + 1


def next_try(attempts: int, now: datetime, jitter: Callable[[], float] = random.random) -> datetime | None:
    """When to try again after `attempts` failed ones, up to a tenth later so that crowds spread; None: give up."""
    if attempts > len(SCHEDULE):
        return None
    return now + SCHEDULE[max(attempts, 1) - 1] * (1 + jitter() / 10)
