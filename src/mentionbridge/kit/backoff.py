"""How long to wait before trying again."""

import random
from collections.abc import Callable
from datetime import timedelta


def delay(
    attempt: int,
    *,
    first: float = 1.0,
    cap: float = 300.0,
    jitter: Callable[[], float] = random.random,
) -> timedelta:
    """Double from `first` seconds up to `cap`, then take between half and all of it, so that crowds spread."""
    whole = min(cap, first * 2 ** min(attempt, 30))
    return timedelta(seconds=whole * (0.5 + jitter() / 2))
