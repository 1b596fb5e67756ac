"""Silence is strange only beside an account's own rhythm: nights and quiet accounts alarm nobody."""

import math
import random
from bisect import bisect_left
from datetime import UTC, datetime, timedelta

import pytest

from mentionbridge.rules.silence import KNOWN_FOR, LEARNED_FROM, SHORTEST, SLOT, learned, slot_of

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def office(at: datetime) -> float:
    """Busy by day, nearly silent by night, a third of it at week-ends."""
    return (1.0 if 8 <= at.hour < 20 else 0.05) * (0.3 if at.weekday() >= 5 else 1.0)


def life(an_hour: float, days: int, seed: int, busy=office) -> list[datetime]:
    """When posts come, `an_hour` of them at the busiest time, with bursts."""
    dice, heard, at = random.Random(seed), [], MONDAY
    while at < MONDAY + timedelta(days=days):
        many = poisson(dice, an_hour * busy(at) / 4) + (dice.randrange(50) if dice.random() < 0.003 else 0)
        heard += [at + timedelta(seconds=dice.uniform(0, 900)) for _ in range(many)]
        at += timedelta(minutes=15)
    return sorted(heard)


def poisson(dice: random.Random, mean: float) -> int:
    many, left, end = 0, dice.random(), math.exp(-mean)
    while left > end:
        many, left = many + 1, left * dice.random()
    return many


def rhythm_at(heard: list[datetime], at: datetime):
    return learned(heard[bisect_left(heard, at - LEARNED_FROM) : bisect_left(heard, at)], at)


@pytest.mark.parametrize("an_hour", [0.5, 4.0, 40.0])
def test_eight_weeks_of_ordinary_life_alarm_at_most_once(an_hour):
    heard, alarms, was_strange = life(an_hour, 70, seed=7), 0, False
    at, rhythm = MONDAY + timedelta(days=14), None
    while at < MONDAY + timedelta(days=70):
        rhythm = rhythm_at(heard, at) if at.hour % 12 == 0 else rhythm
        last = heard[bisect_left(heard, at) - 1]
        strange = rhythm is not None and rhythm.finds_strange((last, at))
        alarms, was_strange = alarms + (strange and not was_strange), strange
        at += HOUR
    assert alarms <= 1


@pytest.mark.parametrize(("an_hour", "hours"), [(4.0, 24), (40.0, 5)])
def test_when_a_busy_account_falls_silent_by_day_it_is_noticed_the_same_day(an_hour, hours):
    heard, noon = life(an_hour, 45, seed=3), MONDAY + timedelta(days=36, hours=10)
    rhythm, last = rhythm_at(heard, noon), heard[bisect_left(heard, noon) - 1]
    assert not rhythm.finds_strange((last, noon))
    assert rhythm.finds_strange((last, noon + hours * HOUR))


def test_a_night_is_less_strange_than_a_day_as_long():
    heard = life(20.0, 30, seed=5)
    rhythm, tuesday = rhythm_at(heard, MONDAY + timedelta(days=29)), MONDAY + timedelta(days=29)
    night, day = (tuesday, tuesday + 6 * HOUR), (tuesday + 9 * HOUR, tuesday + 15 * HOUR)
    assert rhythm.strangeness(night) < rhythm.strangeness(day) / 4


def test_nothing_is_known_of_a_new_or_a_quiet_account():
    busy = life(40.0, 6, seed=1)
    assert learned(busy, busy[0] + KNOWN_FOR - HOUR) is None, "not yet a week"
    assert learned([MONDAY + day * timedelta(days=1) for day in range(28)], MONDAY + LEARNED_FROM) is None
    assert learned([], MONDAY) is None


def test_an_hour_is_never_too_long():
    heard = [MONDAY + number * timedelta(minutes=1) for number in range(20 * 24 * 60)]
    rhythm = learned(heard, heard[-1])
    assert rhythm.strangest == 0
    assert not rhythm.finds_strange((heard[-1], heard[-1] + SHORTEST - timedelta(seconds=1)))
    assert rhythm.finds_strange((heard[-1], heard[-1] + 2 * SHORTEST))


def test_what_was_missed_while_blind_teaches_nothing():
    heard = life(20.0, 28, seed=9)
    cut = (MONDAY + timedelta(days=15, hours=8), MONDAY + timedelta(days=16, hours=20))
    left = [at for at in heard if not cut[0] <= at < cut[1]]
    end = heard[-1]
    assert learned(left, end).strangest > 2 * learned(left, end, [cut]).strangest
    assert learned(left, end, [cut]).strangest < 1.5 * learned(heard, end).strangest + 1


def test_quarters_begin_where_ids_change_their_sixth_character():
    at = datetime(2026, 11, 22, 9, 14, 3, tzinfo=UTC)
    begun = slot_of(at)
    assert begun <= at < begun + SLOT and slot_of(begun) == begun
    assert int(begun.timestamp() * 1000) % (1 << 20) == 0
