"""Thresholds: what they do, where to put them, and how few labels of a brand move them to its posts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mentionbridge.classify.learning import Vector
from mentionbridge.classify.measuring import macro_f1
from mentionbridge.classify.solver import minimise

REACHING = 0.97
RIGHT = 0.95
REVIEWED_AT_MOST = 0.30
ENOUGH = 50
_PULL = 1.0
_GRID = tuple(step / 100 for step in range(1, 100))
_DRAWS = 20
_SEED = 42


@dataclass(frozen=True, slots=True)
class Outcome:
    """What two thresholds do to posts: shares of all, but `reaching` of the complaints and `right` of the answered."""

    ticket_from: float
    auto_from: float
    reaching: float
    reviewed: float
    answered: float
    right: float


def outcome(truth: Vector, found: Vector, ticket_from: float, auto_from: float) -> Outcome:
    """Return what these thresholds do."""
    so, held, answered = truth > 0.5, found >= ticket_from, found >= auto_from
    return Outcome(
        ticket_from,
        auto_from,
        reaching=float(held[so].mean()) if so.any() else 1.0,
        reviewed=float((held & ~answered).mean()),
        answered=float(answered.mean()),
        right=float(so[answered].mean()) if answered.any() else 1.0,
    )


def curve(truth: Vector, found: Vector) -> list[Outcome]:
    """Return what each single threshold does, from 0.01 to 0.99."""
    return [outcome(truth, found, at, at) for at in _GRID]


def choose(truth: Vector, found: Vector) -> Outcome:
    """Return the least that answers rightly enough, and the most below it that lets enough complaints through."""
    points = curve(truth, found)
    auto = min((point.auto_from for point in points if point.right >= RIGHT), default=_GRID[-1])
    ticket = max((point.ticket_from for point in points if point.reaching >= REACHING), default=_GRID[0])
    return outcome(truth, found, min(ticket, auto), auto)


def shift(truth: Vector, found: Vector) -> float:
    """Return by how much the numbers of a brand's posts should be raised, in log odds; few labels move it little."""
    odds = np.log(np.clip(found, 1e-4, 1 - 1e-4) / np.clip(1 - found, 1e-4, 1 - 1e-4))

    def loss(at: Vector) -> tuple[float, Vector]:
        z = odds + at[0]
        slope = float((1 / (1 + np.exp(-z)) - truth).sum()) + _PULL * float(at[0])
        return float((np.logaddexp(0, z) - truth * z).sum()) + _PULL * float(at[0]) ** 2 / 2, np.array([slope])

    return float(minimise(loss, np.zeros(1), tolerance=1e-6)[0])


def moved(threshold: float, by: float) -> float:
    """Return the threshold that does to a brand's numbers what this one does once they are raised."""
    return 1 / (1 + math.exp(by - math.log(threshold / (1 - threshold))))


@dataclass(frozen=True, slots=True)
class Recovery:
    """One domain: macro F1 when its posts were learned from, when not, and when fifty labels moved the threshold."""

    domain: str
    rows: int
    at_home: float
    abroad: float
    tuned: float

    @property
    def loss(self) -> float:
        """What it costs that the domain was not learned from."""
        return self.at_home - self.abroad

    @property
    def recovered(self) -> float:
        """What the labels brought back."""
        return self.tuned - self.abroad


def recovery(domain: str, truth: Vector, at_home: Vector, abroad: Vector, labels: int = ENOUGH) -> Recovery:
    """Move the threshold by `labels` rows drawn twenty times, and judge the rest of the domain with it."""
    rng, tuned = np.random.default_rng(_SEED), []
    for _ in range(_DRAWS):
        order = rng.permutation(len(truth))
        few, rest = order[:labels], order[labels:]
        by = shift(truth[few], abroad[few])
        tuned.append(macro_f1(truth[rest], (abroad[rest] >= moved(0.5, by)).astype(np.float64)))
    return Recovery(domain, len(truth), macro_f1(truth, at_home), macro_f1(truth, abroad), float(np.mean(tuned)))


def recovered_share(rows: Sequence[Recovery]) -> float:
    """Return which part of the loss over all domains the labels brought back, each domain by its size."""
    lost = sum(row.loss * row.rows for row in rows)
    return sum(row.recovered * row.rows for row in rows) / lost if lost > 0 else 1.0
