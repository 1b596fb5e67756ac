"""What a team's labels change: thresholds that suit a brand's posts, and weights corrected where labels disagree."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mentionbridge.classify import tongue
from mentionbridge.classify.learned import LEARNED, LearnedJudge
from mentionbridge.classify.learning import STEPS, Lesson, Vector, lesson, scores, see
from mentionbridge.classify.measuring import MEASURES, Difference, difference
from mentionbridge.classify.model import Weights
from mentionbridge.classify.rows import Row, fingerprint
from mentionbridge.classify.solver import minimise
from mentionbridge.classify.trials import folds, probabilities
from mentionbridge.classify.tuning import ENOUGH, Outcome, moved, outcome, shift
from mentionbridge.classify.words import Words
from mentionbridge.domain.account import Thresholds
from mentionbridge.text import language

_PARTS = 5
_STRENGTH = 2.0
# However one-sided the labels are, a threshold stays one.
_LOWEST, _HIGHEST = 0.01, 0.99
_LEAST_OF_A_KIND = 10
_DECIDED_ON = ("macro F1", "ROC AUC")


@dataclass(frozen=True, slots=True)
class Label:
    """A post a person labelled; `may_learn` is False where its network forbids training on it."""

    brand_id: str
    text: str
    lang: str | None
    complaint: bool
    may_learn: bool

    @property
    def read_as(self) -> str | None:
        """The language it is judged in; None when no machine judges it."""
        return tongue.choose(Words(self.text), language.primary(self.lang))


@dataclass(frozen=True, slots=True)
class Tuned:
    """The thresholds that suit a brand's posts, and what they do to its labelled posts beside the defaults."""

    thresholds: Thresholds
    labels: int
    before: Outcome
    after: Outcome


@dataclass(frozen=True, slots=True)
class Learned:
    """Corrected weights, what they gain on labels kept from them, and what each of those texts was given meanwhile."""

    weights: Weights
    labels: int
    gains: Mapping[str, Difference]
    kept: Mapping[str, float]

    @property
    def worse(self) -> bool:
        """True when the labels kept from it were judged worse than before."""
        return any(gain.verdict == "worse" for gain in self.gains.values())


def judged_by_machine(labels: Sequence[Label]) -> list[Label]:
    """Leave out what is in a language nobody judges: no threshold matters to it."""
    return [label for label in labels if label.read_as is not None]


def tune(judge: LearnedJudge, labels: Sequence[Label], kept: Mapping[str, float], was: Thresholds) -> Tuned:
    """Move the thresholds `was` by a brand's labels; `kept` has the numbers of those the weights learned from."""
    truth = np.array([float(label.complaint) for label in labels])
    found = np.array([_number(judge, label, kept.get(label.text)) for label in labels])
    by = shift(truth, found)
    now = Thresholds(_within(moved(was.review_from, by)), _within(moved(was.auto_from, by)))
    return Tuned(now, len(labels), _does(truth, found, was), _does(truth, found, now))


def _within(threshold: float) -> float:
    return round(min(max(threshold, _LOWEST), _HIGHEST), 3)


def _number(judge: LearnedJudge, label: Label, kept: float | None) -> float:
    if kept is not None:
        return judge.again(label.text, kept)
    return judge.judge(label.text, lang=label.lang, topics=(), has_media=False).complaint


def _does(truth: Vector, found: Vector, thresholds: Thresholds) -> Outcome:
    return outcome(truth, found, thresholds.review_from, thresholds.auto_from)


def learnable(labels: Sequence[Label]) -> list[Label]:
    """Return the labels weights may be corrected by: allowed, in the learned language, each text once."""
    once = {label.text: label for label in labels if label.may_learn and label.read_as == LEARNED}
    return list(once.values())


def enough(labels: Sequence[Label]) -> bool:
    """Tell whether weights can be corrected by these and the correction judged: enough, and some of either kind."""
    complaints = sum(label.complaint for label in labels)
    return len(labels) >= ENOUGH and min(complaints, len(labels) - complaints) >= _LEAST_OF_A_KIND


def learn_from(
    weights: Weights, labels: Sequence[Label], version: str | None, progress: Callable[[int], None]
) -> Learned:
    """Correct the weights by labels, and judge each label by a correction that did not see it."""
    rows = [Row(label.text, label.complaint) for label in labels]
    given = lesson(see([row.text for row in rows]), [float(row.complaint) for row in rows])
    facts = {
        **weights.facts,
        "version": version or f"{weights.version}-{fingerprint(rows)[:8]}",
        "corrects": weights.version,
        "feedback": len(rows),
        "feedback_fingerprint": fingerprint(rows),
    }
    kept, before = np.zeros(len(rows)), probabilities(weights, given)
    for number, part in enumerate(folds(given.targets, _PARTS), start=1):
        others = np.setdiff1d(np.arange(len(rows)), part)
        kept[part] = probabilities(correct(weights, given.only(others)), given.only(part))
        progress(number)
    gains = {name: difference(given.targets, before, kept, MEASURES[name]) for name in _DECIDED_ON}
    numbers = dict(zip([row.text for row in rows], kept.tolist(), strict=True))
    return Learned(replace(correct(weights, given), facts=facts), len(rows), gains, numbers)


def correct(weights: Weights, given: Lesson, *, strength: float = _STRENGTH) -> Weights:
    """Learn what must be added to the weights to agree with a lesson; what it does not speak of stays as it was.

    Nothing the weights were first learned from is needed: few labels move them little.
    """
    seen, rows = given.seen, given.seen.rows
    root = np.sqrt(weights.sizes.astype(np.float64))
    length = np.sqrt(np.bincount(rows, root[seen.buckets] ** 2, len(seen)))
    values = root[seen.buckets] / np.where(length == 0, 1, length)[rows]
    known, columns = np.unique(seen.buckets, return_inverse=True)
    said = weights.slope * scores(weights, seen) + weights.shift

    def loss(at: Vector) -> tuple[float, Vector]:
        z = said + np.bincount(rows, values * at[:-1][columns], len(seen)) + at[-1]
        wrong = given.counts * (1 / (1 + np.exp(-z)) - given.targets)
        slope = np.append(np.bincount(columns, values * wrong[rows], len(known)), wrong.sum()) + at / strength
        total = float(given.counts @ (np.logaddexp(0, z) - given.targets * z))
        return total + float(at @ at) / (2 * strength), slope

    more = minimise(loss, np.zeros(len(known) + 1), steps=STEPS, tolerance=1e-3) / weights.slope
    pieces = weights.pieces.copy()
    pieces[known] += (more[:-1] * root[known]).astype(np.float32)
    return replace(weights, pieces=pieces, bias=weights.bias + float(more[-1]))
