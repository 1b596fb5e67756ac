"""A brand's hours and targets as its config tells them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mentionbridge.bootstrap.timing import make_timing
from mentionbridge.domain.errors import SetupError
from mentionbridge.domain.ticket import Priority
from mentionbridge.domain.wait import WaitKind
from mentionbridge.settings import BrandSection

LONDON = ZoneInfo("Europe/London")


def timing(targets: dict[str, Any] | None = None, **hours: Any) -> Any:
    section = BrandSection.model_validate({"name": "Acme", "hours": hours, "targets": targets or {}})
    return make_timing("acme", section)


def test_a_brand_that_says_nothing_works_around_the_clock() -> None:
    assert timing().hours.always


def test_targets_are_told_in_hours() -> None:
    told = timing({"urgent_first_hours": 0.5})
    assert told.target(WaitKind.FIRST, Priority.URGENT) == timedelta(minutes=30)
    assert told.target(WaitKind.NEXT, Priority.HIGH) == timedelta(hours=4)


def test_spans_are_read_in_the_brands_zone() -> None:
    hours = timing(time_zone="Europe/London", monday=["09:00-12:00", "13:00-24:00"]).hours
    assert hours.is_open(datetime(2026, 6, 1, 9, 0, tzinfo=LONDON))
    assert not hours.is_open(datetime(2026, 6, 1, 12, 30, tzinfo=LONDON))
    assert hours.is_open(datetime(2026, 6, 1, 23, 59, tzinfo=LONDON))
    assert not hours.is_open(datetime(2026, 6, 2, 0, 0, tzinfo=LONDON))


def test_public_holidays_and_the_brands_own_days_are_closed() -> None:
    hours = timing(
        time_zone="Europe/London", holidays="GB-SCT", closed=[date(2026, 6, 3)], wednesday=["09:00-17:00"]
    ).hours
    assert not hours.is_open(datetime(2026, 6, 3, 10, tzinfo=LONDON))
    assert hours.is_open(datetime(2026, 6, 10, 10, tzinfo=LONDON))


def test_a_calendar_without_spans_closes_only_its_days() -> None:
    hours = timing(time_zone="Europe/London", holidays="GB").hours
    assert hours.is_open(datetime(2026, 12, 24, 3, tzinfo=LONDON))
    assert not hours.is_open(datetime(2026, 12, 25, 12, tzinfo=LONDON))


@pytest.mark.parametrize(
    ("hours", "named"),
    [
        ({"time_zone": "Europe/Atlantis"}, "time_zone"),
        ({"time_zone": "Europe"}, "time_zone"),
        ({"time_zone": "../UTC"}, "time_zone"),
        ({"holidays": "XX"}, "holidays"),
        ({"holidays": "GB-XX"}, "holidays"),
        ({"monday": ["9-5"]}, "monday"),
        ({"monday": ["09:00"]}, "monday"),
        ({"monday": ["09:00-09:00"]}, "monday"),
        ({"monday": ["09:00-25:00"]}, "monday"),
        ({"monday": ["09:00+01:00-10:00"]}, "monday"),
    ],
)
def test_what_cannot_be_read_is_named_with_the_way_to_write_it(hours: dict[str, Any], named: str) -> None:
    with pytest.raises(SetupError, match=rf"^brands\.acme\.hours\.{named} .*(write|whole day)"):
        timing(**hours)


def test_quiet_hours_end_where_they_say_also_after_midnight() -> None:
    quiet = timing(time_zone="Europe/London", quiet=["22:00-07:00", "12:00-13:00"]).quiet
    late, early = datetime(2026, 6, 1, 23, 30, tzinfo=LONDON), datetime(2026, 6, 2, 6, 59, tzinfo=LONDON)
    ends = datetime(2026, 6, 2, 7, 0, tzinfo=LONDON)
    assert [quiet.closes_after(at) for at in (late, early)] == [ends, ends]
    assert quiet.closes_after(datetime(2026, 6, 1, 12, 0, tzinfo=LONDON)) == datetime(2026, 6, 1, 13, 0, tzinfo=LONDON)
    assert quiet.closes_after(ends) is None
    assert timing().quiet is None


def test_the_night_the_clocks_go_back_is_quiet_an_hour_longer() -> None:
    quiet = timing(time_zone="Europe/London", quiet=["22:00-07:00"]).quiet
    began = datetime(2026, 10, 24, 22, 0, tzinfo=LONDON)
    assert quiet.closes_after(began) - began.astimezone(UTC) == timedelta(hours=10)


@pytest.mark.parametrize(
    ("quiet", "told"), [(["22:00"], "holds '22:00'"), (["00:00-24:00"], "is the whole day"), (["late"], "holds 'late'")]
)
def test_quiet_hours_that_make_no_sense_are_refused(quiet: list[str], told: str) -> None:
    with pytest.raises(SetupError, match=f"brands.acme.hours.quiet {told}"):
        timing(quiet=quiet)
