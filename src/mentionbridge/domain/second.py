"""What is asked of a slower judge that stands behind the first."""

from typing import Protocol


class Second(Protocol):
    """A slower judge that is asked only where the first is not sure.

    `thresholds` are those from which a post gets a ticket and is answered by itself, as they suit what both say
    together; `to_brands` are a slope and a shift that make that the share of complaints among posts said to brands;
    `learned_from` marks the rows it was taught.
    """

    version: str
    unsure: tuple[float, float]
    thresholds: tuple[float, float]
    to_brands: tuple[float, float]
    learned_from: str

    def second(self, said: str, first: float) -> float:
        """Return how likely the text is a complaint, given what the first judge found."""


def is_asked(second: Second, first: float) -> bool:
    """Tell whether the first judge is so unsure that the slower one is asked."""
    low, high = second.unsure
    return low <= first <= high
