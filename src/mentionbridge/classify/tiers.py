"""What a finished judge makes of labelled rows, tier by tier."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mentionbridge.classify import measuring, trials, tuning
from mentionbridge.classify.learned import LearnedJudge
from mentionbridge.classify.learning import Vector, lesson, see
from mentionbridge.classify.model import Weights
from mentionbridge.classify.rows import Row
from mentionbridge.classify.scale import TO_BRANDS, usual_thresholds
from mentionbridge.domain.account import Thresholds
from mentionbridge.domain.second import is_asked


@dataclass(frozen=True, slots=True)
class Measured:
    """What a finished judge made of labelled rows, and how often its second tier was asked."""

    tier: str
    version: str
    truth: Vector
    found: Vector
    thresholds: Thresholds
    asked: float

    @property
    def figures(self) -> dict[str, measuring.Figure]:
        """Every measure with its interval."""
        return measuring.table(self.truth, self.found)

    @property
    def policy(self) -> tuning.Outcome:
        """What the tier's own thresholds do to these rows."""
        return tuning.outcome(self.truth, self.found, self.thresholds.review_from, self.thresholds.auto_from)

    def as_dict(self) -> dict[str, Any]:
        """Return everything for printing as JSON."""
        told = {name: asdict(figure) for name, figure in self.figures.items()}
        return {**self._head(), **told, "policy": asdict(self.policy)}

    def lines(self) -> dict[str, object]:
        """Return everything as a person reads it."""
        return {**self._head(), **self.figures, **asdict(self.policy)}

    def _head(self) -> dict[str, Any]:
        head: dict[str, Any] = {"rows": len(self.truth), "tier": self.tier, "version": self.version}
        return head if self.tier == "default" else head | {"asked about": round(self.asked, 3)}


def measure(judge: LearnedJudge, rows: Sequence[Row], lang: str | None) -> Measured:
    """Measure a judge: its numbers for English rows, or, with a language, whole verdicts in that language."""
    truth, found, asked = _by_numbers(judge, rows) if lang is None else _by_verdicts(judge, rows, lang)
    second, scale = judge.second, "" if judge.scale is None else TO_BRANDS
    version = judge.weights.version
    usual = usual_thresholds(second, judge.scale)
    if second is None:
        return Measured("default", version + scale, truth, found, usual, asked)
    return Measured("accurate", f"{version}+{second.version}{scale}", truth, found, usual, asked)


def judged(weights: Weights, rows: Sequence[Row]) -> tuple[Vector, Vector]:
    """Return the truth of rows, and what finished weights find of them."""
    truth = np.array([float(row.complaint) for row in rows])
    return truth, trials.probabilities(weights, lesson(see([row.text for row in rows]), truth))


def _by_numbers(judge: LearnedJudge, rows: Sequence[Row]) -> tuple[Vector, Vector, float]:
    truth, first = judged(judge.weights, rows)
    found = np.array([judge.again(row.text, one) for row, one in zip(rows, first.tolist(), strict=True)])
    second = judge.second
    asked = 0.0 if second is None else float(np.mean([is_asked(second, one) for one in first.tolist()]))
    return truth, found, asked


def _by_verdicts(judge: LearnedJudge, rows: Sequence[Row], lang: str) -> tuple[Vector, Vector, float]:
    """Judge whole, rules and abstentions included."""
    verdicts = [judge.judge(row.text, lang=lang, topics=(), has_media=False) for row in rows]
    truth, found = [float(row.complaint) for row in rows], [verdict.complaint for verdict in verdicts]
    return np.array(truth), np.array(found), float(np.mean([verdict.model == "accurate" for verdict in verdicts]))
