"""Silence: how soon an account that hears nothing is noticed, and how often falsely, in lives made by dice."""

import math
import random
from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median

from mentionbridge.rules.silence import LEARNED_FROM, learned

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
WEEKS, LIVES, CUTS = 12, 4, 8
HALF_AN_HOUR, QUARTER = timedelta(minutes=30), timedelta(minutes=15)
LEARN_AGAIN = timedelta(hours=12)
LONGEST = timedelta(days=20)


def main() -> None:
    """Print a row for each shape of life and each number of posts an hour at its busiest."""
    print("| life | posts an hour | false alarms in 32 weeks | noticed after (median) | at the latest |")
    print("|---|---|---|---|---|")
    for name, busy in SHAPES.items():
        for an_hour in (0.2, 1, 4, 20, 200):
            lives = [_life(an_hour, busy, seed) for seed in range(LIVES)]
            false = sum(_false_alarms(heard) for heard in lives)
            waits = sorted(wait for seed, heard in enumerate(lives) for wait in _waits(heard, random.Random(seed)))
            print(f"| {name} | {an_hour} | {false} | {median(waits):.1f} h | {waits[-1]:.1f} h |", flush=True)


def _office(at: datetime) -> float:
    return (1.0 if 8 <= at.hour < 20 else 0.05) * (0.3 if at.weekday() >= 5 else 1.0)


SHAPES: dict[str, Callable[[datetime], float]] = {
    "flat": lambda at: 1.0,
    "office": _office,
    "bursts": lambda at: 1.0 if 7 <= at.hour < 23 else 0.1,
}


def _life(an_hour: float, busy: Callable[[datetime], float], seed: int) -> Sequence[datetime]:
    dice, heard, at = random.Random(seed), [], BEGIN
    while at < BEGIN + timedelta(weeks=WEEKS):
        many = _poisson(dice, an_hour * busy(at) / 4)
        if busy is SHAPES["bursts"] and dice.random() < 0.004:
            many += dice.randrange(50)
        heard += [at + QUARTER * dice.random() for _ in range(many)]
        at += QUARTER
    return sorted(heard)


def _poisson(dice: random.Random, mean: float) -> int:
    if mean > 30:
        return round(mean)
    many, left, end = 0, dice.random(), math.exp(-mean)
    while left > end:
        many, left = many + 1, left * dice.random()
    return many


def _false_alarms(heard: Sequence[datetime]) -> int:
    alarms, was_strange, rhythm, taught = 0, False, None, BEGIN
    at = BEGIN + LEARNED_FROM
    while at < BEGIN + timedelta(weeks=WEEKS):
        place = bisect_left(heard, at)
        if rhythm is None or at - taught >= LEARN_AGAIN:
            rhythm, taught = learned(heard[bisect_left(heard, at - LEARNED_FROM) : place], at), at
        strange = rhythm is not None and rhythm.finds_strange((heard[place - 1], at))
        alarms, was_strange = alarms + (strange and not was_strange), strange
        at += HALF_AN_HOUR
    return alarms


def _waits(heard: Sequence[datetime], dice: random.Random) -> Sequence[float]:
    """Return how many hours after some moments it would be noticed that nothing came any more."""
    waits = []
    for _ in range(CUTS):
        cut = BEGIN + timedelta(days=dice.uniform(30, 80))
        place = bisect_left(heard, cut)
        rhythm, at = learned(heard[bisect_left(heard, cut - LEARNED_FROM) : place], cut), cut
        if rhythm is None:
            continue
        while not rhythm.finds_strange((heard[place - 1], at)) and at < cut + LONGEST:
            at += QUARTER
        waits.append((at - cut) / timedelta(hours=1))
    return waits
