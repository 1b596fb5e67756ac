"""Judging texts that were kept from the learner: in ten parts, or a whole domain at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mentionbridge.classify.distilling import Copies, Teacher, seen_copies
from mentionbridge.classify.features import Indices
from mentionbridge.classify.learning import Lesson, Vector, calibration, learn, lesson, scores, see
from mentionbridge.classify.model import Weights
from mentionbridge.classify.rows import Row

FOLDS = 10
SEED = 42
_INNER = 5
_RANDOM = ("random_reply", "random_tweet")

Progress = Callable[[str, int, int], None]


def silent(what: str, done: int, of: int) -> None:
    """Tell nobody."""


def folds(labels: Vector, count: int = FOLDS, seed: int = SEED) -> list[Indices]:
    """Return the rows of each part, every label spread evenly: the parts of scikit-learn's StratifiedKFold."""
    kinds = list(dict.fromkeys(labels.tolist()))
    codes = np.array([kinds.index(label) for label in labels.tolist()])
    ordered, rng = np.sort(codes), np.random.RandomState(seed)
    sizes = [np.bincount(ordered[part::count], minlength=len(kinds)) for part in range(count)]
    part_of = np.empty(len(codes), dtype=np.int64)
    for kind in range(len(kinds)):
        parts = np.arange(count).repeat([size[kind] for size in sizes])
        rng.shuffle(parts)
        part_of[codes == kind] = parts
    return [np.flatnonzero(part_of == part) for part in range(count)]


def said_to_brands(rows: Sequence[Row]) -> list[int]:
    """Return which rows are no random posts."""
    return [at for at, row in enumerate(rows) if row.domain not in _RANDOM]


@dataclass(frozen=True, slots=True)
class Trial:
    """What was found of every row while it was kept from the learner."""

    rows: Sequence[Row]
    truth: Vector
    found: Vector
    parts: Sequence[Indices]

    @property
    def brands(self) -> "Trial":
        """The rows said to brands, without random posts."""
        chosen = np.array(said_to_brands(self.rows), dtype=np.int64)
        return Trial([self.rows[at] for at in chosen.tolist()], self.truth[chosen], self.found[chosen], ())


@dataclass(frozen=True, slots=True)
class Beside:
    """What is learned beside labelled texts: `sentences` of our own, and copies of the texts as a teacher sees them."""

    sentences: Lesson | None = None
    copies: Copies | None = None

    def added_to(self, given: Lesson, rows: Indices) -> Lesson:
        """Return all there is to learn when these rows are given; no copy of any other is among it."""
        whole = given if self.sentences is None else given + self.sentences
        return whole if self.copies is None else whole + self.copies.of(rows)

    def of(self, rows: Indices) -> "Beside":
        """Return it for these rows alone, counted anew."""
        return self if self.copies is None else replace(self, copies=self.copies.only(rows))


NOTHING = Beside()


def calibrated_learn(
    given: Lesson,
    facts: Mapping[str, Any],
    beside: Beside = NOTHING,
    to_brands: Sequence[int] = (),
) -> Weights:
    """Learn weights, and make their numbers probabilities by five parts of what was given kept from the learner.

    When it is told which texts were said `to_brands`, the facts keep the scale that suits those.
    """
    out = np.zeros(len(given.targets))
    for part in folds(np.round(given.targets), _INNER):
        others = np.setdiff1d(np.arange(len(out)), part)
        out[part] = scores(learn(beside.added_to(given.only(others), others), facts), given.only(part).seen)
    slope, shift = calibration(out, given.targets)
    if len(to_brands):
        some = np.asarray(to_brands)
        facts = {**facts, "to_brands": calibration(slope * out[some] + shift, given.targets[some])}
    return replace(learn(beside.added_to(given, np.arange(len(out))), facts), slope=slope, shift=shift)


def cross_validate(
    rows: Sequence[Row],
    *,
    beside: Lesson | None = None,
    teacher: Teacher | None = None,
    only: int | None = None,
    progress: Progress = silent,
) -> Trial:
    """Judge each tenth of the rows, or `only` one, by what the other nine teach; what was not judged is left out."""
    truth = np.array([float(row.complaint) for row in rows])
    parts = {str(number): part for number, part in enumerate(folds(truth)) if only in (None, number)}
    trial = _judged(rows, truth, parts, beside, teacher, progress)
    if only is None:
        return trial
    (part,) = parts.values()
    return Trial([rows[at] for at in part.tolist()], trial.truth[part], trial.found[part], ())


def domains(rows: Sequence[Row]) -> dict[str, Indices]:
    """Return the rows of each domain that is a brand's trade, without random posts."""
    named = sorted({row.domain for row in rows} - set(_RANDOM))
    return {domain: np.flatnonzero([row.domain == domain for row in rows]) for domain in named}


def leave_domains_out(
    rows: Sequence[Row],
    *,
    beside: Lesson | None = None,
    teacher: Teacher | None = None,
    progress: Progress = silent,
) -> Trial:
    """Judge each domain by what the others teach."""
    parts = domains(rows)
    kept = sorted(index for part in parts.values() for index in part.tolist())
    trial = _judged(rows, np.array([float(row.complaint) for row in rows]), parts, beside, teacher, progress)
    chosen = np.array(kept)
    return Trial([rows[i] for i in kept], trial.truth[chosen], trial.found[chosen], ())


def _judged(
    rows: Sequence[Row],
    truth: Vector,
    parts: Mapping[str, Indices],
    beside: Lesson | None,
    teacher: Teacher | None,
    progress: Progress,
) -> Trial:
    given, found = lesson(see([row.text for row in rows]), truth), np.zeros(len(rows))
    copied = seen_copies(rows) if teacher is not None else None
    for number, (name, part) in enumerate(parts.items(), start=1):
        others = np.setdiff1d(np.arange(len(rows)), part)
        copies = Copies(copied, teacher.parts[name]) if teacher is not None and copied is not None else None
        weights = calibrated_learn(given.only(others), {}, Beside(beside, copies).of(others))
        found[part] = probabilities(weights, given.only(part))
        progress("parts judged", number, len(parts))
    return Trial(rows, truth, found, list(parts.values()))


def probabilities(weights: Weights, given: Lesson) -> Vector:
    """Return how likely each text is a complaint."""
    return np.array([weights.probability(score) for score in scores(weights, given.seen).tolist()])


def rescaled(trial: Trial, parts: Sequence[Indices]) -> Trial:
    """Make the numbers probabilities for the rows of this trial alone; those of a part by what the others teach."""
    inside = np.clip(trial.found, 1e-6, 1 - 1e-6)
    odds, found = np.log(inside / (1 - inside)), trial.found.copy()
    for part in parts:
        others = np.setdiff1d(np.arange(len(found)), part)
        slope, shift = calibration(odds[others], trial.truth[others])
        found[part] = 1 / (1 + np.exp(-(slope * odds[part] + shift)))
    return Trial(trial.rows, trial.truth, found, parts)


def per_domain(trial: Trial) -> Iterator[tuple[str, Vector, Vector]]:
    """Yield each domain with the truth and what was found."""
    for domain in sorted({row.domain for row in trial.rows}):
        chosen = np.flatnonzero([row.domain == domain for row in trial.rows])
        yield domain, trial.truth[chosen], trial.found[chosen]
