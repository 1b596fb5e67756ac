"""Every mention is walked to: over pages, edges of pages, wrong clocks and a first walk of any length."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from fakes.bluesky_script import SAM, US, Asked, Fault, Stage, later, note, profile, shown, stamp
from fakes.clock import START
from mentionbridge.domain.errors import LoginNeeded, PlatformDown, RateLimited
from mentionbridge.domain.mention import Post, Unreadable
from mentionbridge.platforms.bluesky import timeline
from mentionbridge.platforms.bluesky.platform import BlueskyPlatform


class Notifications:
    """Lists like the network: newest first by the time shown, the cursor a bare time that hides its equals."""

    def __init__(self, notes: Sequence[dict[str, Any]]) -> None:
        self.notes = list(notes)

    def __call__(self, asked: Asked) -> Any:
        limit = int(asked.query["limit"][0])
        before = asked.query.get("cursor", ["9"])[0]
        newest = sorted(self.notes, key=lambda one: one["indexedAt"], reverse=True)
        page = [one for one in newest if one["indexedAt"] < before][:limit]
        return {"notifications": page, **({"cursor": page[-1]["indexedAt"]} if page else {})}


def listing(stage: Stage, notes: Sequence[dict[str, Any]]) -> Notifications:
    listed = Notifications(notes)
    stage.network.answers["listNotifications"] = listed
    return listed


async def walk(platform: BlueskyPlatform, cursor: str | None = None) -> tuple[list[Any], str | None]:
    items: list[Any] = []
    async for page in platform.collect(cursor):
        items += page.items
        cursor = page.cursor or cursor
    return items, cursor


def ids(items: Sequence[Any]) -> list[str]:
    return [item.external_id for item in items if isinstance(item, Post)]


async def marked(stage: Stage, platform: BlueskyPlatform) -> str:
    """Walk once, so that there is something to go on from."""
    _, cursor = await walk(platform)
    assert cursor
    stage.network.asked.clear()
    return cursor


async def test_a_burst_longer_than_a_page_is_walked_to_the_mark() -> None:
    stage = Stage()
    listed = listing(stage, [note(0)])
    platform = stage.platform()
    cursor = await marked(stage, platform)
    stage.clock.forward(600)
    listed.notes += [note(n, later(300 + n / 10)) for n in range(1, 351)]
    pages = [page async for page in platform.collect(cursor)]
    found = [item for page in pages for item in page.items]
    assert len(ids(found)) == len(set(ids(found))) == 351
    assert [page.cursor is not None for page in pages] == [False] * (len(pages) - 1) + [True]


async def test_the_newest_are_shown_past_our_place() -> None:
    stage = Stage()
    listed = listing(stage, [note(0)])
    platform = stage.platform()
    listed.notes += [note(n, later(300 + n / 10)) for n in range(1, 151)]
    newest = ids(await platform.newest())
    assert len(newest) == 100
    assert newest[0] in ids([*(await walk(platform))[0]])


async def test_a_walk_that_breaks_off_has_moved_nothing() -> None:
    stage = Stage()
    listed = listing(stage, [note(0)])
    platform = stage.platform()
    cursor = await marked(stage, platform)
    stage.clock.forward(3600)
    listed.notes += [note(n, later(1000 + n)) for n in range(1, 251)]
    calls = 0

    def flaky(asked: Asked) -> Any:
        nonlocal calls
        calls += 1
        return Fault(502, "UpstreamFailure") if calls == 2 else listed(asked)

    stage.network.answers["listNotifications"] = flaky
    pages = platform.collect(cursor)
    assert (await anext(pages)).cursor is None
    with pytest.raises(PlatformDown):
        await anext(pages)
    items, _ = await walk(platform, cursor)
    assert len(ids(items)) == 251


async def test_every_poll_overlaps_the_last() -> None:
    stage = Stage()
    listed = listing(stage, [note(0)])
    platform = stage.platform()
    cursor = await marked(stage, platform)
    stage.clock.forward(600)
    slow = note(1, later(-240))
    listed.notes.append(slow)
    items, _ = await walk(platform, cursor)
    assert slow["uri"] in ids(items)


async def test_a_backdated_mention_is_found_by_the_hourly_deeper_walk() -> None:
    stage = Stage()
    listed = listing(stage, [note(n, later(-10 * n)) for n in range(300)])
    platform = stage.platform()
    cursor = await marked(stage, platform)
    backdated = note(900, START - timedelta(days=2))
    listed.notes.append(backdated)
    stage.clock.forward(1800)
    listed.notes += [note(n, later(1200 + n / 10)) for n in range(400, 520)]
    items, cursor = await walk(platform, cursor)
    assert backdated["uri"] not in ids(items)
    stage.clock.forward(1900)
    items, _ = await walk(platform, cursor)
    assert backdated["uri"] in ids(items)


async def test_a_backdated_mention_on_the_first_page_is_found_at_once() -> None:
    stage = Stage()
    listed = listing(stage, [note(0)])
    platform = stage.platform()
    cursor = await marked(stage, platform)
    backdated = note(1, START - timedelta(days=400))
    listed.notes.append(backdated)
    stage.clock.forward(60)
    items, _ = await walk(platform, cursor)
    assert backdated["uri"] in ids(items)


async def test_what_lies_below_the_overlap_is_not_told_again_at_every_poll() -> None:
    stage = Stage()
    listed = listing(stage, [note(n, later(-3600 * n)) for n in range(1, 50)])
    platform = stage.platform()
    cursor = await marked(stage, platform)
    items, cursor = await walk(platform, cursor)
    assert len(ids(items)) == 49
    items, cursor = await walk(platform, cursor)
    assert len(ids(items)) == 1
    stage.clock.forward(timeline.TOLD_LIVE.total_seconds())
    listed.notes.append(note(0, stage.clock.now()))
    items, _ = await walk(platform, cursor)
    assert len(ids(items)) == 50


async def test_a_page_that_was_not_stored_is_told_again() -> None:
    stage = Stage()
    listing(stage, [note(n, later(-3600 * n)) for n in range(1, 50)])
    platform = stage.platform()
    cursor = await marked(stage, platform)
    async for _ in platform.collect(cursor):
        break
    items, _ = await walk(platform, cursor)
    assert len(ids(items)) == 49


@pytest.mark.parametrize("together", [2, 40, 99])
async def test_mentions_of_one_moment_are_not_lost_at_the_edge_of_a_page(together: int) -> None:
    stage = Stage()
    same = [note(n, later(-1000)) for n in range(together)]
    newer = [note(1000 + n, later(-n - 1)) for n in range(90)]
    older = [note(2000 + n, later(-2000 - n)) for n in range(90)]
    listing(stage, [*newer, *same, *older])
    items, _ = await walk(stage.platform())
    assert len(ids(items)) >= 180 + together
    assert set(ids(items)) == {one["uri"] for one in [*newer, *same, *older]}
    assert not [item for item in items if isinstance(item, Unreadable)]


async def test_more_of_one_moment_than_a_page_holds_is_said_aloud() -> None:
    stage = Stage()
    older = [note(2000 + n, later(-2000 - n)) for n in range(5)]
    listing(stage, [*(note(n, later(-1000)) for n in range(130)), *older])
    items, _ = await walk(stage.platform())
    assert {one["uri"] for one in older} <= set(ids(items))
    assert any(isinstance(item, Unreadable) and "claim the moment" in item.reason for item in items)


async def test_short_and_empty_pages_go_on_while_they_carry_a_cursor() -> None:
    stage = Stage()
    times = [stamp(later(-n * 60)) for n in range(5)]
    pages = [
        {"notifications": [note(1, later(0))], "cursor": "opaque-1"},
        {"notifications": [], "cursor": "opaque-2"},
        {"notifications": [], "cursor": times[3]},
        {"notifications": [note(2, later(-240))], "cursor": times[4]},
        {"notifications": []},
    ]
    stage.network.answers["listNotifications"] = pages
    items, _ = await walk(stage.platform())
    assert ids(items) == [note(1)["uri"], note(2)["uri"]]


@pytest.mark.parametrize("cursors", [["same"], ["a", "b"], [stamp(START)], [stamp(START), stamp(later(-60))]])
async def test_a_network_that_leads_in_circles_does_not_hold_us(cursors: list[str]) -> None:
    stage = Stage()
    turns = iter(range(10_000))

    def circle(asked: Asked) -> Any:
        return {"notifications": [note(1)], "cursor": cursors[next(turns) % len(cursors)]}

    stage.network.answers["listNotifications"] = circle
    platform = stage.platform()
    _, cursor = await walk(platform)
    await walk(platform, cursor)
    assert stage.network.count("listNotifications") < 60


async def test_a_first_walk_of_any_length_is_continued_by_the_next_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "HISTORY_PAGES", 3)
    stage = Stage()
    listed = listing(stage, [note(n, later(-n)) for n in range(1200)])
    seen: set[str] = set()
    cursor, polls = None, 0
    while cursor is None or json.loads(cursor)["older"]:
        # A new process every time, and news in between.
        items, cursor = await walk(stage.platform(), cursor)
        seen |= set(ids(items))
        polls += 1
        stage.clock.forward(15)
        listed.notes.append(note(5000 + polls, stage.clock.now()))
    assert {one["uri"] for one in listed.notes[:1200]} <= seen
    assert polls > 3
    items, _ = await walk(stage.platform(), cursor)
    assert listed.notes[-1]["uri"] in ids(items)


async def test_a_mark_in_the_future_does_not_hide_the_present() -> None:
    stage = Stage()
    listed = listing(stage, [note(0, later(90_000_000))])
    platform = stage.platform()
    cursor = await marked(stage, platform)
    assert datetime.fromisoformat(json.loads(cursor)["high"]) == START
    stage.clock.forward(60)
    new = [note(n, later(30 + n / 100)) for n in range(1, 150)]
    listed.notes += new
    items, _ = await walk(platform, cursor)
    assert {one["uri"] for one in new} <= set(ids(items))


async def test_without_any_mention_the_mark_waits() -> None:
    stage = Stage()
    items, cursor = await walk(stage.platform())
    assert items == []
    assert json.loads(cursor or "")["high"] is None
    listing(stage, [note(0, later(-10_000))])
    items, _ = await walk(stage.platform(), cursor)
    assert len(ids(items)) == 1


async def test_our_own_words_and_what_is_no_post_are_left_out() -> None:
    stage = Stage()
    own = note(1, author=profile(US, "acme.example"))
    listing(stage, [own, note(2, reason="like"), note(3, reason="repost"), note(4, reason="follow"), note(5)])
    items, _ = await walk(stage.platform())
    assert ids(items) == [note(5)["uri"]]


async def test_a_broken_notification_hides_no_other() -> None:
    stage = Stage()
    stage.network.answers["listNotifications"] = {"notifications": [None, 7, {}, {**note(1), "record": None}, note(2)]}
    items, _ = await walk(stage.platform())
    assert ids(items) == [note(2)["uri"]]
    assert len([item for item in items if isinstance(item, Unreadable)]) == 4


@pytest.mark.parametrize("answer", [{}, {"notifications": None}, {"notifications": {}}, [], "x", Fault(200)])
async def test_a_page_that_is_none_is_a_network_that_is_down(answer: Any) -> None:
    stage = Stage()
    stage.network.answers["listNotifications"] = (lambda asked: answer) if isinstance(answer, list) else answer
    with pytest.raises(PlatformDown):
        await walk(stage.platform())


async def test_posts_are_hydrated_in_batches_and_followers_known() -> None:
    stage = Stage()
    notes = [note(n, later(-n)) for n in range(60)]
    listing(stage, notes)
    by_uri = {one["uri"]: one for one in notes}
    embed = {"images": [{"fullsize": "https://cdn.example/1", "alt": "a swing"}]}
    stage.network.answers["getPosts"] = lambda asked: {
        "posts": [shown(by_uri[uri], embed=embed) for uri in asked.query["uris"]]
    }
    items, _ = await walk(stage.platform())
    assert {item.media[0].url for item in items} == {"https://cdn.example/1"}
    assert {item.metrics["likes"] for item in items} == {3}
    assert {item.author.followers for item in items} == {412}
    assert [len(asked.query["uris"]) for asked in stage.network.of("getPosts")] == [25, 25, 10]
    assert stage.network.count("getProfiles") == 1


async def test_what_was_read_a_moment_ago_is_not_asked_for_again() -> None:
    stage = Stage()
    listing(stage, [note(1)])
    stage.network.answers["getPosts"] = {"posts": [shown(note(1))]}
    platform = stage.platform()
    cursor = await marked(stage, platform)
    items, cursor = await walk(platform, cursor)
    assert items[0].metrics == {"likes": 3}
    assert stage.network.count("getPosts") == stage.network.count("getProfiles") == 0
    stage.clock.forward(timeline.VIEWS_LIVE.total_seconds())
    await walk(platform, cursor)
    assert (stage.network.count("getPosts"), stage.network.count("getProfiles")) == (1, 0)


async def test_a_post_that_vanished_meanwhile_still_comes_in_as_it_was_noted() -> None:
    stage = Stage()
    listing(stage, [note(1)])
    [item], _ = await walk(stage.platform())
    assert item.external_id == note(1)["uri"]


async def test_a_hydrated_post_that_makes_no_sense_gives_way_to_the_notification() -> None:
    stage = Stage()
    listing(stage, [note(1)])
    stage.network.answers["getPosts"] = {"posts": [{**shown(note(1)), "record": None}]}
    [item], _ = await walk(stage.platform())
    assert isinstance(item, Post)
    assert item.author.followers == 412


@pytest.mark.parametrize(
    "fault", [Fault(500), Fault(429, "RateLimitExceeded"), {"profiles": "x"}, {"profiles": [{}, 1]}]
)
async def test_followers_that_cannot_be_known_stop_nothing(fault: Any) -> None:
    stage = Stage()
    listing(stage, [note(1)])
    stage.network.answers["getProfiles"] = fault
    [item], _ = await walk(stage.platform())
    assert item.author.followers is None
    assert item.author.external_id == SAM


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(401, "AccountDeactivated"), LoginNeeded),
        (Fault(400, "ExpiredToken"), LoginNeeded),
        (Fault(429, "RateLimitExceeded"), RateLimited),
        (Fault(502, "UpstreamFailure"), PlatformDown),
        (Fault(400, "InvalidRequest"), PlatformDown),
    ],
)
async def test_a_poll_that_fails_says_how(fault: Fault, error: type[Exception]) -> None:
    stage = Stage()
    stage.network.answers["listNotifications"] = fault
    with pytest.raises(error):
        await walk(stage.platform())


async def test_a_session_that_ran_out_is_renewed_on_the_way() -> None:
    stage = Stage()
    stage.network.answers["listNotifications"] = [Fault(400, "ExpiredToken"), {"notifications": [note(1)]}]
    items, _ = await walk(stage.platform())
    assert len(items) == 1
    used = [asked.headers["authorization"] for asked in stage.network.of("listNotifications")]
    assert used == ["Bearer access-1", "Bearer access-2"]


async def test_the_right_things_are_asked_for() -> None:
    stage = Stage()
    await walk(stage.platform())
    [asked] = stage.network.of("listNotifications")
    assert asked.query == {"limit": ["100"], "reasons": ["mention", "reply", "quote"]}
    assert asked.host == "pds.test"
