"""What one person adds to a thread is read from their own posts, newest first, as far back as it is asked for."""

from collections.abc import Sequence
from typing import Any

import pytest

from fakes.bluesky_script import SAM, Asked, Fault, Stage, later, note, uri
from fakes.clock import START
from mentionbridge.domain.errors import LoginNeeded, PlatformDown, RateLimited
from mentionbridge.platforms.bluesky.timeline import FEED_PAGES, LIMIT

ROOT = {"uri": uri("did:plc:noorinvented", "3m6eaaaa22222"), "cid": "bafyroot"}
ELSEWHERE = {"uri": uri("did:plc:noorinvented", "3m6ebbbb22222"), "cid": "bafyother"}


def said(number: int, root: dict[str, str] = ROOT, **more: Any) -> dict[str, Any]:
    """Return a post in a thread, without a call on us, as a feed lists it."""
    post = note(number, later(number), text=f"still nothing {number}")
    record = {**post["record"], "facets": [], "reply": {"root": root, "parent": root}}
    return {"post": {**post, "record": record}, **more}


def feed(stage: Stage, entries: Sequence[Any]) -> None:
    """List entries like the network: newest first, the cursor counting how many were listed."""

    def listed(asked: Asked) -> Any:
        start = int(asked.query.get("cursor", ["0"])[0])
        page = list(entries[start : start + LIMIT])
        return {"feed": page, **({"cursor": str(start + len(page))} if page else {})}

    stage.network.answers["getAuthorFeed"] = listed


async def test_what_they_said_in_this_thread_comes_oldest_first() -> None:
    stage = Stage()
    passed_on = said(4, reason={"$type": "app.bsky.feed.defs#reasonRepost"})
    feed(stage, [said(5), passed_on, said(3, ELSEWHERE), {"post": 7}, "x", said(2), {"post": note(1)["record"]}])
    found = await stage.platform().said_in_thread(SAM, ROOT["uri"], START)
    assert [post.text for post in found] == ["still nothing 2", "still nothing 5"]
    assert [(post.tagged, post.thread_id) for post in found] == [(False, ROOT["uri"])] * 2
    (asked,) = stage.network.of("getAuthorFeed")[:1]
    assert (asked.query["actor"], asked.query["filter"]) == ([SAM], ["posts_with_replies"])


async def test_a_talkative_person_is_read_back_to_the_moment_asked_for_and_no_further() -> None:
    stage = Stage()
    feed(stage, [said(number, ROOT if number % 10 == 0 else ELSEWHERE) for number in range(450, 0, -1)])
    found = await stage.platform().said_in_thread(SAM, ROOT["uri"], later(195))
    assert [post.text for post in found] == [f"still nothing {number}" for number in range(200, 451, 10)]
    assert stage.network.count("getAuthorFeed") == 3


@pytest.mark.parametrize("cursor", ["always the same", None, 7])
async def test_a_feed_that_leads_in_circles_or_nowhere_ends(cursor: Any) -> None:
    stage = Stage()
    stage.network.answers["getAuthorFeed"] = {"feed": [said(1)], "cursor": cursor}
    found = await stage.platform().said_in_thread(SAM, ROOT["uri"], START)
    assert [post.external_id for post in found] == [note(1)["uri"]]
    assert stage.network.count("getAuthorFeed") <= 2


async def test_a_feed_without_end_is_read_for_some_pages() -> None:
    stage = Stage()
    feed(stage, [said(20_000 - number) for number in range(20_000)])
    await stage.platform().said_in_thread(SAM, ROOT["uri"], START)
    assert stage.network.count("getAuthorFeed") == FEED_PAGES


@pytest.mark.parametrize("name", ["BlockedActor", "BlockedByActor", "InvalidRequest"])
async def test_who_is_gone_or_behind_a_block_has_said_nothing(name: str) -> None:
    stage = Stage()
    stage.network.answers["getAuthorFeed"] = Fault(400, name, "Profile not found")
    assert await stage.platform().said_in_thread(SAM, ROOT["uri"], START) == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Fault(429, "RateLimitExceeded"), RateLimited),
        (Fault(502, "UpstreamFailure"), PlatformDown),
        (Fault(400, "AccountTakedown"), LoginNeeded),
        ({"feed": None}, PlatformDown),
    ],
)
async def test_what_keeps_us_from_hearing_is_said(answer: Any, error: type[Exception]) -> None:
    stage = Stage()
    stage.network.answers["getAuthorFeed"] = answer
    with pytest.raises(error):
        await stage.platform().said_in_thread(SAM, ROOT["uri"], START)
