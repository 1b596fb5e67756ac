"""What closed a gap is told without claiming more than was done."""

from datetime import UTC, datetime, timedelta

from mentionbridge.rules.gaps import Walk, repaired

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_walk_to_the_end_says_what_it_found() -> None:
    walk = Walk().and_([NOON, NOON + timedelta(minutes=1)]).and_([]).and_([NOON - timedelta(hours=1)])
    assert (walk.found, walk.oldest) == (3, NOON - timedelta(hours=1))
    assert (
        repaired(NOON, walk, None) == "walked to its end from where we had stopped before 2026-11-22 12:00 UTC: 3 found"
    )
    assert repaired(NOON, walk, 4) == repaired(NOON, walk, None)


def test_a_network_that_shows_only_its_newest_may_have_kept_some_back() -> None:
    told = repaired(NOON, Walk(800, NOON + timedelta(hours=2)), 800)
    assert told.endswith("between 2026-11-22 12:00 UTC and 2026-11-22 14:00 UTC may be missing")


def test_without_a_place_to_go_on_from_nothing_is_promised() -> None:
    assert "is missing" in repaired(NOON, Walk(2, NOON, from_a_place=False), None)
