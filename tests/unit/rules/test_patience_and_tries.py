"""When to look again, when to try again, and when to stop."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.clock import START
from mentionbridge.rules.patience import LOOKS, RECHECKS, next_look, next_recheck
from mentionbridge.rules.tries import GIVE_UP_AFTER, SCHEDULE, next_try

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


@pytest.mark.parametrize(("attempts", "wait"), list(enumerate(SCHEDULE, start=1)))
def test_each_failed_delivery_waits_its_turn(attempts: int, wait: timedelta) -> None:
    assert next_try(attempts, START, jitter=lambda: 0.0) == START + wait
    assert next_try(attempts, START, jitter=lambda: 1.0) == START + wait * 1.1


def test_the_tenth_failure_is_the_last() -> None:
    assert next_try(GIVE_UP_AFTER - 1, START) is not None
    assert next_try(GIVE_UP_AFTER, START) is None


def test_an_attempt_that_was_not_counted_waits_like_the_first() -> None:
    assert next_try(0, START, jitter=lambda: 0.0) == START + SCHEDULE[0]
