"""The webhook: signed, in order, until it is heard; also across a restart."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from fakes.demo_town import Bridge, Town, collected, eventually, town
from mentionbridge.domain.mention import Deleted, Post
from mentionbridge.platforms.demo import push
from mentionbridge.ports.platform import HookRequest


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(push, "LONGEST_WAIT", 0.01)


async def _heard(bridge: Bridge, count: int) -> list[httpx.Request]:
    await eventually(lambda: len(bridge.calls) >= count)
    await asyncio.sleep(0.02)
    assert len(bridge.calls) == count
    return bridge.calls


def _items(place: Town, calls: list[httpx.Request]) -> list[object]:
    items = []
    for call in calls:
        request = HookRequest("POST", {name.lower(): value for name, value in call.headers.items()}, {}, call.content)
        assert place.hook.verify(request, place.clock.now()) is None
        items += place.hook.parse(call.content)
    return items


async def test_what_happens_to_a_post_is_pushed_signed_and_in_order() -> None:
    async with town(push=True) as place:
        post_id = await place.says("sam", "@acme my parcel is late")
        await place.says("sam", "nobody is named here")
        (first,) = _items(place, await _heard(place.bridge, 1))
        await place.plays("PATCH", f"people/sam/posts/{post_id}", text="@acme my parcel is very late")
        await place.plays("DELETE", f"people/sam/posts/{post_id}")
        await place.plays("POST", "people/sam/messages", to="acme", text="order 4471-209")
        calls = await _heard(place.bridge, 4)
        rest = _items(place, calls[1:])
    assert isinstance(first, Post)
    assert first.text == "@acme my parcel is late"
    assert {call.url.path for call in calls} == {"/hooks/demo/acme"}
    assert isinstance(rest[1], Deleted)
    assert isinstance(rest[2], Post)
    assert rest[2].visibility == "direct"
    ids = [call.headers["demo-event-id"] for call in calls]
    assert len(set(ids)) == 4
    assert [json.loads(call.content)["id"] for call in calls] == ids


async def test_both_doors_bring_the_same_post() -> None:
    async with town(push=True) as place:
        await place.says("sam", "@acme my parcel is late")
        pushed = _items(place, await _heard(place.bridge, 1))
        polled, _ = await collected(place.platform)
    assert pushed == polled


async def test_a_webhook_is_repeated_until_it_answers_2xx_and_nothing_overtakes() -> None:
    bridge = Bridge(answers=[500, 401, 302, 404, 204])
    async with town(push=True, bridge=bridge) as place:
        first = await place.says("sam", "@acme one")
        second = await place.says("sam", "@acme two")
        calls = await _heard(bridge, 6)
    assert [json.loads(call.content)["post"]["id"] for call in calls] == [first] * 5 + [second]


async def test_what_was_not_heard_before_a_restart_is_told_after_it(tmp_path: Path) -> None:
    deaf = Bridge(answers=[503] * 10_000)
    async with town(tmp_path, push=True, bridge=deaf) as place:
        post_id = await place.says("sam", "@acme one")
        await eventually(lambda: bool(deaf.calls))
    async with town(tmp_path, push=True) as place:
        await place.platform.probe()
        (call,) = await _heard(place.bridge, 1)
        assert json.loads(call.content)["post"]["id"] == post_id
    async with town(tmp_path, push=True) as place:
        await place.platform.probe()
        await asyncio.sleep(0.05)
        assert place.bridge.calls == []


async def test_an_unreachable_bridge_is_tried_again() -> None:
    bridge, tries = Bridge(), []

    def hear(request: httpx.Request) -> httpx.Response:
        tries.append(request)
        if len(tries) < 3:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(204)

    bridge.hear = hear  # type: ignore[method-assign]
    async with town(push=True, bridge=bridge) as place:
        await place.says("sam", "@acme one")
        await eventually(lambda: len(tries) >= 3)


async def test_push_can_be_left_out() -> None:
    async with town(push=False) as place:
        await place.says("sam", "@acme one")
        await asyncio.sleep(0.03)
        assert place.bridge.calls == []
