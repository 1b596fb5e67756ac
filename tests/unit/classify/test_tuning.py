"""Thresholds and what they do, on numbers whose outcome is known."""

import numpy as np
import pytest

from mentionbridge.classify import tuning

TRUTH = np.array([1.0] * 50 + [0.0] * 50)
FOUND = np.concatenate((np.linspace(0.41, 0.9, 50), np.linspace(0.1, 0.59, 50)))


def test_an_outcome_counts_what_it_says() -> None:
    done = tuning.outcome(TRUTH, FOUND, 0.405, 0.595)
    assert (done.reaching, done.answered, done.right) == (1.0, 0.31, 1.0)
    assert done.reviewed == pytest.approx(0.38)


def test_the_choice_keeps_both_promises_when_it_can() -> None:
    chosen = tuning.choose(TRUTH, FOUND)
    assert chosen.reaching >= tuning.REACHING
    assert chosen.right >= tuning.RIGHT
    assert chosen.ticket_from <= chosen.auto_from


def test_nothing_is_answered_where_nothing_can_be_told() -> None:
    chosen = tuning.choose(np.array([1.0, 0.0] * 20), np.full(40, 0.5))
    assert chosen.answered == 0.0


@pytest.mark.parametrize("off", [-1.5, 1.0])
def test_a_few_labels_find_how_far_numbers_are_off(off: float) -> None:
    rng = np.random.default_rng(3)
    odds = rng.normal(0, 2, 2000)
    truth = (rng.random(2000) < 1 / (1 + np.exp(-(odds + off)))).astype(float)
    found = 1 / (1 + np.exp(-odds))
    assert tuning.shift(truth, found) == pytest.approx(off, abs=0.2)
    assert abs(tuning.shift(truth[:5], found[:5])) < 2 * abs(off)


def test_a_moved_threshold_does_what_raised_numbers_would() -> None:
    assert tuning.moved(0.5, 0.0) == pytest.approx(0.5)
    assert tuning.moved(0.5, 1.0) == pytest.approx(1 / (1 + np.e))


def test_labels_win_back_what_another_trade_cost() -> None:
    rng = np.random.default_rng(5)
    odds = rng.normal(0, 3, 1000)
    truth = (odds + 2 > 0).astype(float)
    row = tuning.recovery("far", truth, 1 / (1 + np.exp(-odds - 2)), 1 / (1 + np.exp(-odds)))
    assert row.loss > 0.1
    assert row.recovered > row.loss / 2
    assert tuning.recovered_share([row]) == pytest.approx(row.recovered / row.loss)
