"""When to look again, and when to stop."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.clock import START
from mentionbridge.rules.patience import LOOKS, RECHECKS, next_look, next_recheck

DAY = timedelta(days=1)


def test_three_looks_in_fifteen_minutes_then_a_person() -> None:
    looks = [next_look(START, looks) for looks in range(len(LOOKS) + 1)]
    assert looks == [START + timedelta(seconds=10), START + timedelta(minutes=5), START + timedelta(minutes=15), None]


@given(st.timedeltas(-DAY, 40 * DAY))
def test_the_next_recheck_is_ahead_and_within_a_day(age: timedelta) -> None:
    now = START + age
    due = next_recheck(START, now)
    assert due > now
    assert due - now <= DAY + max(-age, timedelta(0))


@pytest.mark.parametrize("step", RECHECKS)
def test_a_post_is_read_again_at_its_ages(step: timedelta) -> None:
    assert next_recheck(START, START + step - timedelta(seconds=1)) == START + step
    assert next_recheck(START, START + step) > START + step
