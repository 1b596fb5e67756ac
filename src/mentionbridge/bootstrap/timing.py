"""A brand's working hours and targets, read from its config."""

from collections.abc import Container
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from mentionbridge.domain.errors import SetupError
from mentionbridge.domain.ticket import Priority
from mentionbridge.rules.hours import MIDNIGHT, Hours, Span
from mentionbridge.rules.waits import AnswerTarget, Timing
from mentionbridge.settings import BrandSection, HoursSection, TargetsSection

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SPAN_SAYS = "write spans such as 09:00-17:00; 00:00-24:00 is the whole day, 22:00-06:00 ends the next morning"


def make_timing(brand_id: str, section: BrandSection) -> Timing:
    """Return when a brand's desk works and how soon it answers; raises SetupError naming the key to change."""
    targets = {priority: _target(section.targets, priority) for priority in Priority}
    where = f"brands.{brand_id}.hours"
    return Timing(_hours(where, section.hours), targets, quiet=_quiet(where, section.hours))


def _target(section: TargetsSection, priority: Priority) -> AnswerTarget:
    first, following = (getattr(section, f"{priority}_{which}_hours") for which in ("first", "next"))
    return AnswerTarget(timedelta(hours=first), timedelta(hours=following))


def _hours(where: str, section: HoursSection) -> Hours:
    zone = _zone(where, section.time_zone)
    week = {number: _spans(f"{where}.{day}", getattr(section, day)) for number, day in enumerate(WEEK)}
    days = {number: spans for number, spans in week.items() if spans}
    closed = _closed(where, section)
    if not days and (section.holidays or section.closed):
        days = dict.fromkeys(range(7), ((MIDNIGHT, MIDNIGHT),))
    return Hours(zone, days, closed)


def _quiet(where: str, section: HoursSection) -> Hours | None:
    spans = _spans(f"{where}.quiet", section.quiet)
    if any(begins == ends for begins, ends in spans):
        raise SetupError(f"{where}.quiet is the whole day; to say nothing by itself an account has `mode`.")
    return Hours(_zone(where, section.time_zone), dict.fromkeys(range(7), spans)) if spans else None


def _zone(where: str, name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise SetupError(f"{where}.time_zone {name!r} is no time zone; write one such as Europe/London.") from None


def _spans(where: str, told: tuple[str, ...]) -> tuple[Span, ...]:
    return tuple(_span(where, each) for each in told)


def _span(where: str, told: str) -> Span:
    opening, dash, closing = told.partition("-")
    try:
        begins = time.fromisoformat(opening.strip())
        ends = MIDNIGHT if closing.strip() == "24:00" else time.fromisoformat(closing.strip())
    except ValueError:
        raise SetupError(f"{where} holds {told!r}; {_SPAN_SAYS}.") from None
    whole_day = begins == ends == MIDNIGHT
    if not dash or begins.tzinfo or ends.tzinfo or (begins == ends and not whole_day):
        raise SetupError(f"{where} holds {told!r}; {_SPAN_SAYS}.")
    return begins, ends


class _Either:
    """Days that either calendar holds."""

    def __init__(self, *calendars: Container[date]) -> None:
        self._calendars = calendars

    def __contains__(self, day: object) -> bool:
        return any(day in calendar for calendar in self._calendars)


def _closed(where: str, section: HoursSection) -> Container[date]:
    own = frozenset(section.closed)
    if section.holidays is None:
        return own
    # Most brands name no calendar, and every command would wait for the library to load.
    import holidays

    country, _, region = section.holidays.partition("-")
    try:
        public = holidays.country_holidays(country, subdiv=region or None)
    except NotImplementedError:
        raise SetupError(
            f"{where}.holidays {section.holidays!r} is no country or region we know; write one such as GB or GB-SCT."
        ) from None
    return _Either(own, public)
