"""When a delivery is tried again, when an endpoint is left in peace, and when it is given up. Pure."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from mentionbridge.domain.endpoint import Attempted, DeliveryResult, Health, Lane, Parcel

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
HOLDS = 3
"""So many attempts a delivery holds back what its line has to say after it; then that overtakes."""

OPENS_AFTER = (3, timedelta(seconds=10))
"""So many failures in a row, over so long without a success, and the endpoint is left in peace."""

FAILED_RUNNING = 2
RESTS = (timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2))
SLOW_SECONDS = 2.0
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


def attempted(
    parcel: Parcel, result: DeliveryResult, now: datetime, *, jitter: Callable[[], float] = random.random
) -> Attempted:
    """Say what follows from an attempt.

    One made ahead of its schedule, to see whether the endpoint is back, is not counted. After a 410 the delivery keeps
    its place for the day somebody enables the endpoint again.
    """
    if result.ok:
        return Attempted(parcel, result, now, parcel.attempts + 1, None)
    if result.gone or now < parcel.scheduled:
        return Attempted(parcel, result, now, parcel.attempts, parcel.scheduled)
    tries = parcel.attempts + 1
    return Attempted(parcel, result, now, tries, next_attempt(tries, now, asked=result.retry_at, jitter=jitter))


def after(health: Health, result: DeliveryResult, now: datetime, seconds: float) -> Health:
    """Say how an endpoint is doing after an attempt that took `seconds`."""
    lane = Lane.SLOW if seconds >= SLOW_SECONDS else Lane.FAST
    if result.ok:
        return Health(lane=lane)
    failures, since = health.failures + 1, health.failing_since or now
    failing = Health(failures, since, health.resting_until, lane)
    rest = _rest(failures) if is_unwell(failing, now) else None
    until = max((each for each in (rest and now + rest, result.retry_at) if each), default=None)
    return replace(failing, resting_until=until)


def is_unwell(health: Health, now: datetime) -> bool:
    """Tell whether an endpoint is only knocked at, one delivery at a time, until it takes one."""
    failures, time = OPENS_AFTER
    return health.failures >= failures and health.failing_since is not None and now - health.failing_since >= time


def is_back(before: Health, after: Health) -> bool:
    """Tell whether an endpoint that failed several times running took one: what waits for its hour may go now.

    One failure alone may be the event's own, and is no reason to bring it again with every success.
    """
    return before.failures >= FAILED_RUNNING and not after.failures


def must_disable(failing_since: datetime | None, now: datetime) -> bool:
    """Tell whether an endpoint has failed without a success for five days."""
    return failing_since is not None and now - failing_since >= GIVE_UP_AFTER


def _rest(failures: int) -> timedelta:
    return RESTS[min(failures - OPENS_AFTER[0], len(RESTS) - 1)]
