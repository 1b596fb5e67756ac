"""A slower judge for tests, without an encoder."""


class Sure:
    """Says what it is told to, and remembers what it was asked."""

    version = "9"
    unsure = (0.2, 0.8)
    thresholds = (0.08, 0.77)
    to_brands = (1.0, 1.0)
    learned_from = "nothing"

    def __init__(self, says: float) -> None:
        self.says = says
        self.asked: list[tuple[str, float]] = []

    def second(self, said: str, first: float) -> float:
        """Answer, whatever is asked."""
        self.asked.append((said, first))
        return self.says
