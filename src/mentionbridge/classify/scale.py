"""The scale of a judge's numbers: learned from posts of every kind, or moved to suit posts said to a brand."""

import math
from typing import NamedTuple

from mentionbridge.classify.model import Weights
from mentionbridge.domain.account import Thresholds
from mentionbridge.domain.second import Second

TO_BRANDS = "@brands"
"""What the version of a verdict ends with when its number is on this scale."""


class Scale(NamedTuple):
    """Moves a number to where it is the share of complaints among posts said to brands, by two learned numbers."""

    slope: float
    shift: float

    def moved(self, number: float) -> float:
        """Return the number on this scale; what was higher stays higher."""
        inside = min(max(number, 1e-6), 1 - 1e-6)
        return 1 / (1 + math.exp(-(self.slope * math.log(inside / (1 - inside)) + self.shift)))


def to_brands(weights: Weights, second: Second | None) -> Scale:
    """Return the scale for posts said to brands, as it was learned of the tier that judges."""
    return Scale(*(weights.to_brands if second is None else second.to_brands))


def usual_thresholds(second: Second | None, scale: Scale | None) -> Thresholds:
    """Return the thresholds that suit a tier where an account names none, on the scale its numbers are told in."""
    suited = Thresholds() if second is None else Thresholds(*second.thresholds)
    if scale is None:
        return suited
    return Thresholds(round(scale.moved(suited.review_from), 4), round(scale.moved(suited.auto_from), 4))
