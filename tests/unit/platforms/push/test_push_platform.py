"""What is handed over to an operator's own address: signed, once, and looked up where it can be."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from fakes.clock import HandClock
from mentionbridge.domain.account import Account, Mode
from mentionbridge.domain.errors import PlatformDown
from mentionbridge.domain.mention import Surface, Visibility
from mentionbridge.domain.reply import (
    AlreadySent,
    Link,
    NotFound,
    Refusal,
    Refused,
    ReplyIntent,
    Sent,
    Target,
    Unknown,
)
from mentionbridge.net.client import Http
from mentionbridge.net.signing import verify
from mentionbridge.platforms.plug import Tools
from mentionbridge.platforms.push.platform import PushPlatform
from mentionbridge.platforms.push.plug import AccountOptions, PlatformOptions, plug

NOW = datetime(2026, 11, 22, 9, 20, tzinfo=UTC)
SECRET = "whsec_aW52ZW50ZWQtc2VjcmV0LWZvci10ZXN0cw=="
TO = {"handle": "acme", "reply_url": "https://forum.test/in/replies?from=us", "secret": SECRET}
TARGET = Target("f-17", "t-17", "m-4", "sam", Visibility.PUBLIC, NOW)
INTENT = ReplyIntent("rpl_1", "abc", Surface.PUBLIC, Visibility.PUBLIC, "Sorry, Sam.", "en", TARGET, NOW)
DIRECT = replace(INTENT, surface=Surface.PRIVATE, visibility=Visibility.DIRECT)


class OpenGate:
    def check(self) -> None:
        return None


def connect(answer: Callable[[httpx.Request], httpx.Response] | None = None, **options: Any) -> PushPlatform:
    clock, transport = HandClock(NOW), httpx.MockTransport(answer or (lambda _: httpx.Response(500)))
    tools = Tools(clock=clock, http=lambda base: Http(base, clock=clock, transport=transport), public_url="http://b")
    network = plug.start(PlatformOptions(), tools)
    account = Account("acme", "forum", "push", Mode.AUTO, 60)
    return network.connect(account, AccountOptions(**options), None)  # type: ignore[arg-type]


async def test_words_are_handed_over_signed_under_a_key_that_stays() -> None:
    seen: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, json={"id": "f-18", "url": "https://forum.test/18"})

    intent = replace(INTENT, links=[Link(0, 5, "https://acme.example/form")])
    assert await connect(take, **TO).send(intent, OpenGate()) == Sent("f-18", "https://forum.test/18")
    (request,) = seen
    headers = request.headers
    assert (str(request.url), headers["idempotency-key"]) == (TO["reply_url"], "rpl_abc")
    stamped = headers["webhook-timestamp"], headers["webhook-signature"]
    assert verify("rpl_abc", *stamped, request.content, [SECRET], NOW)
    assert not verify("rpl_abc", *stamped, request.content + b" ", [SECRET], NOW)
    told = json.loads(request.content)
    assert told["in_reply_to"]["author"] == {"external_id": "m-4", "handle": "sam"}
    assert told["links"] == [{"start": 0, "end": 5, "url": "https://acme.example/form"}]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (httpx.Response(409, json={"id": "f-18"}), AlreadySent("f-18")),
        (httpx.Response(200, json={"id": "a\nb"}), Unknown("it was taken, and not said under which id it stands")),
        (httpx.Response(302, headers={"location": "https://elsewhere.test/"}), Unknown("the network answered 302")),
    ],
)
async def test_odd_answers_say_no_more_than_they_hold(answer: httpx.Response, outcome: Any) -> None:
    assert await connect(lambda _: answer, **TO).send(INTENT, OpenGate()) == outcome


async def test_a_body_over_64_kb_is_never_handed_over() -> None:
    long = replace(INTENT, text="x" * 9000, links=[Link(0, 1, "https://acme.example/" + "a" * 2000)] * 30)
    outcome = await connect(**TO, max_length=10_000).send(long, OpenGate())
    assert isinstance(outcome, Refused)
    assert outcome.kind is Refusal.TOO_LONG


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (httpx.Response(200, json={"id": "f-18"}), Sent("f-18", evidence="read-back")),
        (httpx.Response(404), NotFound("the network says that it never posted this")),
    ],
)
async def test_a_lost_answer_is_looked_up(answer: httpx.Response, found: Any) -> None:
    asked: list[httpx.URL] = []
    platform = connect(lambda request: asked.append(request.url) or answer, **TO, lookup_url="https://forum.test/by")
    assert await platform.find_reply(INTENT) == found
    assert [str(each) for each in asked] == ["https://forum.test/by?key=rpl_abc"]


async def test_a_look_up_that_makes_no_sense_settles_nothing() -> None:
    platform = connect(lambda _: httpx.Response(200, json=[]), **TO, lookup_url="https://forum.test/by")
    with pytest.raises(PlatformDown):
        await platform.find_reply(INTENT)
    assert isinstance(await connect(**TO).find_reply(INTENT), NotFound)


async def test_private_messages_go_only_where_they_are_delivered() -> None:
    outcome = await connect(**TO).send(DIRECT, OpenGate())
    assert isinstance(outcome, Refused)
    assert outcome.kind is Refusal.PERMISSION
    bodies: list[Any] = []

    def take(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        return httpx.Response(201, json={"id": "m-1"})

    platform = connect(take, **TO, private=True)
    assert await platform.send(DIRECT, OpenGate()) == Sent("m-1")
    assert bodies[0]["surface"] == "private"
    private = replace(TARGET, visibility=Visibility.DIRECT)
    rights = {right.surface: right.allowed for right in await platform.reply_rights(private)}
    assert rights == {Surface.PUBLIC: False, Surface.PRIVATE: True}


async def test_without_an_address_every_answer_is_a_task() -> None:
    platform = connect(handle="acme")
    rights = {right.surface: right.refusal for right in await platform.reply_rights(TARGET)}
    assert rights[Surface.PUBLIC] is Refusal.NOT_SUMMONED
    assert not platform.capabilities.replies


def test_what_was_declared_is_what_it_can_do() -> None:
    able = connect(**TO, honours_key=True, max_length=280).capabilities
    assert (able.key_life, able.max_length, able.private_messages) == (timedelta.max, 280, False)
    assert not connect(**TO).capabilities.keyed


@pytest.mark.parametrize(
    "options",
    [
        {"reply_url": "ftp://forum.test/"},
        {"reply_url": "https://forum.test/"},
        {"reply_url": "https://forum.test/", "secret": "whsec_"},
        {"honours_key": True},
        {"private": True},
        {**TO, "lookup_url": "https://elsewhere.test/by"},
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AccountOptions(**{"handle": "acme", **options})
