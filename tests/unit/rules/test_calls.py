"""Slots are when somebody is there, and a call ends."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionbridge.domain.call import MOST_TRIES, SLOTS_SHOWN, Call, CallState, Outcome
from mentionbridge.domain.errors import NotAllowed
from mentionbridge.domain.handoff import CallTerms, Proof
from mentionbridge.rules.calls import by_the_wall, free_slots, tried
from mentionbridge.rules.hours import Hours

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
DESK = Hours(week={day: [(time(9), time(12, 15)), (time(13), time(17))] for day in range(5)})
TERMS = CallTerms(at_once=1)
CALL = Call("acme", "cal_1", "tkt_1", "frm_1", "cmt_1", "1", MONDAY, MONDAY, CallState.OPEN, Proof.NONE, MONDAY, lane=0)


def starts(hours: Hours = DESK, terms: CallTerms = TERMS, now: datetime = MONDAY, **taken: int) -> list[datetime]:
    spoken_for = {now.replace(hour=int(at[1:])): many for at, many in taken.items()}
    return [slot.starts_at for slot in free_slots(hours, terms, now, spoken_for)]


def test_slots_lie_whole_within_an_opening() -> None:
    today = [at.time() for at in starts() if at.date() == date(2026, 11, 23)]
    morning = [time(9), time(9, 30), time(10), time(10, 30), time(11), time(11, 30)]
    assert today[:7] == [*morning, time(13)], "the quarter of an hour before noon is too short for a call"
    assert len(starts()) == SLOTS_SHOWN


def test_none_is_offered_too_soon_too_far_ahead_or_spoken_for() -> None:
    late = MONDAY.replace(hour=9, minute=15)
    assert starts(now=late)[0] == MONDAY.replace(hour=10, minute=30), "an hour's notice"
    friday = MONDAY + timedelta(days=4, hours=8)
    assert starts(now=friday, terms=CallTerms(at_once=1, ahead=timedelta(days=2))) == []
    assert MONDAY.replace(hour=9) not in starts(h9=1)
    assert MONDAY.replace(hour=9) in starts(terms=CallTerms(at_once=2), h9=1)


def test_where_nobody_says_when_they_are_there_no_call_is_offered() -> None:
    assert starts(hours=Hours()) == []
    assert starts(terms=CallTerms()) == []
    everyday = [MONDAY.date() + timedelta(days=day) for day in range(30)]
    assert starts(hours=Hours(week=DESK.week, closed=frozenset(everyday))) == []


def test_the_clock_on_the_wall_is_the_brands() -> None:
    berlin = Hours(zone=ZoneInfo("Europe/Berlin"), week={day: [(time(9), time(12))] for day in range(7)})
    before_the_change = datetime(2027, 3, 27, 12, 0, tzinfo=UTC)
    (first, *_) = free_slots(berlin, TERMS, before_the_change, {})
    assert first.starts_at == datetime(2027, 3, 28, 7, 0, tzinfo=UTC), "nine in summer time"
    assert by_the_wall(first, berlin).starts_at.strftime("%H:%M") == "09:00"


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)),
    minutes=st.integers(5, 240),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
)
def test_in_every_slot_somebody_is_there(now: datetime, minutes: int, zone: str) -> None:
    hours = Hours(ZoneInfo(zone), {0: [(time(22), time(4))], 2: [(time(9), time(12))], 6: [(time(0), time(0))]})
    terms, at = CallTerms(at_once=1, length=timedelta(minutes=minutes)), now.replace(tzinfo=UTC)
    for slot in free_slots(hours, terms, at, {}):
        assert slot.ends_at - slot.starts_at == terms.length
        assert hours.between(slot.starts_at, slot.ends_at) == terms.length
        assert at + terms.notice <= slot.starts_at < at + terms.ahead


def test_a_call_ends_with_an_answer_or_with_the_third_silence() -> None:
    assert tried(CALL, Outcome.REACHED, MONDAY, "Kim").state is CallState.REACHED
    assert tried(CALL, Outcome.NOT_WANTED, MONDAY, "Kim").state is CallState.NOT_WANTED
    assert tried(CALL, Outcome.WRONG_NUMBER, MONDAY, "Kim").state is CallState.GIVEN_UP
    call = CALL
    for number in range(1, MOST_TRIES + 1):
        call = tried(call, Outcome.NO_ANSWER if number % 2 else Outcome.BUSY, MONDAY, "Kim")
        assert (call.state is CallState.OPEN, call.lane is not None) == (number < MOST_TRIES,) * 2
    assert (call.state, len(call.tried), call.ended_at) == (CallState.GIVEN_UP, 3, MONDAY)
    with pytest.raises(NotAllowed, match="given_up"):
        tried(call, Outcome.REACHED, MONDAY, "Kim")
