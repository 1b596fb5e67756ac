"""Learning the default tier from labelled texts: a minute on one core, in numpy alone, the same on every machine."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mentionbridge.classify import signals, style
from mentionbridge.classify.features import BUCKETS, Indices, Pieces, plain
from mentionbridge.classify.lexicon import load
from mentionbridge.classify.model import Weights
from mentionbridge.classify.solver import minimise
from mentionbridge.classify.words import Words

Vector = NDArray[np.float64]
STRENGTH = 4.0
STYLE_SCALE = 0.2
STEPS = 120
_PRIOR = 1.0


@dataclass(frozen=True, slots=True)
class Seen:
    """Texts as numbers, ready to learn from: buckets of every text in one row, and the style of each."""

    buckets: Indices
    bounds: Indices
    style: Vector

    @property
    def rows(self) -> Indices:
        """Which text each bucket belongs to."""
        return np.repeat(np.arange(len(self.bounds) - 1), np.diff(self.bounds))

    def only(self, chosen: Sequence[int] | Indices) -> "Seen":
        """Return some of the texts."""
        parts = [self.buckets[self.bounds[i] : self.bounds[i + 1]] for i in chosen]
        return _seen(parts, self.style[np.asarray(chosen)])

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def __add__(self, more: "Seen") -> "Seen":
        bounds = np.concatenate((self.bounds, more.bounds[1:] + self.bounds[-1]))
        return Seen(np.concatenate((self.buckets, more.buckets)), bounds, np.concatenate((self.style, more.style)))


def see(texts: Sequence[str], lang: str = "en") -> Seen:
    """Turn texts into numbers."""
    lists = load(lang)
    rows = [style.row(words, signals.find(words, lists, has_media=False)) for words in map(Words, texts)]
    return _seen([Pieces(plain(text)).all for text in texts], np.array(rows, dtype=np.float64))


def _seen(parts: list[Indices], rows: Vector) -> Seen:
    bounds = np.cumsum([0, *map(len, parts)])
    return Seen(np.concatenate([*parts, np.zeros(0, np.int64)]), bounds, rows)


@dataclass(frozen=True, slots=True)
class Lesson:
    """Texts with what they are: 1 a complaint, 0 none, or a teacher's number between; and how much each counts."""

    seen: Seen
    targets: Vector
    counts: Vector

    def __add__(self, more: "Lesson") -> "Lesson":
        both = (np.concatenate((self.targets, more.targets)), np.concatenate((self.counts, more.counts)))
        return Lesson(self.seen + more.seen, *both)

    def only(self, chosen: Sequence[int] | Indices) -> "Lesson":
        """Return a part of it."""
        return Lesson(self.seen.only(chosen), self.targets[chosen], self.counts[chosen])


def lesson(seen: Seen, targets: Sequence[float] | Vector, count: float = 1.0) -> Lesson:
    """Put texts together with what they are."""
    return Lesson(seen, np.asarray(targets, dtype=np.float64), np.full(len(seen), count))


@dataclass(slots=True)
class _Problem:
    """The penalised log loss of a lesson, over the buckets that occur in it, the style and the bias."""

    given: Lesson
    strength: float
    ratio: Vector = field(init=False)
    known: Indices = field(init=False)
    columns: Indices = field(init=False)
    values: Vector = field(init=False)
    rows: Indices = field(init=False)
    style: Vector = field(init=False)
    middle: Vector = field(init=False)
    spread: Vector = field(init=False)

    def __post_init__(self) -> None:
        seen = self.given.seen
        self.rows = seen.rows
        self.ratio = _ratio(self.given, self.rows)
        length = np.sqrt(np.bincount(self.rows, self.ratio[seen.buckets] ** 2, len(seen)))
        self.values = self.ratio[seen.buckets] / np.where(length == 0, 1, length)[self.rows]
        self.known, self.columns = np.unique(seen.buckets, return_inverse=True)
        self.middle, self.spread = seen.style.mean(0), seen.style.std(0) + 1e-3
        self.style = (seen.style - self.middle) / self.spread * STYLE_SCALE

    def loss(self, at: Vector) -> tuple[float, Vector]:
        """Return the loss and its slope at a point."""
        size, given = len(self.known), self.given
        scores = np.bincount(self.rows, self.values * at[:size][self.columns], len(given.targets))
        scores += self.style @ at[size:-1] + at[-1]
        wrong = given.counts * (1 / (1 + np.exp(-scores)) - given.targets)
        loss = float(given.counts @ (np.logaddexp(0, scores) - given.targets * scores))
        slope = np.concatenate(
            (np.bincount(self.columns, self.values * wrong[self.rows], size), self.style.T @ wrong, [wrong.sum()])
        )
        slope[:-1] += at[:-1] / self.strength
        return loss + float(at[:-1] @ at[:-1]) / (2 * self.strength), slope

    def weights(self, at: Vector, facts: Mapping[str, Any]) -> Weights:
        """Return a solution in the shape that judges."""
        size = len(self.known)
        pieces, sizes = np.zeros(BUCKETS, np.float32), np.zeros(BUCKETS, np.float32)
        pieces[self.known] = at[:size] * self.ratio[self.known]
        sizes[:] = self.ratio**2
        by_style = at[size:-1] / self.spread * STYLE_SCALE
        bias = float(at[-1] - by_style @ self.middle)
        return Weights(pieces, sizes, by_style.astype(np.float32), bias, 1.0, 0.0, dict(facts))


def _ratio(given: Lesson, rows: Indices) -> Vector:
    """Return how much more often each bucket is met on one side than the other, as the size of a log ratio."""
    buckets = given.seen.buckets
    side = given.counts * given.targets
    complaints = np.bincount(buckets, side[rows], BUCKETS) + _PRIOR
    others = np.bincount(buckets, (given.counts - side)[rows], BUCKETS) + _PRIOR
    ratio: Vector = np.abs(np.log(complaints / complaints.sum() / (others / others.sum())))
    return ratio


def learn(given: Lesson, facts: Mapping[str, Any], *, strength: float = STRENGTH) -> Weights:
    """Learn weights; their numbers are calibrated afterwards, on texts they have not seen."""
    problem = _Problem(given, strength)
    start = np.zeros(len(problem.known) + problem.style.shape[1] + 1)
    return problem.weights(minimise(problem.loss, start, steps=STEPS, tolerance=1e-3), facts)


def scores(weights: Weights, seen: Seen) -> Vector:
    """Return the uncalibrated score of each text."""
    rows = seen.rows
    length = np.sqrt(np.bincount(rows, weights.sizes[seen.buckets], len(seen)))
    total = np.bincount(rows, weights.pieces[seen.buckets], len(seen))
    return total / np.where(length == 0, 1, length) + seen.style @ weights.style.astype(np.float64) + weights.bias


def calibration(found: Vector, targets: Vector) -> tuple[float, float]:
    """Return the slope and shift that make scores probabilities, by Platt's way with his pull towards the middle."""
    many, few = float(targets.sum()), float(len(targets) - targets.sum())
    aims = np.where(targets > 0.5, (many + 1) / (many + 2), 1 / (few + 2))

    def loss(at: Vector) -> tuple[float, Vector]:
        z = at[0] * found + at[1]
        wrong = 1 / (1 + np.exp(-z)) - aims
        return float((np.logaddexp(0, z) - aims * z).sum()), np.array([wrong @ found, wrong.sum()])

    slope, shift = minimise(loss, np.array([1.0, 0.0]), tolerance=1e-6)
    return (float(slope), float(shift)) if math.isfinite(slope + shift) and slope > 0 else (1.0, 0.0)
