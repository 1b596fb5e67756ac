"""Business hours across clock changes, holidays and exact edges."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionbridge.rules.hours import MIDNIGHT, Hours

LONDON, NEW_YORK, LORD_HOWE = ZoneInfo("Europe/London"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")
NINE_TO_FIVE = {day: ((time(9), time(17)),) for day in range(5)}
ROUND_THE_CLOCK = dict.fromkeys(range(7), ((MIDNIGHT, MIDNIGHT),))
HOUR = timedelta(hours=1)


def office(zone: ZoneInfo = LONDON, closed: frozenset[date] = frozenset()) -> Hours:
    return Hours(zone, NINE_TO_FIVE, closed)


def at(zone: ZoneInfo, *when: int, fold: int = 0) -> datetime:
    return datetime(*when, tzinfo=zone, fold=fold)  # type: ignore[misc, arg-type]


def test_without_hours_every_moment_counts() -> None:
    start = datetime(2026, 11, 21, 23, tzinfo=UTC)
    assert Hours().between(start, start + 50 * HOUR) == 50 * HOUR
    assert Hours().after(start, 30 * HOUR) == start + 30 * HOUR
    assert Hours().is_open(start)


def test_working_time_skips_the_night_and_the_weekend() -> None:
    friday, monday = at(LONDON, 2026, 11, 20, 16), at(LONDON, 2026, 11, 23, 10)
    assert office().between(friday, monday) == 2 * HOUR
    assert office().after(friday, 2 * HOUR) == monday


def test_before_the_opening_and_after_the_closing_nothing_counts() -> None:
    early, late = at(LONDON, 2026, 11, 23, 6), at(LONDON, 2026, 11, 23, 22)
    assert office().between(early, late) == 8 * HOUR
    assert office().after(early, HOUR) == at(LONDON, 2026, 11, 23, 10)
    assert office().after(late, HOUR) == at(LONDON, 2026, 11, 24, 10)


def test_the_exact_edges_belong_to_the_opening_and_not_to_the_closing() -> None:
    opening, closing = at(LONDON, 2026, 11, 23, 9), at(LONDON, 2026, 11, 23, 17)
    assert office().is_open(opening)
    assert not office().is_open(closing)
    assert office().between(opening, closing) == 8 * HOUR
    assert office().between(closing, at(LONDON, 2026, 11, 24, 9)) == timedelta(0)
    assert office().after(opening, 8 * HOUR) == closing, "a target met at the last second is due today, not tomorrow"
    assert office().after(opening, 8 * HOUR + timedelta(seconds=1)) == at(LONDON, 2026, 11, 24, 9, 0, 1)


def test_no_time_and_time_running_backwards_are_nothing() -> None:
    noon = at(LONDON, 2026, 11, 23, 12)
    assert office().between(noon, noon) == timedelta(0)
    assert office().between(noon, noon - HOUR) == timedelta(0)
    assert office().after(noon, timedelta(0)) == noon


def test_holidays_in_a_row_count_nothing() -> None:
    christmas = frozenset({date(2026, 12, 25), date(2026, 12, 28)})
    eve = at(LONDON, 2026, 12, 24, 16)
    assert office(closed=christmas).after(eve, 2 * HOUR) == at(LONDON, 2026, 12, 29, 10)
    assert office(closed=christmas).between(eve, at(LONDON, 2026, 12, 29, 9)) == HOUR


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (LONDON, (2026, 3, 29), 23.0),
        (LONDON, (2026, 10, 25), 25.0),
        (NEW_YORK, (2026, 3, 8), 23.0),
        (NEW_YORK, (2026, 11, 1), 25.0),
        (LORD_HOWE, (2026, 10, 4), 23.5),
        (LORD_HOWE, (2026, 4, 5), 24.5),
    ],
)
def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is(
    zone: ZoneInfo, day: tuple[int, int, int], hours: float
) -> None:
    around = Hours(zone, ROUND_THE_CLOCK)
    midnight = at(zone, *day)
    next_midnight = at(zone, *(date(*day) + timedelta(days=1)).timetuple()[:3])
    assert around.between(midnight, next_midnight) == timedelta(hours=hours)
    assert around.after(midnight, timedelta(hours=hours)) == next_midnight


@pytest.mark.parametrize("zone", [LONDON, NEW_YORK, LORD_HOWE])
def test_office_hours_stay_at_nine_by_the_clock_on_the_wall(zone: ZoneInfo) -> None:
    for month in range(1, 13):
        monday = next(date(2026, month, day) for day in range(1, 8) if date(2026, month, day).weekday() == 0)
        midnight = datetime.combine(monday, MIDNIGHT, zone)
        due = office(zone).after(midnight, HOUR)
        assert due is not None
        assert due.astimezone(zone).timetuple()[:5] == (2026, month, monday.day, 10, 0)


def test_a_span_over_midnight_belongs_to_the_day_it_begins_on() -> None:
    night = Hours(LONDON, {4: ((time(22), time(6)),)})
    saturday = at(LONDON, 2026, 11, 21, 3)
    assert night.is_open(saturday)
    assert night.between(at(LONDON, 2026, 11, 20, 12), at(LONDON, 2026, 11, 22, 12)) == 8 * HOUR
    holiday = Hours(LONDON, night.week, frozenset({date(2026, 11, 20)}))
    assert not holiday.is_open(saturday)


def test_spans_that_overlap_or_touch_are_counted_once() -> None:
    split = Hours(LONDON, {0: ((time(9), time(12)), (time(11), time(15)), (time(15), time(17)))})
    assert split.between(at(LONDON, 2026, 11, 23), at(LONDON, 2026, 11, 24)) == 8 * HOUR


def test_a_lunch_break_counts_nothing() -> None:
    split = Hours(LONDON, {0: ((time(13), time(17)), (time(9), time(12)))})
    assert split.after(at(LONDON, 2026, 11, 23, 11), 2 * HOUR) == at(LONDON, 2026, 11, 23, 14)


def test_a_span_the_clock_change_swallows_is_none() -> None:
    swallowed = Hours(LONDON, {6: ((time(1, 30), time(2)),)})
    assert swallowed.between(at(LONDON, 2026, 3, 29), at(LONDON, 2026, 3, 30)) == timedelta(0)


def test_a_desk_closed_for_good_has_no_due_time() -> None:
    class Always:
        def __contains__(self, day: object) -> bool:
            return True

    assert Hours(LONDON, NINE_TO_FIVE, Always()).after(at(LONDON, 2026, 11, 23, 9), HOUR) is None


moments = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)).map(lambda each: each.replace(tzinfo=UTC))
spans = st.lists(
    st.tuples(st.times(), st.times()).map(lambda s: (s[0].replace(fold=0), s[1].replace(fold=0))), max_size=3
)
desks = st.builds(
    Hours,
    st.sampled_from([LONDON, NEW_YORK, LORD_HOWE]),
    st.dictionaries(st.integers(0, 6), spans, min_size=1, max_size=7),
    st.frozensets(st.dates(date(2025, 1, 1), date(2027, 12, 31)), max_size=5),
)


@given(desks, moments, st.timedeltas(timedelta(seconds=1), timedelta(days=20)))
def test_the_due_time_is_exactly_the_span_away(desk: Hours, start: datetime, span: timedelta) -> None:
    due = desk.after(start, span)
    if due is not None:
        assert desk.between(start, due) == span
        assert desk.between(start, due - timedelta.resolution) < span


@given(desks, st.lists(moments, min_size=3, max_size=3))
def test_working_time_adds_up(desk: Hours, three: list[datetime]) -> None:
    first, middle, last = sorted(three)
    assert desk.between(first, middle) + desk.between(middle, last) == desk.between(first, last)
