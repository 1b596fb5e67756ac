"""What was learned, as it is kept in a file, and the number it gives a text with the words that made it."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mentionbridge.classify import style
from mentionbridge.classify.features import BUCKETS, Indices, Pieces
from mentionbridge.classify.signals import Signal

Floats = NDArray[np.float32]
_SHIPPED = "default.npz"


@dataclass(frozen=True, slots=True)
class Weights:
    """A linear model over hashed pieces and style, and the scale that makes its number a probability.

    `pieces` is each bucket's part of the score, `sizes` its part of the squared length; `facts` is what the card says.
    """

    pieces: Floats
    sizes: Floats
    style: Floats
    bias: float
    slope: float
    shift: float
    facts: Mapping[str, Any]

    @property
    def version(self) -> str:
        """What the verdicts are marked with."""
        return str(self.facts["version"])

    def length(self, found: Indices) -> float:
        """Return the length of a text with these buckets, by which all their parts are divided."""
        return math.sqrt(float(np.add.reduce(self.sizes.take(found)))) or 1.0

    def score(self, found: Indices, style: Sequence[float], length: float) -> float:
        """Return the uncalibrated score of a text from its buckets, its style and its `length`."""
        part = float(np.add.reduce(self.pieces.take(found))) / length
        return part + float(self.style @ np.array(style, np.float32)) + self.bias

    def probability(self, score: float) -> float:
        """Return how likely a text with this score is a complaint."""
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, self.slope * score + self.shift))))

    @property
    def words(self) -> frozenset[str]:
        """The words many learned texts shared; only these are ever quoted as a reason."""
        return frozenset(self.facts["words"])

    def by_signal(self, signal: Signal) -> float:
        """Return the part of the score that a signal of our lists has."""
        adds = style.of_signal(signal)
        return 0.0 if adds is None else float(self.style[adds[0]]) * adds[1] * self.slope

    def by_word(self, pieces: Pieces, length: float) -> list[tuple[str, float]]:
        """Return each word of the text with its part of the score: its own, half of its pairs', and its characters'."""
        weighed, count = self.pieces.take(pieces.words).astype(np.float64), len(pieces.begins)
        parts, pairs = weighed[:count], weighed[count:] / 2
        parts[:-1] += pairs
        parts[1:] += pairs
        before = self._before(pieces)
        parts += before.take(pieces.ends) - before.take(pieces.begins)
        parts *= self.slope / length
        return list(zip(pieces.words_said, parts.tolist(), strict=True))

    def _before(self, pieces: Pieces) -> NDArray[np.float64]:
        """Share the part of every run among the characters it covers; return what stands before each character."""
        shares = self.pieces.take(pieces.runs) / pieces.run_sizes
        size = len(pieces.said) + 1
        changes = np.bincount(pieces.run_begins, shares, size) - np.bincount(pieces.run_ends, shares, size)
        before = np.zeros(size)
        changes[:-1].cumsum().cumsum(out=before[1:])
        return before

    def save(self, file: Path | IO[bytes]) -> None:
        """Write it as one compressed file."""
        facts = np.frombuffer(json.dumps(self.facts, sort_keys=True).encode(), dtype=np.uint8)
        numbers = np.array([self.bias, self.slope, self.shift])
        pieces, sizes = self.pieces.astype(np.float16), self.sizes.astype(np.float16)
        np.savez_compressed(file, pieces=pieces, sizes=sizes, style=self.style, numbers=numbers, facts=facts)


def read(file: Path | IO[bytes]) -> Weights:
    """Read what `save` wrote. Raises ValueError for a file of another shape."""
    with np.load(file, allow_pickle=False) as kept:
        if not {"pieces", "sizes", "style", "numbers", "facts"} <= set(kept) or kept["pieces"].shape != (BUCKETS,):
            raise ValueError("this is not a weights file of this version")
        bias, slope, shift = (float(number) for number in kept["numbers"])
        return Weights(
            kept["pieces"].astype(np.float32),
            kept["sizes"].astype(np.float32),
            kept["style"].astype(np.float32),
            bias,
            slope,
            shift,
            json.loads(kept["facts"].tobytes()),
        )


@cache
def shipped() -> Weights:
    """Return the weights that come with the package."""
    with resources.files("mentionbridge.classify").joinpath("weights", _SHIPPED).open("rb") as file:
        return read(file)
