"""The feed as server-sent events: in order, resumable, bounded for slow readers, and closed when we stop."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from fakes import personal
from fakes.clock import START
from fakes.feed_world import Feed, open_feed
from fakes.people import post, store_post
from fakes.web_world import Site
from mentionbridge.domain.events import EventType
from mentionbridge.pipeline.publish import publish
from mentionbridge.ports.access import Scope
from mentionbridge.web.app import create_app


@dataclass
class Reader:
    """One open stream, below HTTP: what it got so far, and whether it takes more."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""
    ended: bool = False
    taking: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    largest: int = 0
    task: asyncio.Task[None] | None = None

    async def send(self, message: Any) -> None:
        await self.taking.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            return
        self.largest = max(self.largest, len(message.get("body", b"")))
        self.text += message.get("body", b"").decode()
        self.ended = not message.get("more_body", False)

    async def receive(self) -> Any:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    @property
    def events(self) -> list[dict[str, Any]]:
        found = []
        for block in self.text.split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
            if "data" in lines:
                found.append({**json.loads(lines["data"]), "line": (lines["id"], lines["event"])})
        return found

    async def until(self, what: Any) -> None:
        async with asyncio.timeout(10):
            while not what():  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@asynccontextmanager
async def stream(site: Site, headers: dict[str, str], query: str = "", **parts: Any) -> AsyncIterator[Reader]:
    reader = Reader()
    limits = replace(site.door.limits, **parts)
    app = create_app(replace(site.door, limits=limits, closing=reader.closing))
    reader.taking.set()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/v1/events/stream",
        "raw_path": b"/v1/events/stream",
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "server": ("bridge.example", 80),
        "client": ("127.0.0.1", 5),
    }
    reader.task = asyncio.create_task(app(scope, reader.receive, reader.send))
    try:
        yield reader
    finally:
        reader.gone.set()
        reader.taking.set()
        await asyncio.wait_for(reader.task, 10)


@pytest.fixture
async def feed(site: Site) -> Feed:
    return open_feed(site.world)


async def told(feed: Feed, many: int = 1, **how: Any) -> None:
    await feed.tell(many, **how)
    while await publish(feed.bridge):
        pass


