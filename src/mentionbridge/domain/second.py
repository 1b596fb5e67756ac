"""What is asked of a slower judge that stands behind the first."""

from typing import Protocol


class Second(Protocol):
    """A slower judge that is asked only where the first is not sure."""

    version: str
    unsure: tuple[float, float]

    def second(self, said: str, first: float) -> float:
        """Return how likely the text is a complaint, given what the first judge found."""
