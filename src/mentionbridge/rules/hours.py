"""Business hours: how much working time lies between two instants, and when a span of it has passed. Pure.

Opening times are local wall-clock times of a zone; a day's hours are turned into instants day by day, so that a day on
which the clocks change is as long as it is. A time that the change skips counts as if the clock had not yet moved, a
time that comes twice is its first one, and a span that the change swallows whole is no span.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import takewhile

MIDNIGHT = time(0)
_DAY = timedelta(days=1)
_HORIZON = timedelta(days=3 * 366)
"""How far ahead an opening is looked for; a desk that stays closed longer than this is closed for good."""

Span = tuple[time, time]
"""Opening and closing; a closing at or before the opening is on the next day, so (0:00, 0:00) is the whole day."""
Stretch = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Hours:
    """When a brand's desk works. `week` maps Monday = 0 … Sunday = 6 to its spans; no `week` is always open."""

    zone: tzinfo = UTC
    week: Mapping[int, Sequence[Span]] = field(default_factory=dict)
    closed: Container[date] = frozenset()

    @property
    def always(self) -> bool:
        """True when the desk never closes."""
        return not self.week

    def is_open(self, at: datetime) -> bool:
        """Tell whether the desk works at an instant; it does at the opening and no longer at the closing."""
        return self.always or any(start <= at < end for start, end in self.stretches(at, at + timedelta.resolution))

    def opens_after(self, at: datetime) -> datetime | None:
        """Return when the desk opens next, by the clock on its wall; None when it is open or never opens again."""
        if self.is_open(at):
            return None
        opening = self.after(at, timedelta(0))
        return opening.astimezone(self.zone) if opening is not None else None

    def closes_after(self, at: datetime) -> datetime | None:
        """Return when the stretch that is open now ends; None when nothing is open, or nothing ever closes."""
        if self.always:
            return None
        return next((end for start, end in self.stretches(at, at + timedelta.resolution) if start <= at < end), None)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return the working time between two instants; nothing when `end` is not after `start`."""
        # Instants of one zone are subtracted by the clock on the wall, which is not how long it took.
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        if end <= start:
            return timedelta(0)
        if self.always:
            return end - start
        stretches = self.stretches(start, end)
        return sum((min(end, closing) - max(start, opening) for opening, closing in stretches), timedelta(0))

    def after(self, start: datetime, span: timedelta) -> datetime | None:
        """Return the instant at which `span` of working time has passed; None when the desk never opens again."""
        start, left = start.astimezone(UTC), span
        if self.always:
            return start + span
        for opening, closing in self.stretches(start, start + _HORIZON + span):
            begins = max(opening, start)
            if left <= closing - begins:
                return begins + left
            left -= closing - begins
        return None

    def stretches(self, start: datetime, end: datetime) -> Iterator[Stretch]:
        """Yield the open stretches that overlap [start, end), in order, each in UTC and none touching another."""
        # A span may begin the evening before.
        day = start.astimezone(self.zone).date() - _DAY
        before_end = takewhile(lambda stretch: stretch[0] < end, _merged(self._openings(day, end)))
        return (stretch for stretch in before_end if stretch[1] > start)

    def _openings(self, day: date, end: datetime) -> Iterator[Stretch]:
        last = end.astimezone(self.zone).date()
        while day <= last:
            spans = () if day in self.closed else self.week.get(day.weekday(), ())
            stretches = sorted(self._on(day, span) for span in spans)
            yield from (stretch for stretch in stretches if stretch[0] < stretch[1])
            day += _DAY

    def _on(self, day: date, span: Span) -> Stretch:
        opening, closing = span
        closing_day = day if closing > opening else day + _DAY
        return self._instant(day, opening), self._instant(closing_day, closing)

    def _instant(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)


def _merged(stretches: Iterator[Stretch]) -> Iterator[Stretch]:
    """Join stretches that overlap or touch; they come sorted by their opening."""
    held: Stretch | None = None
    for opening, closing in stretches:
        if held is None or opening > held[1]:
            if held is not None:
                yield held
            held = (opening, closing)
        else:
            held = (held[0], max(held[1], closing))
    if held is not None:
        yield held
