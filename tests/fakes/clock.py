"""A clock that tests wind by hand."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class HandClock:
    """Both clocks of `kit.clock.Clock`; they move only when told."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._steady = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._steady

    def forward(self, seconds: float) -> datetime:
        """Let time pass on both clocks; returns the new wall time."""
        self._now += timedelta(seconds=seconds)
        self._steady += seconds
        return self._now
