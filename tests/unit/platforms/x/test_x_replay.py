"""What X pushed in vain is asked for again, and what it says no to is told."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from fakes.clock import HandClock
from mentionbridge.net.client import Http
from mentionbridge.platforms.x.webhooks import Replays, Webhooks

URL = "https://bridge.example/hooks/x/acme-x"
OTHER = "https://bridge.example/hooks/x/globex-x"
SINCE, UNTIL = datetime(2026, 11, 22, 8, 59, 30, tzinfo=UTC), datetime(2026, 11, 22, 9, 20, 10, tzinfo=UTC)
ASKED = "X was asked to push it again"


def replays(webhooks: list[dict[str, Any]], answer: httpx.Response, calls: list[httpx.Request]) -> Replays:
    def handle(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        assert request.headers["authorization"] == "Bearer app-token"
        return httpx.Response(200, json={"data": webhooks}) if request.method == "GET" else answer

    http = Http("http://api.x.test", clock=HandClock(), transport=httpx.MockTransport(handle))
    return Replays(Webhooks(http, "app-token"), URL)


@pytest.mark.parametrize("there", [URL, OTHER])
async def test_whole_minutes_are_asked_for_of_the_apps_webhook(there: str) -> None:
    calls: list[httpx.Request] = []
    asking = replays([{"id": "77", "url": there, "valid": True}], httpx.Response(200, json={}), calls)
    assert await asking.ask(SINCE, UNTIL) == ASKED
    assert calls[-1].url.path == "/2/webhooks/replay"
    assert json.loads(calls[-1].content) == {
        "webhook_id": "77",
        "from_date": "202611220859",
        "to_date": "202611220921",
    }


async def test_a_refusal_is_told_in_its_words() -> None:
    no = httpx.Response(403, json={"title": "Forbidden", "detail": "The plan has no replay"})
    told = await replays([{"id": "77", "url": URL}], no, []).ask(SINCE, UNTIL)
    assert told == "X does not push it again: X answered 403 (The plan has no replay)"


async def test_without_a_webhook_there_is_nothing_to_push_to() -> None:
    calls: list[httpx.Request] = []
    told = await replays([{"id": "1", "url": "https://elsewhere.example/x"}], httpx.Response(200), calls).ask(
        SINCE, UNTIL
    )
    assert told == "X knows no webhook of ours to push to again"
    assert [call.method for call in calls] == ["GET"]


async def test_a_network_that_is_down_does_not_keep_the_gap_open() -> None:
    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no")

    http = Http("http://api.x.test", clock=HandClock(), transport=httpx.MockTransport(down))
    told = await Replays(Webhooks(http, "t"), URL).ask(SINCE, UNTIL)
    assert told.startswith("X could not be asked to push it again: ")
