"""X's filtered stream: our rule among others', each post taken in and paid for, refusals as the sheet has them."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from contract.scripted import MemoryVault
from fakes.clock import HandClock
from fakes.x_server import FIRST, XServer
from mentionbridge.domain.account import Account, Mode
from mentionbridge.domain.errors import LoginNeeded, PlatformDown, RateLimited, SetupError, StreamRefused
from mentionbridge.domain.stream import Loss
from mentionbridge.net.client import Http
from mentionbridge.platforms.plug import Tools
from mentionbridge.platforms.x import plug
from mentionbridge.platforms.x.listener import LONGEST_RULE, RULES, STREAM, rule
from mentionbridge.platforms.x.platform import XPlatform

NOW = datetime(2026, 11, 22, 9, 20, tzinfo=UTC)
TAG = "mentionbridge:1000000001"


@dataclass
class Streaming:
    """An app's rules and its one connection, before the rest of the network."""

    rest: XServer = field(default_factory=XServer)
    rules: list[dict[str, str]] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    refusal: httpx.Response | None = None
    errors: list[dict[str, str]] = field(default_factory=list)
    calls: list[httpx.Request] = field(default_factory=list)

    def handle(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.startswith(STREAM):
            return self.rest.handle(request)
        self.calls.append(request)
        assert request.headers["authorization"] == "Bearer app-token"
        if request.url.path == RULES:
            return self._rules(request)
        if self.refusal is not None:
            return self.refusal

        async def said() -> AsyncIterator[bytes]:
            for line in self.lines:
                yield line

        return httpx.Response(200, content=said())

    def _rules(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"data": self.rules} if self.rules else {"meta": {}})
        asked = json.loads(request.content)
        if self.errors:
            return httpx.Response(201, json={"errors": self.errors})
        for each in asked.get("add", []):
            self.rules.append({"id": str(len(self.rules) + 50), **each})
        gone = asked.get("delete", {}).get("ids", [])
        self.rules = [each for each in self.rules if each["id"] not in gone]
        return httpx.Response(201, json={"meta": {}})


def says(number: int, text: str, author: str = "2000000007", tag: str | None = TAG, **more: Any) -> bytes:
    told: dict[str, Any] = {
        "data": {
            "id": str(number),
            "text": text,
            "author_id": author,
            "created_at": "2026-11-22T09:19:00.000Z",
            "conversation_id": str(number),
            **more,
        },
        "includes": {"users": [{"id": author, "username": "sam_wells", "name": "Sam Wells"}]},
    }
    if tag is not None:
        told["matching_rules"] = [{"id": "50", "tag": tag}]
    return json.dumps(told).encode() + b"\r\n"


async def connected(server: Streaming, bearer: str | None = "app-token", **options: Any) -> XPlatform:
    clock, transport = HandClock(NOW), httpx.MockTransport(server.handle)
    tools = Tools(clock=clock, http=lambda base: Http(base, clock=clock, transport=transport), public_url="http://b")
    app = {"client_id": "c", "client_secret": "s", "bearer_token": bearer, "api_url": "http://api.x.test"}
    network = plug.start(plug.platform_options(**app), tools)
    told = plug.account_options(refresh_token=FIRST, **{"stream": True, **options})
    platform: XPlatform = network.connect(Account("acme", "acme-x", "x", Mode.AUTO, 60.0), told, MemoryVault("{}"))
    await platform.probe()
    platform.kept(platform.spent())
    return platform


async def heard(platform: XPlatform) -> list[Any]:
    return [each async for each in platform.listen()]


async def test_each_post_is_taken_in_and_paid_for_once() -> None:
    server = Streaming()
    server.lines = [says(11, "@acme my broadband is down"), b"\r\n", says(11, "@acme my broadband is down")]
    platform = await connected(server)
    assert platform.capabilities.streams
    first, post, beat, again = await heard(platform)
    assert (list(first), beat) == ([], None)
    assert [item.external_id for item in post] == [item.external_id for item in again] == ["11"]
    assert post[0].author.handle == "sam_wells"
    assert sum(platform.spent().values()) == 5_000 + 10_000, "a post and its author, once a day"


async def test_our_rule_is_set_once_and_nobody_elses_is_touched() -> None:
    server = Streaming(rules=[{"id": "1", "value": "cats", "tag": "theirs"}, {"id": "2", "value": "old", "tag": TAG}])
    platform = await connected(server, search='"acme broadband" lang:en')
    handle = platform._handle
    await heard(platform)
    await heard(platform)
    wanted = f'(@{handle} OR ("acme broadband" lang:en)) -is:retweet -from:{handle}'
    assert [(each["value"], each["tag"]) for each in server.rules] == [("cats", "theirs"), (wanted, TAG)]
    assert [call.method for call in server.calls] == ["GET", "POST", "POST", "GET", "GET", "GET"]


def test_a_search_too_long_for_a_rule_is_left_to_polls() -> None:
    assert rule("acme", "x " * 500) == "@acme -is:retweet -from:acme"
    assert len(rule("acme", "y" * (LONGEST_RULE - 50))) <= LONGEST_RULE


async def test_our_own_words_and_other_programs_matches_are_not_heard() -> None:
    server = Streaming()
    server.lines = [says(21, "@sam hello", author="1000000001"), says(22, "about cats", tag="theirs")]
    _, own, theirs = await heard(await connected(server))
    assert (list(own), theirs) == ([], None)


ODD = (b"{no json\r\n", b'{"odd": 1}\r\n', says(7, "@acme", tag=None), b"[" * 5000 + b"\r\n")


@pytest.mark.parametrize("line", ODD)
async def test_a_line_of_another_shape_makes_a_poll_look(line: bytes) -> None:
    server = Streaming(lines=[line])
    platform = await connected(server)
    assert [list(each) for each in await heard(platform)] == [[], []]


async def test_an_error_on_the_way_ends_it() -> None:
    server = Streaming(lines=[b'{"errors":[{"title":"operational-disconnect","detail":"force closed"}]}\r\n'])
    with pytest.raises(PlatformDown, match="force closed"):
        await heard(await connected(server))


@pytest.mark.parametrize(
    ("status", "kind"), [(401, LoginNeeded), (403, LoginNeeded), (429, RateLimited), (503, StreamRefused)]
)
async def test_refusals_mean_what_they_say(status: int, kind: type[Exception]) -> None:
    server = Streaming(refusal=httpx.Response(status, json={"title": "no"}))
    with pytest.raises(kind):
        await heard(await connected(server))


async def test_a_rule_that_is_not_taken_is_told_in_the_networks_words() -> None:
    server = Streaming(errors=[{"title": "UnprocessableEntity", "detail": "Rule exceeds the plan"}])
    with pytest.raises(StreamRefused, match="Rule exceeds the plan"):
        await heard(await connected(server))


async def test_without_the_apps_token_there_is_no_stream() -> None:
    with pytest.raises(SetupError, match=r"platforms\.x\.bearer_token"):
        await connected(Streaming(), bearer=None)
    platform = await connected(Streaming(), stream=False)
    assert not platform.capabilities.streams
    assert platform.pauses(Loss.LIMITED).first == 60
    with pytest.raises(StreamRefused):
        await heard(platform)
