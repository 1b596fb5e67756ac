"""Every clause of the product on a real Bluesky network: what the customer sees is the customer's own view."""

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from corridor.story import check_webhooks, photo, subscribe
from fakes.databases import fresh_database
from fakes.running import Running, eventually, free_port, running, subscriber
from live.bluesky_network import BlueskyNetwork, Person, Written, options
from mentionbridge.settings import Settings, load

pytestmark = pytest.mark.live


def settings_for(brand: Person, database_url: str, folder: Path) -> Settings:
    port = free_port()
    topic = {"name": "your broadband", "words": ["broadband", "internet"]}
    account = {"platform": "bluesky", "mode": "auto", "poll_seconds": 0.5, "options": options(brand)}
    return load(
        None,
        server={"port": port, "public_url": f"http://127.0.0.1:{port}"},
        database={"url": database_url, "files": folder},
        net={"allow_networks": ["127.0.0.0/8", "::1/128"]},
        brands={"acme": {"name": "Acme", "topics": {"broadband": topic}, "accounts": {"acme-sky": account}}},
    )


async def test_a_complaint_travels_the_whole_way(network: BlueskyNetwork, tmp_path: Path) -> None:
    brand, customer = network.brand("acme"), network.person("customer")
    settings = settings_for(brand, fresh_database("sqlite", tmp_path), tmp_path)
    async with running(settings) as bridge, subscriber() as team:
        await eventually(lambda: is_active(bridge), what="signing in")
        endpoint = await subscribe(bridge, team)
        words = f"@{brand.handle} my broadband has been down since Tuesday"
        complaint = await asyncio.to_thread(customer.post, words, mentions=[brand], pictures=[photo()])

        answers = await eventually(lambda: seen_by(customer, complaint), what="our answer in the customer's view")
        check_answer(answers, brand)
        ticket = (await bridge.reads("tickets"))["items"][0]
        await check_mention(bridge, customer, complaint)
        await check_webhooks(team, endpoint["secret"], ticket["id"], words)

        ours = Written(answers[0]["uri"], answers[0]["cid"], root=(complaint.uri, complaint.cid))
        await asyncio.to_thread(customer.post, "Still down, third evening.", reply_to=ours)
        await eventually(lambda: lines_of(bridge, ticket["id"], "mention", 2), what="the reply in the same ticket")
        await asyncio.to_thread(customer.write_to, brand, "My customer number is in this message.")
        private = await eventually(lambda: lines_of(bridge, ticket["id"], "mention", 3), what="the message joining it")
        assert [line["surface"] for line in private if line["kind"] == "mention"] == ["public", "public", "private"]
        assert len((await bridge.reads("tickets"))["items"]) == 1
        assert len(await asyncio.to_thread(customer.replies_under, complaint)) == 1, "acknowledged once"


async def is_active(bridge: Running) -> bool | None:
    (account,) = (await bridge.reads("accounts"))["items"]
    return account["state"] == "active" or None


async def seen_by(customer: Person, post: Written) -> list[dict[str, Any]] | None:
    return await asyncio.to_thread(customer.replies_under, post) or None


def check_answer(answers: list[dict[str, Any]], brand: Person) -> None:
    (answer,) = answers
    assert answer["author"]["did"] == brand.did
    record = answer["record"]
    assert "your broadband" in record["text"].casefold()
    assert "Tuesday" not in record["text"]
    (link,) = [feature["uri"] for facet in record["facets"] for feature in facet["features"] if "uri" in feature]
    assert link.endswith(f"/profile/{brand.handle}")


async def check_mention(bridge: Running, customer: Person, complaint: Written) -> None:
    (listed,) = (await bridge.reads("mentions"))["items"]
    mention = await bridge.reads(f"mentions/{listed['id']}")
    assert mention["external_id"] == complaint.uri
    assert mention["permalink"].endswith(f"/post/{complaint.rkey}")
    assert mention["author"]["external_id"] == customer.did
    assert mention["verdict"]["label"] == "complaint"
    assert mention["verdict"]["reasons"]

    async def picture() -> bytes | None:
        (media,) = (await bridge.reads(f"mentions/{listed['id']}"))["media"]
        return (await bridge.http.get(f"/v1/media/{media['id']}")).content if media["state"] == "kept" else None

    width, height = Image.open(io.BytesIO(await eventually(picture, what="the photo"))).size
    assert width * 48 == height * 64, "the network may serve it larger, but it is this picture"


async def lines_of(bridge: Running, ticket_id: str, kind: str, count: int) -> list[dict[str, Any]] | None:
    lines: list[dict[str, Any]] = (await bridge.reads(f"tickets/{ticket_id}/timeline"))["items"]
    return lines if sum(line["kind"] == kind for line in lines) == count else None


async def test_what_a_customer_adds_without_calling_on_us_joins_the_ticket(
    network: BlueskyNetwork, tmp_path: Path
) -> None:
    brand, customer, stranger = network.brand("acme-too"), network.person("adder"), network.person("stranger")
    settings = settings_for(brand, fresh_database("sqlite", tmp_path), tmp_path)
    async with running(settings) as bridge:
        await eventually(lambda: is_active(bridge), what="signing in")
        words = f"@{brand.handle} my broadband has been down since Tuesday"
        complaint = await asyncio.to_thread(customer.post, words, mentions=[brand])
        await eventually(lambda: seen_by(customer, complaint), what="our answer in the customer's view")
        added = await asyncio.to_thread(customer.post, "And the neighbours are out too.", reply_to=complaint)
        await asyncio.to_thread(stranger.post, "Same for me!", reply_to=complaint)
        await asyncio.to_thread(customer.post, "Lovely evening though.")
        await eventually(lambda: answered_twice(customer, complaint, added), what="both in everybody's view")

        (ticket,) = (await bridge.reads("tickets"))["items"]
        await look_now(bridge)
        lines = await eventually(lambda: lines_of(bridge, ticket["id"], "mention", 2), what="the addition in it")
        newest = await bridge.reads(f"mentions/{lines[-1]['mention']['id']}")
        assert (newest["external_id"], newest["origin"], newest["tagged"]) == (added.uri, "poll", False)
        assert len((await bridge.reads("mentions"))["items"]) == 2, "neither the stranger nor another thread"
        answers = [each for each in await asyncio.to_thread(customer.replies_under, complaint) if ours(each, brand)]
        assert len(answers) == 1, "acknowledged once"


async def look_now(bridge: Running) -> None:
    """The first look is two minutes after the words; a test does not wait so long."""
    past = "(SELECT min(received_at) FROM mentions)"
    async with bridge.app.engine.writing() as connection:
        await connection.exec_driver_sql(f"UPDATE rechecks SET due = {past}")


def ours(post: dict[str, Any], brand: Person) -> bool:
    return bool(post["author"]["did"] == brand.did)


async def answered_twice(customer: Person, complaint: Written, added: Written) -> bool | None:
    seen = {post["uri"] for post in await asyncio.to_thread(customer.replies_under, complaint)}
    return (added.uri in seen and len(seen) >= 3) or None
