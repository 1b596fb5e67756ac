"""Where the errors are: how often each kind of text is judged wrongly, by what its words show."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mentionbridge.classify import signals
from mentionbridge.classify.lexicon import load
from mentionbridge.classify.trials import Trial
from mentionbridge.classify.words import Words

LEAST = 40
"""Kinds with fewer texts are left out: one error would show as a tall bar."""
_SHORT, _LONG = 8, 20
_BY_GROUP = {
    "praise": "says something kind",
    "not_praise": "denies something kind",
    "thanks": "thanks",
    "denial": "denies",
    "asking": "asks",
    "failure": "names a failure",
    "dismay": "shows dismay",
    "waiting": "waits",
    "money": "is about money",
    "solved": "says it is solved",
    "link": "holds an address",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """Texts that are alike: how many, the share of their complaints that was missed, and of the rest taken for one."""

    name: str
    texts: int
    missed: float
    alarmed: float


def kinds(trial: Trial) -> list[Kind]:
    """Return what was judged wrongly at the threshold 0.5, kind by kind; a text may be of several."""
    of: dict[str, list[int]] = {}
    for at, row in enumerate(trial.rows):
        for name in ("all of them", *_kinds_of(row.text)):
            of.setdefault(name, []).append(at)
    return [_kind(name, trial, np.array(rows)) for name, rows in of.items() if len(rows) >= LEAST]


def _kind(name: str, trial: Trial, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Kind:
    so, said = trial.truth[rows] > 0.5, trial.found[rows] >= 0.5
    return Kind(name, len(rows), _share(so & ~said, so), _share(~so & said, ~so))


def _share(wrong: np.ndarray[tuple[int], np.dtype[np.bool_]], of: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    return float(wrong.sum() / of.sum()) if of.any() else 0.0


def _kinds_of(text: str) -> Iterator[str]:
    words = Words(text)
    seen = {signal.group for signal in signals.find(words, load("en"), has_media=False)}
    yield from (name for group, name in _BY_GROUP.items() if group in seen)
    if not seen & signals.WEIGHTS.keys():
        yield "holds no word of our lists"
    length = len(words.tokens)
    yield "is short" if length < _SHORT else "is long" if length > _LONG else "is of middle length"
