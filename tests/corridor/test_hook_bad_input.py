"""What a webhook on X may bring that is not as it should be, through the real door: refused or kept, and shown."""

import base64
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from fakes.databases import fresh_database
from fakes.running import Running, free_port, running
from mentionbridge.domain.account import Identity
from mentionbridge.pipeline.read_hook import read_hook
from mentionbridge.ports.store import Queue
from mentionbridge.settings import load

OURS, THEIRS = "our-consumer-secret", "another-apps-consumer-secret"
US = {("acme", "acme-x"): "1", ("globex", "globex-x"): "2"}
KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n"
HEADER = "x-twitter-webhooks-signature"


def signature(secret: str, text: bytes) -> str:
    """Sign as X's documentation says, apart from our own code."""
    return "sha256=" + base64.b64encode(hmac.digest(secret.encode(), text, "sha256")).decode()


@asynccontextmanager
async def bridge_knowing(secret: str, folder: Path) -> AsyncIterator[Running]:
    """Two brands' accounts behind one app of which we know this secret; nobody polls."""
    key, port = folder / "key", free_port()
    key.touch(0o600)
    key.write_text(KEY)
    account = {"platform": "x", "options": {"refresh_token": "invented"}}
    settings = load(
        None,
        server={"port": port, "public_url": f"http://127.0.0.1:{port}"},
        database={"url": fresh_database("sqlite", folder), "files": folder},
        secrets={"key_file": key},
        platforms={"x": {"client_id": "c", "consumer_secret": secret}},
        brands={brand: {"name": brand, "accounts": {name: account}} for brand, name in US},
    )
    async with running(settings, with_worker=False) as bridge:
        async with bridge.app.store.writing() as uow:
            for (brand, name), number in US.items():
                one = bridge.app.bridge.connected[brand, name].account
                await uow.accounts.ensure(one, bridge.app.bridge.clock.now())
                await uow.accounts.identified(one, Identity(number, name, "", ""))
        yield bridge


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[Running]:
    async with bridge_knowing(OURS, tmp_path) as alive:
        yield alive


def event(number: int, us: str = "1", kind: str = "post.mention.create", **more: Any) -> bytes:
    post = {"id": str(number), "text": "@acme down", "author_id": "7", "created_at": "2026-11-22T09:14:03.000Z", **more}
    told = {"event_uuid": f"{kind}-{number}", "event_type": kind, "filter": {"user_id": us}, "payload": post}
    return json.dumps({"data": told}).encode()


async def push(bridge: Running, body: bytes, secret: str = OURS, at: str = "acme-x") -> httpx.Response:
    headers = {HEADER: signature(secret, body), "content-type": "application/json"}
    return await bridge.http.post(f"/hooks/x/{at}", content=body, headers=headers)


async def read_all(bridge: Running) -> None:
    async with bridge.app.store.writing() as uow:
        leases = await uow.claims.take(Queue.HOOK, 50, 30)
    for lease in leases:
        await read_hook(bridge.app.bridge, lease)


async def heard(bridge: Running) -> list[tuple[str, str]]:
    found = (await bridge.reads("mentions"))["items"]
    return sorted((each["account_id"], each["external_id"]) for each in found)


async def health(bridge: Running, name: str = "acme-x") -> dict[str, Any]:
    (found,) = [each for each in (await bridge.reads("accounts"))["items"] if each["id"] == name]
    return dict(found)


async def challenge(bridge: Running) -> str:
    answer = await bridge.http.get("/hooks/x/acme-x", params={"crc_token": "invented"})
    assert answer.status_code == 200
    return str(answer.json()["response_token"])


async def test_the_right_secret_answers_the_challenge_and_is_believed(bridge: Running) -> None:
    assert await challenge(bridge) == signature(OURS, b"invented")
    assert (await push(bridge, event(11))).status_code == 200
    await read_all(bridge)
    assert await heard(bridge) == [("acme-x", "11")]
    assert (await health(bridge))["hook_refused_at"] is None