async def test_a_reader_hears_what_happens_from_now_on(site: Site, feed: Feed) -> None:
    await told(feed, 3)
    async with stream(site, await site.token(Scope.READ)) as reader:
        await reader.until(lambda: reader.text)
        assert reader.text == "id: 3\nretry: 2000\n\n"
        assert (reader.status, reader.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert reader.headers["cache-control"] == "no-store"
        await told(feed, 120)
        await reader.until(lambda: len(reader.events) == 120)
    assert [event["position"] for event in reader.events] == list(range(4, 124))
    pulled = (await site.http.get("/v1/events?after=3&limit=120", await site.token(Scope.READ))).json()["items"]
    assert [{name: event[name] for name in pulled[0]} for event in reader.events] == pulled
    assert [event["line"] for event in reader.events] == [(str(e["position"]), e["type"]) for e in pulled]


async def test_a_reader_goes_on_behind_the_last_it_saw(site: Site, feed: Feed) -> None:
    await told(feed, 9)
    headers = {**await site.token(Scope.READ), "Last-Event-ID": "4"}
    async with stream(site, headers, "after=1") as reader:
        await reader.until(lambda: len(reader.events) == 5)
    assert [event["position"] for event in reader.events] == [5, 6, 7, 8, 9]
    async with stream(site, await site.token(Scope.READ), "after=7") as reader:
        await reader.until(lambda: len(reader.events) == 2)
    async with stream(site, {**headers, "Last-Event-ID": "four"}) as reader:
        await reader.until(lambda: reader.ended)
    assert (reader.status, json.loads(reader.text)["code"]) == (400, "bad_cursor")


async def test_what_a_post_shows_of_a_person_is_masked_by_webhook_by_pull_and_by_stream(site: Site, feed: Feed) -> None:
    await feed.subscribe()
    headers = await site.token(Scope.READ)
    async with site.world.store.writing() as uow:
        mention = await store_post(uow, post(text=personal.SHOWN))
    async with stream(site, headers) as reader:
        await reader.until(lambda: reader.text)
        async with site.world.store.writing() as uow:
            await uow.events.add(EventType.MENTION_RECEIVED, "acme", START, mention_id=mention.id)
        await feed.work()
        await reader.until(lambda: reader.events)
    ((*_, sent),) = feed.post.heard
    pulled = (await site.http.get("/v1/events?after=0", headers)).json()["items"]
    bodies = [sent, pulled[0]["data"], reader.events[0]["data"]]
    assert [body["mention"]["text"] for body in bodies] == [personal.MASKED] * 3
    assert not [secret for secret in personal.SECRETS.values() if secret in f"{bodies}{reader.text}"]
    alone = (await site.http.get(f"/v1/mentions/{mention.id}", headers)).json()
    assert alone["text"] == personal.SHOWN


async def test_a_reader_sees_only_its_brands_and_types(site: Site, feed: Feed) -> None:
    async with stream(site, await site.token(Scope.READ, brands=["borealis"])) as other:
        async with stream(site, await site.token(Scope.READ), "types=account.paused") as mine:
            await mine.until(lambda: mine.text)
            await told(feed, 2)
            await told(feed, 1, ticket=None)
            await mine.until(lambda: mine.events)
        assert [event["type"] for event in mine.events] == ["account.paused"]
        assert other.events == []
    async with stream(site, await site.token(Scope.INGEST)) as refused:
        await refused.until(lambda: refused.ended)
    assert refused.status == 403


async def test_silence_is_broken_by_a_heartbeat_that_says_where_we_are(site: Site, feed: Feed) -> None:
    async with stream(site, await site.token(Scope.READ, brands=["borealis"]), heartbeat_seconds=0.3) as reader:
        await reader.until(lambda: reader.text)
        await told(feed, 5)
        await reader.until(lambda: ": still here\nid: 5\n\n" in reader.text)


async def test_a_slow_reader_costs_one_page_and_is_let_go(site: Site, feed: Feed) -> None:
    await told(feed, 400)
    async with stream(site, await site.token(Scope.READ), "after=0", slow_reader_seconds=0.2) as reader:
        await reader.until(lambda: reader.events)
        reader.taking.clear()
        assert reader.task is not None
        await asyncio.wait_for(asyncio.shield(reader.task), 10)
        assert not reader.ended, "an answer left open is a connection closed"
    last = reader.events[-1]["position"]
    assert last < 400 and reader.largest < 60 * 2000
    assert "stream.too_slow" in dict(site.watching.moments)
    async with stream(site, {**await site.token(Scope.READ), "Last-Event-ID": str(last)}) as again:
        await again.until(lambda: again.events and again.events[-1]["position"] == 400)
    assert again.events[0]["position"] == last + 1


async def test_a_revoked_token_hears_no_more(site: Site, feed: Feed) -> None:
    token, made = await site.door.tokens.create("desk", [Scope.READ], ["acme"], [], site.world.clock.now())
    async with stream(site, {"Authorization": f"Bearer {token}"}, heartbeat_seconds=0.2) as reader:
        await reader.until(lambda: reader.text)
        await site.door.tokens.revoke(made.id, site.world.clock.now())
        site.world.clock.forward(3600)
        await reader.until(lambda: reader.ended)


async def test_when_we_stop_every_stream_ends_well(site: Site, feed: Feed) -> None:
    async with stream(site, await site.token(Scope.READ)) as reader:
        await reader.until(lambda: reader.text)
        reader.closing.set()
        await reader.until(lambda: reader.ended)


async def test_there_are_only_so_many_streams(site: Site, feed: Feed) -> None:
    async with stream(site, await site.token(Scope.READ), streams=0) as reader:
        await reader.until(lambda: reader.ended)
    assert (reader.status, json.loads(reader.text)["code"]) == (429, "too_many_streams")
