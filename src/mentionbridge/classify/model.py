"""What was learned, as it is kept in a file, and the number it gives a text with the words that made it."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mentionbridge.classify.features import BUCKETS, Indices, Pieces

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
    _both: NDArray[np.int64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # A text's buckets lie far apart: side by side, both numbers of one are fetched at once.
        both = np.stack((self.pieces, self.sizes), axis=1).astype(np.float32)
        object.__setattr__(self, "_both", both.view(np.int64).ravel())

    @property
    def version(self) -> str:
        """What the verdicts are marked with."""
        return str(self.facts["version"])

    @property
    def to_brands(self) -> tuple[float, float]:
        """The two numbers that make its numbers shares of posts said to brands; without them they are that already."""
        slope, shift = self.facts.get("to_brands", (1.0, 0.0))
        return float(slope), float(shift)

    def weigh(self, found: Indices) -> tuple[float, float]:
        """Return the sum of the parts of a text with these buckets, and its length, by which they are all divided."""
        both = self._both.take(found).view(np.float32)
        return float(np.add.reduce(both[::2])), math.sqrt(float(np.add.reduce(both[1::2]))) or 1.0

    def score(self, weighed: tuple[float, float], style: Sequence[float]) -> float:
        """Return the uncalibrated score of a text from what `weigh` found and its style."""
        part, length = weighed
        return part / length + float(self.style @ np.array(style, np.float32)) + self.bias

    def probability(self, score: float) -> float:
        """Return how likely a text with this score is a complaint."""
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, self.slope * score + self.shift))))

    @property
    def words(self) -> frozenset[str]:
        """The words many learned texts shared; only these are ever quoted as a reason."""
        return frozenset(self.facts["words"])

    def by_word(self, pieces: Pieces, length: float) -> list[tuple[str, float]]:
        """Return each word of the text with its part of the score: its own, half of its pairs', and its characters'."""
        weighed, count = self._parts(pieces.words).astype(np.float64), len(pieces.begins)
        parts, pairs = weighed[:count], weighed[count:] / 2
        parts[:-1] += pairs
        parts[1:] += pairs
        before = self._before(pieces)
        parts += before.take(pieces.ends) - before.take(pieces.begins)
        parts *= self.slope / length
        return list(zip(pieces.words_said, parts.tolist(), strict=True))

    def _parts(self, places: Indices) -> Floats:
        return self._both.take(places).view(np.float32)[::2]

    def _before(self, pieces: Pieces) -> NDArray[np.float64]:
        """Share the part of every run among the characters it covers; return what stands before each character."""
        shares = self._parts(pieces.runs) / pieces.run_sizes
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
