"""Waits double up to their cap, and spread."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionbridge.kit.backoff import delay


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(0, 1), (1, 2), (2, 4), (8, 256), (9, 300), (31, 300), (1_000_000, 300)]
)
def test_it_doubles_up_to_the_cap(attempt: int, seconds: int) -> None:
    assert delay(attempt, jitter=lambda: 1.0) == timedelta(seconds=seconds)


@given(st.integers(0, 10_000), st.floats(0.1, 60), st.floats(60, 3600), st.floats(0, 1, exclude_max=True))
def test_it_is_never_below_half_nor_above_the_cap(attempt: int, first: float, cap: float, chance: float) -> None:
    whole = delay(attempt, first=first, cap=cap, jitter=lambda: 1.0)
    wait = delay(attempt, first=first, cap=cap, jitter=lambda: chance)
    assert whole / 2 - timedelta(microseconds=1) <= wait <= whole <= timedelta(seconds=cap)


def test_a_crowd_spreads_by_itself() -> None:
    assert len({delay(5) for _ in range(50)}) > 40
