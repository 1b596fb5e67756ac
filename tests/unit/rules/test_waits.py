"""When an answer is due, at risk and late, and what stops the clock."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from mentionbridge.domain.ticket import Priority
from mentionbridge.domain.wait import Wait, WaitEnd, WaitKind
from mentionbridge.rules.hours import Hours
from mentionbridge.rules.waits import Timing, begin, finish, next_look, retarget, risk_at, run, stop, used_at

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Timing(Hours(BERLIN, {day: ((time(9), time(17)),) for day in range(5)}))
HOUR = timedelta(hours=1)
FRIDAY_FOUR = datetime(2026, 11, 20, 16, tzinfo=BERLIN)
MONDAY_NINE = datetime(2026, 11, 23, 9, tzinfo=BERLIN)


def started(priority: Priority = Priority.HIGH, kind: WaitKind = WaitKind.FIRST) -> Wait:
    return begin("acme", "wai_1", "tkt_1", kind, priority, FRIDAY_FOUR, OFFICE)


def test_a_first_answer_is_due_in_working_time() -> None:
    assert started().due_at == MONDAY_NINE + HOUR
    assert started(Priority.URGENT).due_at == FRIDAY_FOUR + HOUR


def test_the_next_answer_has_a_target_of_its_own() -> None:
    assert started(kind=WaitKind.NEXT).target == 4 * HOUR


def test_it_is_at_risk_before_it_is_due_and_looked_at_twice() -> None:
    wait = started()
    at_risk = MONDAY_NINE + timedelta(minutes=36)
    assert risk_at(wait, OFFICE) == next_look(wait, OFFICE) == at_risk
    warned = replace(wait, warned_at=at_risk)
    assert next_look(warned, OFFICE) == MONDAY_NINE + HOUR
    assert next_look(replace(warned, breached_at=MONDAY_NINE + HOUR), OFFICE) is None


def test_pending_stops_the_clock_and_it_runs_on_from_there() -> None:
    wait = stop(started(), FRIDAY_FOUR + HOUR / 2, OFFICE)
    assert (wait.used, wait.due_at, next_look(wait, OFFICE)) == (HOUR / 2, None, None)
    later = run(wait, MONDAY_NINE + 3 * HOUR, OFFICE)
    assert later.due_at == MONDAY_NINE + 4.5 * HOUR
    assert run(later, MONDAY_NINE + 4 * HOUR, OFFICE) == later, "a clock that runs is not started again"


def test_a_clock_stopped_when_the_target_was_used_up_is_due_the_moment_it_runs() -> None:
    wait = run(stop(started(Priority.URGENT), MONDAY_NINE + HOUR, OFFICE), MONDAY_NINE + 2 * HOUR, OFFICE)
    assert wait.due_at == MONDAY_NINE + 2 * HOUR


def test_another_priority_is_measured_from_the_start() -> None:
    noon = MONDAY_NINE + 3 * HOUR
    assert retarget(started(Priority.NORMAL), Priority.URGENT, noon, OFFICE).due_at == noon
    eased = retarget(replace(started(Priority.HIGH), warned_at=MONDAY_NINE), Priority.NORMAL, MONDAY_NINE, OFFICE)
    assert eased.due_at == MONDAY_NINE + 7 * HOUR
    assert eased.warned_at is None, "it is at risk no more, and told again when it is"
    assert used_at(eased, MONDAY_NINE + HOUR, OFFICE) == 2 * HOUR


def test_another_priority_leaves_a_stopped_clock_standing() -> None:
    wait = retarget(stop(started(), FRIDAY_FOUR, OFFICE), Priority.URGENT, MONDAY_NINE, OFFICE)
    assert (wait.running_since, wait.due_at, wait.target) == (None, None, HOUR)


def test_both_clocks_are_kept_when_it_ends() -> None:
    wait = finish(started(), WaitEnd.ANSWERED, MONDAY_NINE + HOUR / 2, OFFICE)
    assert (wait.end, wait.worked) == (WaitEnd.ANSWERED, 1.5 * HOUR)
    assert wait.wall == timedelta(days=2, hours=17, minutes=30)
    assert (wait.due_at, wait.running_since) == (None, None)


def test_an_answer_that_a_clock_puts_before_the_question_took_no_time() -> None:
    wait = finish(started(), WaitEnd.ANSWERED, FRIDAY_FOUR - HOUR, OFFICE)
    assert (wait.wall, wait.worked) == (timedelta(0), timedelta(0))
