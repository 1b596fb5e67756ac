"""How good a judge's numbers are: accuracy, macro F1, AUC, calibration, each with its bootstrap interval."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Measure = Callable[[Vector, Vector], float]
BINS = 10
DRAWS = 500
_SEED = 42


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with the interval 95 % of the bootstrap draws fall in."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.4f} [{self.low:.4f} to {self.high:.4f}]"


def accuracy(truth: Vector, found: Vector) -> float:
    """Return the share judged right at the threshold 0.5."""
    return float(((found >= 0.5) == (truth > 0.5)).mean())


def macro_f1(truth: Vector, found: Vector) -> float:
    """Return the mean of the F1 of complaints and of the rest, at the threshold 0.5."""
    said, so = found >= 0.5, truth > 0.5
    return (_f1(so, said) + _f1(~so, ~said)) / 2


def _f1(so: NDArray[np.bool_], said: NDArray[np.bool_]) -> float:
    hit = float((so & said).sum())
    return 2 * hit / float(so.sum() + said.sum()) if hit else 0.0


def auc(truth: Vector, found: Vector) -> float:
    """Return the chance that a complaint gets a higher number than another text; ties count half."""
    so = truth > 0.5
    many, few = int(so.sum()), int((~so).sum())
    if not many or not few:
        return float("nan")
    _, place, counts = np.unique(found, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return float((ranks[so].sum() - many * (many + 1) / 2) / (many * few))


def calibration_error(truth: Vector, found: Vector) -> float:
    """Return by how much the numbers miss the shares, in ten bins of equal width, weighted by their size."""
    return sum(each.share * abs(each.said - each.was) for each in reliability(truth, found))


@dataclass(frozen=True, slots=True)
class Bin:
    """Texts whose numbers are alike: their share of all, the mean number, and how many were complaints."""

    share: float
    said: float
    was: float


def reliability(truth: Vector, found: Vector) -> list[Bin]:
    """Return the ten bins that hold any text."""
    place = np.minimum((found * BINS).astype(int), BINS - 1)
    members = [place == number for number in range(BINS)]
    return [
        Bin(float(of.mean()), float(found[of].mean()), float((truth[of] > 0.5).mean())) for of in members if of.any()
    ]


MEASURES: dict[str, Measure] = {
    "accuracy": accuracy,
    "macro F1": macro_f1,
    "ROC AUC": auc,
    "calibration error": calibration_error,
}


def measured(truth: Vector, found: Vector, measure: Measure, draws: int = DRAWS) -> Figure:
    """Return a figure with its interval, drawing the rows anew with a fixed seed."""
    rng = np.random.default_rng(_SEED)
    picks = (rng.integers(0, len(truth), len(truth)) for _ in range(draws))
    drawn = np.array([measure(truth[pick], found[pick]) for pick in picks])
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Figure(measure(truth, found), float(low), float(high))


def table(truth: Sequence[float] | Vector, found: Sequence[float] | Vector, draws: int = DRAWS) -> dict[str, Figure]:
    """Return every measure of `MEASURES`."""
    was, said = np.asarray(truth, dtype=np.float64), np.asarray(found, dtype=np.float64)
    return {name: measured(was, said, measure, draws) for name, measure in MEASURES.items()}


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better the second of two is, with its interval; within it they are a tie."""

    value: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """Say which is better in one word."""
        return "better" if self.low > 0 else "worse" if self.high < 0 else "tie"


def difference(truth: Vector, first: Vector, second: Vector, measure: Measure, draws: int = DRAWS) -> Difference:
    """Compare two judges on the same rows, drawing the same rows for both."""
    rng = np.random.default_rng(_SEED)
    picks = (rng.integers(0, len(truth), len(truth)) for _ in range(draws))
    drawn = [measure(truth[pick], second[pick]) - measure(truth[pick], first[pick]) for pick in picks]
    low, high = np.nanpercentile(np.array(drawn), [2.5, 97.5])
    return Difference(measure(truth, second) - measure(truth, first), float(low), float(high))
