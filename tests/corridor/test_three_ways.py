"""Webhook, stream and pull tell the same events in the same order, ticket by ticket."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import httpx

from corridor.story import subscribe
from fakes.running import Running, Subscriber, demo_settings, eventually, running, subscriber

Told = dict[str, list[tuple[int, str]]]


def by_ticket(events: list[dict[str, Any]]) -> Told:
    """Each ticket's events as (sequence, type), in the order they came; what has no ticket by its account."""
    found: Told = {}
    for event in events:
        data = event["data"]
        line = data.get("ticket_id") or data.get("account_id", "")
        found.setdefault(line, []).append((data["sequence"], event["type"]))
    return found


async def listening(bridge: Running, heard: list[dict[str, Any]]) -> None:
    url, headers = f"{bridge.url}/v1/events/stream?after=0", {"authorization": bridge.http.headers["authorization"]}
    async with httpx.AsyncClient(timeout=None) as http, http.stream("GET", url, headers=headers) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        async for line in stream.aiter_lines():
            heard.extend([json.loads(line.removeprefix("data: "))] if line.startswith("data: ") else [])


def of_webhooks(team: Subscriber) -> list[dict[str, Any]]:
    seen = {headers["webhook-id"]: json.loads(body) for headers, body in team.heard}
    return list(seen.values())


async def test_three_ways_tell_the_same_in_the_same_order(database_url: str, tmp_path: Path) -> None:
    async with running(demo_settings(database_url, tmp_path)) as bridge, subscriber() as team:
        await subscribe(bridge, team, types=[])
        streamed: list[dict[str, Any]] = []
        ear = asyncio.create_task(listening(bridge, streamed))
        for who in ("sam", "kim", "ann"):
            post = await bridge.plays("POST", f"people/{who}/posts", text="@acme my broadband has been down for days")
            await bridge.plays("POST", f"people/{who}/posts", text="Still nothing.", parent=post["id"])

        async def all_told() -> bool:
            pulled = (await bridge.reads("events", limit=200))["items"]
            quiet = sum(event["type"] == "reply.sent" for event in pulled) == 3
            return quiet and len(streamed) == len(pulled) == len(of_webhooks(team))

        await eventually(all_told, within=40, what="the same by all three ways")
        pulled = by_ticket((await bridge.reads("events", limit=200))["items"])
        assert by_ticket(streamed) == pulled
        assert by_ticket(of_webhooks(team)) == pulled
        assert len([line for line in pulled if line.startswith("tkt_")]) == 3
        assert all(line == sorted(line) for line in pulled.values())
        began = time.monotonic()
    # Leaving stopped the server while the stream was open.
    assert time.monotonic() - began < 6
    await asyncio.wait_for(ear, 5)