async def test_with_a_wrong_secret_the_challenge_fails_and_what_x_signs_is_refused_and_shown(tmp_path: Path) -> None:
    async with bridge_knowing("mistyped", tmp_path) as bridge:
        assert await challenge(bridge) != signature(OURS, b"invented")
        assert (await push(bridge, event(11))).status_code == 401
        await read_all(bridge)
        shown = await health(bridge)
    assert shown["hook_refused_at"] is not None and "signature does not match" in shown["hook_refused_because"]
    assert shown["hook_heard_at"] is None


async def test_another_apps_signature_is_refused_and_another_tenants_event_reaches_only_them(bridge: Running) -> None:
    refused = await push(bridge, event(11), THEIRS)
    assert (refused.status_code, refused.json()["code"]) == (401, "bad_signature")
    assert (await push(bridge, event(12, us="2"), at="acme-x")).status_code == 200
    await read_all(bridge)
    assert await heard(bridge) == [("globex-x", "12")]


async def test_a_webhook_for_an_account_we_do_not_have_is_turned_away_or_kept_waiting(bridge: Running) -> None:
    assert (await push(bridge, event(11), at="nobody")).status_code == 404
    assert (await push(bridge, event(12, us="999"))).status_code == 200
    await read_all(bridge)
    assert await heard(bridge) == []
    assert (await health(bridge))["waiting"] == 1


async def test_what_comes_again_and_out_of_order_is_one_mention_each(bridge: Running) -> None:
    bodies = [event(number) for number in (13, 11, 12, 11, 13)]
    answers = [(await push(bridge, body)).json()["new"] for body in bodies]
    assert answers == [True, True, True, False, False]
    await read_all(bridge)
    assert (await push(bridge, bodies[0])).json()["new"] is False, "also after it was read"
    assert await heard(bridge) == [("acme-x", "11"), ("acme-x", "12"), ("acme-x", "13")]


@pytest.mark.parametrize(
    "body",
    [
        event(11, kind="post.sparkle"),
        event(11, id=None),
        json.dumps({"version": "9", "events": [{"id": "11"}]}).encode(),
        json.dumps({"for_user_id": "1", "sparkle_events": [{"id": "11"}]}).encode(),
    ],
    ids=["kind", "shape", "envelope", "list"],
)
async def test_an_event_of_a_version_we_have_not_seen_is_kept_and_counted(bridge: Running, body: bytes) -> None:
    assert (await push(bridge, body)).status_code == 200
    await read_all(bridge)
    assert await heard(bridge) == []
    assert (await health(bridge))["unreadable"] == 1
    (kept,) = (await bridge.reads("accounts/acme-x/unreadable"))["items"]
    assert "11" in json.dumps(kept)


@pytest.mark.parametrize("days", [-400, 400])
async def test_a_clock_that_is_not_ours_loses_nothing_and_nothing_happened_tomorrow(bridge: Running, days: int) -> None:
    now = bridge.app.bridge.clock.now()
    said = (now + timedelta(days=days)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert (await push(bridge, event(11, created_at=said))).status_code == 200
    await read_all(bridge)
    (mention,) = (await bridge.reads("mentions"))["items"]
    happened = datetime.fromisoformat(mention["occurred_at"])
    assert now + timedelta(days=min(days, 0), seconds=-1) <= happened <= bridge.app.bridge.clock.now()


async def test_three_megabytes_are_heard_and_what_is_over_the_limit_stops_nothing(bridge: Running) -> None:
    assert (await push(bridge, event(11, text="x" * 3 * 1024 * 1024))).status_code == 200
    refused = await push(bridge, event(12, text="x" * 5 * 1024 * 1024))
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    assert 'mentionbridge_refused_requests_total{code="too_large"} 1.0' in (await bridge.http.get("/metrics")).text
    assert (await push(bridge, event(13))).status_code == 200
    await read_all(bridge)
    assert await heard(bridge) == [("acme-x", "11"), ("acme-x", "13")]
