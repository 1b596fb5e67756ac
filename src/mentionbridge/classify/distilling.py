"""What a slower teacher says of copies of the texts, some of their words left out: the default tier learns that, too.

A copy is nobody's post any more; what the teacher makes of it carries over how it weighs the words that are left.
"""

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mentionbridge.classify.features import Indices, plain
from mentionbridge.classify.learning import Lesson, Seen, Vector, lesson, see
from mentionbridge.classify.rows import Row, fingerprint

LEFT_OUT = (0.3, 0.3, 0.4, 0.4)
"""The share of words that each copy of a text lacks."""

COUNT = 0.5
"""How much a copy counts beside a labelled post."""

ALL = "all"
"""The part from which nothing was kept."""

_STEPS = 16
_FINGERPRINT = "rows learned from"


def copies(text: str) -> list[str]:
    """Return the copies of one text; the same on every machine, whatever other texts there are."""
    words = plain(text).split()
    dice = random.Random(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
    return [" ".join([word for word in words if dice.random() >= share] or words) for share in LEFT_OUT]


@dataclass(frozen=True, slots=True)
class Teacher:
    """A teacher's numbers (log-odds) for every copy of every row, by the part that was kept from it."""

    learned_from: str
    parts: Mapping[str, Vector]

    def fits(self, rows: Sequence[Row]) -> bool:
        """Tell whether its numbers are about copies of these very rows, in this order."""
        return self.learned_from == _mark(rows)


@dataclass(frozen=True, slots=True)
class Copies:
    """Copies of texts with what a teacher says of them; those of one text lie side by side."""

    seen: Seen
    said: Vector

    def only(self, rows: Indices) -> "Copies":
        """Return those of some of the texts, counted anew."""
        at = (np.asarray(rows)[:, None] * len(LEFT_OUT) + np.arange(len(LEFT_OUT))).ravel()
        return Copies(self.seen.only(at), self.said[at])

    def of(self, rows: Indices) -> Lesson:
        """Return those of some of the texts, to learn from."""
        some = self.only(rows)
        return lesson(some.seen, 1 / (1 + np.exp(-some.said)), COUNT)


def seen_copies(rows: Sequence[Row]) -> Seen:
    """Turn every row's copies into numbers."""
    return see([copy for row in rows for copy in copies(row.text)])


def write(out: Path, rows: Sequence[Row], parts: Mapping[str, Vector]) -> None:
    """Keep a teacher's numbers, to a sixteenth; they hold nothing of the texts."""
    whole = {name: np.clip(np.round(said * _STEPS), -127, 127).astype(np.int8) for name, said in parts.items()}
    np.savez_compressed(out, **{_FINGERPRINT: np.array(_mark(rows))}, **whole)  # type: ignore[arg-type]


def read(file: Path) -> Teacher:
    """Read them. Raises ValueError and OSError when it is no such file."""
    with np.load(file, allow_pickle=False) as kept:
        if _FINGERPRINT not in kept:
            raise ValueError("it does not say which rows the teacher learned from")
        parts = {name: _numbers(kept[name]) for name in kept.files if name != _FINGERPRINT}
        return Teacher(str(kept[_FINGERPRINT]), parts)


def _numbers(whole: NDArray[np.generic]) -> Vector:
    return whole.astype(np.float64) / _STEPS


def _mark(rows: Sequence[Row]) -> str:
    ordered = hashlib.sha256("\0".join(row.text for row in rows).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{fingerprint(rows)}-{ordered[:16]}"
