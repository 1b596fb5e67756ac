"""Everything measured of a learner on one set of rows: what the tables of docs/judgement.md rest on."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from mentionbridge.classify import measuring, mistakes, trials, tuning
from mentionbridge.classify.distilling import Teacher
from mentionbridge.classify.learned import LearnedJudge
from mentionbridge.classify.learning import Lesson
from mentionbridge.classify.rows import Row, fingerprint
from mentionbridge.classify.trials import Progress, Trial, silent

_TIMED = 1000
_ROUNDS = 10
_ENOUGH_ROWS = 2 * tuning.ENOUGH


@dataclass(frozen=True, slots=True)
class Report:
    """The trial of a learner: each tenth by the other nine, and each domain by the others where there are domains."""

    tenths: Trial
    domains: Trial | None

    def as_dict(self) -> dict[str, Any]:
        """Return every table for printing and drawing."""
        brands = self.tenths.brands
        told: dict[str, Any] = {"seed": trials.SEED, "rows": len(self.tenths.rows)}
        told |= {"learned from": fingerprint(self.tenths.rows), "parts": self._parts()}
        told |= {"all": _figures(self.tenths), "brands": _figures(brands)}
        told |= {"brands, own scale": _figures(trials.rescaled(brands, trials.folds(brands.truth)))}
        told |= {"policy": [asdict(tuning.choose(self.tenths.brands.truth, self.tenths.brands.found))]}
        told |= {"curve": [asdict(point) for point in tuning.curve(self.tenths.brands.truth, self.tenths.brands.found)]}
        told |= {"reliability": [asdict(each) for each in _reliability(self.tenths)]}
        told |= {"mistakes": [asdict(kind) for kind in mistakes.kinds(self.tenths.brands)]}
        return told | (self._abroad(self.domains) if self.domains else {})

    def _parts(self) -> list[dict[str, float]]:
        """Return the figures of each tenth by itself, without intervals."""
        kept = [(self.tenths.truth[part], self.tenths.found[part]) for part in self.tenths.parts]
        return [{name: of(*each) for name, of in measuring.MEASURES.items()} for each in kept]

    def _abroad(self, domains: Trial) -> dict[str, Any]:
        at_home = {domain: found for domain, _, found in trials.per_domain(self.tenths)}
        rows = [
            tuning.recovery(domain, truth, at_home[domain], found)
            for domain, truth, found in trials.per_domain(domains)
            if len(truth) >= _ENOUGH_ROWS
        ]
        return {
            "left out": _figures(domains),
            "left out, own scale": _figures(trials.rescaled(domains, list(trials.domains(domains.rows).values()))),
            "left out policy": [asdict(tuning.choose(domains.truth, domains.found))],
            "recovery": [asdict(row) for row in rows],
            "recovered share": tuning.recovered_share(rows),
        }


def _figures(trial: Trial) -> dict[str, Any]:
    return {name: asdict(figure) for name, figure in measuring.table(trial.truth, trial.found).items()}


def _reliability(trial: Trial) -> list[measuring.Bin]:
    return measuring.reliability(trial.truth, trial.found)


def examine(
    rows: Sequence[Row], beside: Lesson | None, teacher: Teacher | None = None, progress: Progress = silent
) -> Report:
    """Try the learner on rows kept from it, every way we report."""
    told: dict[str, Any] = {"beside": beside, "teacher": teacher, "progress": progress}
    tenths = trials.cross_validate(rows, **told)
    several = len({row.domain for row in tenths.brands.rows}) > 1
    return Report(tenths, trials.leave_domains_out(rows, **told) if several else None)


def speed(judge: LearnedJudge, texts: Sequence[str], rival: Callable[[str], object] | None) -> dict[str, float]:
    """Return whole verdicts a second on one thread, and how that compares with another judge in the same run."""
    some = [texts[place % len(texts)] for place in range(_TIMED)]
    judges: list[Callable[[str], object]] = [
        partial(judge.judge, lang="en", topics=(), has_media=False),
        *([rival] if rival else []),
    ]
    ours, *others = _per_second(judges, some)
    if not others:
        return {"verdicts a second": round(ours)}
    (theirs,) = others
    return {"verdicts a second": round(ours), "VADER a second": round(theirs), "relative": round(ours / theirs, 3)}


def _per_second(judges: Sequence[Callable[[str], object]], texts: Sequence[str]) -> list[float]:
    """Return the best of some rounds for each; they take turns, so that a busy minute is in the way of all."""
    rounds = [[_seconds(judge, texts) for judge in judges] for _ in range(_ROUNDS)]
    return [len(texts) / min(taken) for taken in zip(*rounds, strict=True)]


def _seconds(judge: Callable[[str], object], texts: Sequence[str]) -> float:
    began = time.process_time()
    for text in texts:
        judge(text)
    return time.process_time() - began
