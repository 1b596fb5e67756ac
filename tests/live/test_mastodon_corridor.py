"""The whole story on a server that speaks Mastodon's API: mention, ticket, acknowledgement, private words, solved."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fakes.databases import fresh_database
from fakes.running import Running, eventually, free_port, running
from live import mastodon_town
from live.mastodon_town import MastodonTown, Person, token_of
from mentionbridge.settings import Settings, load

pytestmark = pytest.mark.live


@pytest.fixture
def town() -> Iterator[MastodonTown]:
    with mastodon_town.running() as started:
        yield started


def settings_for(town: MastodonTown, folder: Path, poll_seconds: float = 0.5) -> Settings:
    port, topic = free_port(), {"name": "your broadband", "words": ["broadband", "internet"]}
    options = {"server": town.url, "token": token_of("acme")}
    account = {"platform": "mastodon", "mode": "auto", "poll_seconds": poll_seconds, "options": options}
    return load(
        None,
        server={"port": port, "public_url": f"http://127.0.0.1:{port}"},
        database={"url": fresh_database("sqlite", folder), "files": folder},
        brands={"acme": {"name": "Acme", "topics": {"broadband": topic}, "accounts": {"acme-fedi": account}}},
    )


async def test_a_complaint_travels_the_whole_way(town: MastodonTown, tmp_path: Path) -> None:
    sam, kim = town.person("sam"), town.person("kim")
    async with running(settings_for(town, tmp_path)) as bridge:
        await eventually(lambda: is_active(bridge), what="signing in")
        complaint = await asyncio.to_thread(sam.say, "@acme my broadband has been down since Tuesday")
        (answer,) = await eventually(lambda: answers(sam, complaint), what="our answer")
        assert answer["visibility"] == "unlisted"
        assert "your broadband" in answer["content"].casefold()
        assert "Tuesday" not in answer["content"]
        assert [each["acct"] for each in answer["mentions"]] == ["sam"]
        (ticket,) = (await bridge.reads("tickets"))["items"]

        again = await asyncio.to_thread(sam.say, "@acme still down, third evening", answer)
        await asyncio.to_thread(kim.say, "lovely evening", complaint)
        await eventually(lambda: lines_of(bridge, ticket["id"], 2), what="the reply in the same ticket")
        await asyncio.to_thread(sam.say, "@acme my customer number is in this message", again, "direct")
        lines = await eventually(lambda: lines_of(bridge, ticket["id"], 3), what="the private message joining it")
        assert [line["surface"] for line in lines if line["kind"] == "mention"] == ["public", "public", "private"]

        told = {"text": "An engineer comes on Friday.", "surface": "private", "actor": {"id": "kim", "name": "Kim"}}
        path = f"/v1/tickets/{ticket['id']}"
        told["seen"] = (await bridge.reads(f"tickets/{ticket['id']}"))["sequence"]
        said = await bridge.http.post(f"{path}/messages", json=told, headers={"idempotency-key": "words-1"})
        assert said.status_code == 201, said.text
        private = await eventually(lambda: heard(sam, "engineer"), what="our private message")
        assert private["visibility"] == "direct"
        assert [each["acct"] for each in private["mentions"]] == ["sam"]

        solved = await bridge.http.post(f"{path}/solve", json={"actor": {"id": "kim", "name": "Kim"}})
        assert solved.status_code == 200, solved.text
        assert (await bridge.reads(f"tickets/{ticket['id']}"))["state"] == "solved"
        assert len((await bridge.reads("tickets"))["items"]) == 1
        assert len(await answers(sam, complaint) or []) == 1, "acknowledged once"


async def test_a_stream_tells_what_a_poll_would_find_in_an_hour(town: MastodonTown, tmp_path: Path) -> None:
    async with running(settings_for(town, tmp_path, poll_seconds=3600)) as bridge:
        await eventually(lambda: is_listening(bridge), what="the stream")
        for name in ("sam", "kim"):
            who = town.person(name)
            complaint = await asyncio.to_thread(who.say, "@acme my broadband has been down since Tuesday")
            await eventually(partial(answers, who, complaint), what="our answer")
        (account,) = (await bridge.reads("accounts"))["items"]
        assert (account["stream"]["lost"], account["lag_seconds"] < 60) == (0, True)


async def is_listening(bridge: Running) -> bool | None:
    (account,) = (await bridge.reads("accounts"))["items"]
    return (account["stream"] or {}).get("since") is not None or None


async def test_what_was_said_to_some_is_not_answered_in_public(town: MastodonTown, tmp_path: Path) -> None:
    sam = town.person("kim")
    async with running(settings_for(town, tmp_path)) as bridge:
        await eventually(lambda: is_active(bridge), what="signing in")
        direct = await asyncio.to_thread(sam.say, "@acme my broadband is down, terrible", None, "direct")
        (ticket,) = await eventually(lambda: tickets(bridge), what="a private ticket")
        assert ticket["state"] == "new"
        (mention,) = [
            each for each in (await bridge.reads("mentions"))["items"] if each["external_id"] == direct["uri"]
        ]
        assert mention["visibility"] == "direct"
        await asyncio.sleep(2)
        assert await answers(sam, direct) is None


async def is_active(bridge: Running) -> bool | None:
    (account,) = (await bridge.reads("accounts"))["items"]
    return account["state"] == "active" or None


async def answers(who: Person, status: dict[str, Any]) -> list[dict[str, Any]] | None:
    found = await asyncio.to_thread(who.below, status)
    return [each for each in found if each["account"]["acct"] == "acme"] or None


async def heard(who: Person, word: str) -> dict[str, Any] | None:
    return next((each for each in await asyncio.to_thread(who.heard) if word in each["content"]), None)


async def tickets(bridge: Running) -> list[dict[str, Any]] | None:
    return (await bridge.reads("tickets"))["items"] or None


async def lines_of(bridge: Running, ticket_id: str, count: int) -> list[dict[str, Any]] | None:
    lines: list[dict[str, Any]] = (await bridge.reads(f"tickets/{ticket_id}/timeline"))["items"]
    return lines if sum(line["kind"] == "mention" for line in lines) == count else None
