"""The measures, against values worked out by hand and scikit-learn's parts."""

import numpy as np
import pytest

from mentionbridge.classify import measuring, trials
from mentionbridge.classify.own_words import sentences
from mentionbridge.classify.rows import Row

TRUTH = np.array([1.0, 1.0, 0.0, 0.0, 1.0, 0.0])
FOUND = np.array([0.9, 0.4, 0.6, 0.1, 0.8, 0.2])


def test_measures_by_hand() -> None:
    assert measuring.accuracy(TRUTH, FOUND) == pytest.approx(4 / 6)
    assert measuring.macro_f1(TRUTH, FOUND) == pytest.approx(2 / 3)
    assert measuring.auc(TRUTH, FOUND) == pytest.approx(8 / 9)


def test_ties_count_half() -> None:
    assert measuring.auc(np.array([1.0, 0.0]), np.array([0.5, 0.5])) == 0.5


def test_calibration_is_the_distance_from_the_diagonal() -> None:
    truth = np.array([1.0] * 8 + [0.0] * 2)
    assert measuring.calibration_error(truth, np.full(10, 0.95)) == pytest.approx(0.15)
    assert measuring.calibration_error(truth, np.full(10, 0.8)) == pytest.approx(0.0)


def test_an_interval_holds_its_figure() -> None:
    figure = measuring.measured(TRUTH, FOUND, measuring.accuracy)
    assert figure.low <= figure.value <= figure.high


def test_a_difference_within_its_interval_is_a_tie() -> None:
    truth = np.tile(TRUTH, 50)
    found = np.tile(FOUND, 50)
    assert measuring.difference(truth, found, found, measuring.macro_f1).verdict == "tie"
    assert measuring.difference(truth, found, truth, measuring.macro_f1).verdict == "better"
    assert measuring.difference(truth, truth, found, measuring.macro_f1).verdict == "worse"


def test_the_parts_are_those_of_scikit_learn() -> None:
    # StratifiedKFold(n_splits=3, shuffle=True, random_state=42) on these labels.
    labels = np.array([0, 0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0], dtype=float)
    assert [part.tolist() for part in trials.folds(labels, 3)] == [[0, 1, 6, 7], [4, 5, 8, 9], [2, 3, 10, 11]]


def test_no_row_is_judged_by_a_learner_that_saw_it() -> None:
    rows = [Row(text, so, "a" if number % 2 else "b") for number, (text, so) in enumerate(sentences(1))]
    trial = trials.cross_validate(rows)
    assert sorted(index for part in trial.parts for index in part) == list(range(len(rows)))
    assert measuring.accuracy(trial.truth, trial.found) > 0.5
    assert len(trials.leave_domains_out(rows).rows) == len(rows)
