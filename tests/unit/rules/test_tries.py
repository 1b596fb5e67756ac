"""Ten attempts over three days, then a dead letter."""

from datetime import UTC, datetime, timedelta

import pytest

from mentionbridge.rules.tries import must_disable, next_attempt

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SECONDS = [0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]


@pytest.mark.parametrize(("attempts", "seconds"), list(enumerate(SECONDS)))
def test_each_wait_is_its_own_plus_up_to_a_tenth(attempts, seconds):
    assert next_attempt(attempts, NOW, jitter=lambda: 0.0) == NOW + timedelta(seconds=seconds)
    assert next_attempt(attempts, NOW, jitter=lambda: 1.0) == NOW + timedelta(seconds=seconds * 1.1)


def test_jitter_is_on_unless_told():
    assert len({next_attempt(5, NOW) for _ in range(20)}) > 1


@pytest.mark.parametrize("attempts", [10, 11, 500])
def test_after_ten_attempts_it_is_a_dead_letter_whatever_was_asked(attempts):
    assert next_attempt(attempts, NOW) is None
    assert next_attempt(attempts, NOW, asked=NOW + timedelta(seconds=9)) is None


def test_a_later_moment_the_subscriber_asked_for_holds_and_an_earlier_does_not():
    late, early = NOW + timedelta(minutes=50), NOW + timedelta(seconds=1)
    assert next_attempt(2, NOW, asked=late, jitter=lambda: 0.0) == late
    assert next_attempt(2, NOW, asked=early, jitter=lambda: 0.0) == NOW + timedelta(minutes=5)


def test_an_endpoint_is_given_up_after_five_days_of_failure():
    assert not must_disable(None, NOW)
    assert not must_disable(NOW - timedelta(days=5) + timedelta(seconds=1), NOW)
    assert must_disable(NOW - timedelta(days=5), NOW)
