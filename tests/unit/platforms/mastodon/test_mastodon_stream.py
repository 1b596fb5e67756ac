"""The server's stream says that there is something to read; dialects without one are networks without one."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest

from fakes.clock import HandClock
from fakes.mastodon_server import BEGIN, TOKEN, MastodonServer
from mentionbridge.domain.account import Account, Mode
from mentionbridge.domain.errors import LoginNeeded, PlatformDown, RateLimited, StreamRefused
from mentionbridge.net.client import Http
from mentionbridge.platforms.mastodon import plug
from mentionbridge.platforms.mastodon.platform import MastodonPlatform
from mentionbridge.platforms.mastodon.plug import AccountOptions, PlatformOptions
from mentionbridge.platforms.mastodon.server import streams_at
from mentionbridge.platforms.plug import Tools

SAID = b":)\nevent: notification\ndata: {}\n\n:thump\nevent: update\ndata: {}\n\nevent: conversation\ndata: {}\n\n"
NEWS: Sequence[Any] = ()


class Streaming(MastodonServer):
    """A server that streams, at the paths it knows."""

    knows = ("/api/v1/streaming/user/notification", "/api/v1/streaming/user")
    at: str | None = "wss://streaming.social.example"
    answer = httpx.Response(200)

    def handle(self, request: httpx.Request) -> httpx.Response:
        if "/streaming/" not in request.url.path:
            return super().handle(request)
        self.calls.append(request)
        if request.url.path not in self.knows:
            return httpx.Response(404, json={"error": "Not found"})
        if self.answer.status_code != 200:
            return self.answer

        async def said() -> AsyncIterator[bytes]:
            yield SAID

        return httpx.Response(200, content=said(), headers={"content-type": "text/event-stream; charset=utf-8"})

    def _instance(self, version: str) -> httpx.Response:
        told = super()._instance(version).json()
        if self.at:
            told.setdefault("configuration", {})["urls"] = {"streaming": self.at}
        return httpx.Response(200, json=told)


@pytest.fixture
def server() -> Streaming:
    return Streaming(now=HandClock(BEGIN).now)


async def connected(server: Streaming, **options: Any) -> MastodonPlatform:
    clock, transport = HandClock(BEGIN), httpx.MockTransport(server.handle)
    tools = Tools(clock=clock, http=lambda base: Http(base, clock=clock, transport=transport), public_url="http://b")
    given = AccountOptions(server="https://social.example", token=TOKEN, **options)
    account = Account("acme", "acme", "mastodon", Mode.AUTO, 60.0)
    platform: Any = plug.start(PlatformOptions(), tools).connect(account, given, None)  # type: ignore[arg-type]
    await platform.probe()
    return platform


async def heard(platform: MastodonPlatform) -> list[Any]:
    return [each async for each in platform.listen()]


async def test_news_wake_and_heartbeats_only_show_that_it_lives(server: Streaming) -> None:
    platform = await connected(server)
    assert platform.capabilities.streams
    told = await heard(platform)
    assert told[0] == NEWS, "what was said before it stood is to be read, too"
    assert [each == NEWS for each in told[1:]].count(True) == 2
    assert None in told
    call = server.calls[-1]
    assert (call.url.host, call.headers["authorization"]) == ("streaming.social.example", f"Bearer {TOKEN}")


async def test_an_older_server_is_listened_to_by_the_older_path(server: Streaming) -> None:
    server.knows = server.knows[1:]
    platform = await connected(server)
    assert (await heard(platform))[0] == NEWS
    assert [call.url.path for call in server.calls[-2:]] == list(Streaming.knows)


async def test_a_server_that_does_not_know_what_it_names_is_one_without(server: Streaming) -> None:
    server.knows = ()
    platform = await connected(server)
    with pytest.raises(StreamRefused):
        await heard(platform)
    assert not platform.capabilities.streams


@pytest.mark.parametrize(
    ("status", "kind"), [(401, LoginNeeded), (403, LoginNeeded), (429, RateLimited), (503, StreamRefused)]
)
async def test_refusals_mean_what_they_say(server: Streaming, status: int, kind: type[Exception]) -> None:
    platform = await connected(server)
    server.answer = httpx.Response(status, json={"error": "no"})
    with pytest.raises(kind):
        await heard(platform)


async def test_a_page_that_is_no_stream_is_refused(server: Streaming) -> None:
    platform = await connected(server)
    server.answer = httpx.Response(204)
    with pytest.raises(StreamRefused):
        await heard(platform)


@pytest.mark.parametrize(
    "at", [None, "wss://evil.example", "ws://social.example", "wss://notsocial.example", "ftp://x"]
)
async def test_our_token_is_shown_to_the_server_itself_alone(server: Streaming, at: str | None) -> None:
    server.at = at
    platform = await connected(server)
    assert not platform.capabilities.streams
    with pytest.raises(StreamRefused):
        await heard(platform)
    assert not [call for call in server.calls if "/streaming/" in call.url.path]


async def test_who_does_not_want_it_has_none(server: Streaming) -> None:
    assert not (await connected(server, stream=False)).capabilities.streams


def test_the_place_is_the_server_or_below_it() -> None:
    home = "https://social.example"
    assert streams_at("wss://social.example", home) == "https://social.example"
    assert streams_at("https://api.social.example:4000/", home) == "https://api.social.example:4000"
    assert streams_at("ws://127.0.0.1:4000", "http://127.0.0.1:3000") == "http://127.0.0.1:4000"
    assert PlatformDown in StreamRefused.__mro__
