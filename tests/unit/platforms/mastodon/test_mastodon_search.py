"""Posts that do not call on us are found by hashtag and by words, each once, and are nobody's to answer by itself."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from fakes.clock import HandClock
from fakes.mastodon_server import BEGIN, HOST, SAM, TOKEN, US, MastodonServer
from mentionbridge.domain.account import Account, Mode
from mentionbridge.domain.errors import PlatformDown
from mentionbridge.net.client import Http
from mentionbridge.platforms.mastodon import plug
from mentionbridge.platforms.mastodon.mark import Mark
from mentionbridge.platforms.mastodon.platform import MastodonPlatform
from mentionbridge.platforms.mastodon.plug import AccountOptions, PlatformOptions
from mentionbridge.platforms.plug import Tools


@dataclass
class Place:
    server: MastodonServer
    clock: HandClock
    platform: MastodonPlatform
    cursor: str | None = None

    async def collect(self, later: float = 61) -> list[str]:
        """Poll a minute later; returns the words found."""
        self.clock.forward(later)
        found = []
        async for page in self.platform.collect(self.cursor):
            found += [item.text for item in page.items]
            self.cursor = page.cursor or self.cursor
        return found


def place(*search: str) -> Place:
    clock = HandClock(BEGIN)
    server = MastodonServer(now=clock.now)
    transport = httpx.MockTransport(server.handle)
    tools = Tools(clock=clock, http=lambda base: Http(base, clock=clock, transport=transport), public_url="http://b")
    given = AccountOptions(server=f"https://{HOST}", token=TOKEN, search=list(search))
    account = Account("acme", "acme", "mastodon", Mode.AUTO, 15.0)
    platform: Any = plug.start(PlatformOptions(), tools).connect(account, given, None)  # type: ignore[arg-type]
    return Place(server, clock, platform)


async def test_a_hashtag_and_words_find_what_does_not_call_on_us() -> None:
    here = place("#acmenet", "acme broadband")
    here.server.say(SAM, "down again, thanks #AcmeNet")
    here.server.say(SAM, "my Acme broadband is dead")
    here.server.say(SAM, "lovely evening")
    assert await here.collect() == ["down again, thanks #AcmeNet", "my Acme broadband is dead"]
    (first, _) = [item async for page in here.platform.collect(None) for item in page.items] or [None, None]
    assert first is None, "once a minute"
    here.clock.forward(61)
    (first, _) = [item async for page in here.platform.collect(None) for item in page.items]
    assert not first.tagged


async def test_what_calls_on_us_is_the_same_post_either_way() -> None:
    here = place("#acmenet")
    here.server.mention("down again #acmenet")
    assert await here.collect() == ["@acme down again #acmenet"] * 2
    items = [item async for page in here.platform.collect(None) for item in page.items]
    assert len({item.external_id for item in items}) == 1


async def test_a_term_is_walked_on_from_where_it_was_left_and_late_posts_are_found() -> None:
    here = place("#acmenet")
    here.server.page_size = 2
    old = [here.server.say(SAM, f"old {number} #acmenet") for number in range(3)]
    assert await here.collect() == ["old 1 #acmenet", "old 2 #acmenet"], "the newest page, and no history"
    here.clock.forward(3600)
    assert len(await here.collect()) == 2, "from now on there is a place: half an hour ago"
    for number in range(5):
        here.server.say(SAM, f"new {number} #acmenet")
    found = await here.collect()
    assert found == [f"new {number} #acmenet" for number in range(5)]
    # Made before what was seen, told by another server only now.
    late = {**old[0], "uri": "https://town.example/late", "content": "<p>late #acmenet</p>"}
    here.server.statuses["5005"] = {**late, "id": "5005"}
    assert "late #acmenet" in await here.collect()
    here.clock.forward(3600)
    await here.collect()
    assert await here.collect() == []


async def test_what_is_ours_or_not_for_all_is_left_out() -> None:
    here = place("#acmenet")
    here.server.say(US, "our news #acmenet")
    here.server.say(SAM, "among friends #acmenet", visibility="private")
    here.server.say(SAM, "in private #acmenet", visibility="direct")
    here.server.say(SAM, "quietly public #acmenet", visibility="unlisted")
    assert await here.collect() == ["quietly public #acmenet"]


async def test_a_server_that_does_not_search_is_one_without() -> None:
    here = place("acme broadband", "#acmenet")
    here.server.searches = False
    here.server.say(SAM, "my acme broadband is dead #acmenet")
    assert await here.collect() == ["my acme broadband is dead #acmenet"]


async def test_a_search_that_breaks_off_keeps_what_was_reached_and_is_tried_again() -> None:
    here = place("#acmenet")
    here.server.mention("hello")
    here.server.say(SAM, "down #acmenet")
    here.server.faults["GET", "/api/v1/timelines/tag/acmenet"] = [lambda _: httpx.Response(503)]
    with pytest.raises(PlatformDown):
        await here.collect()
    assert "down #acmenet" in await here.collect(1)


def test_a_cursor_remembers_its_searches_and_odd_ones_begin_anew() -> None:
    mark = Mark("7", {"#acmenet": "9"})
    assert Mark.load(mark.dump()) == mark
    assert Mark.load('{"v": 1, "settled": "7"}') == Mark("7")
    assert Mark.load('{"settled": 7, "searches": {"#a": 1, "#b": "2"}}') == Mark(None, {"#b": "2"})
    assert Mark.load("[]") == Mark.load("{") == Mark.load(None) == Mark()


@pytest.mark.parametrize("terms", [["#"], [" "], ["#a"] * 11])
def test_terms_that_find_everything_or_too_many_are_refused(terms: list[str]) -> None:
    with pytest.raises(ValidationError):
        AccountOptions(server=f"https://{HOST}", token=TOKEN, search=terms)
