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


def settings_for(brand: Person, database_url: str, folder: Path, **facts: Any) -> Settings:
    """A bridge for one brand; `facts` are what its config says besides."""
    port = free_port()
    topic = {"name": "your broadband", "words": ["broadband", "internet"]}
    account = {"platform": "bluesky", "mode": "auto", "poll_seconds": 0.5, "options": options(brand)}
    return load(
        None,
        server={"port": port, "public_url": f"http://127.0.0.1:{port}"},
        database={"url": database_url, "files": folder},
        net={"allow_networks": ["127.0.0.0/8", "::1/128"]},
        brands={"acme": {"name": "Acme", "topics": {"broadband": topic}, "accounts": {"acme-sky": account}, **facts}},
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


async def test_what_is_called_fixed_in_the_thread_is_for_the_customer_to_deny_or_confirm(
    network: BlueskyNetwork, tmp_path: Path
) -> None:
    brand, customer = network.brand("acme-fixed"), network.person("fixer")
    settings = settings_for(brand, fresh_database("sqlite", tmp_path), tmp_path)
    async with running(settings) as bridge:
        await eventually(lambda: is_active(bridge), what="signing in")
        words = f"@{brand.handle} my broadband has been down since Tuesday"
        complaint = await asyncio.to_thread(customer.post, words, mentions=[brand])
        await eventually(lambda: seen_by(customer, complaint), what="our answer in the customer's view")
        (ticket,) = (await bridge.reads("tickets"))["items"]

        closing = await called_fixed(bridge, ticket["id"], customer, complaint, brand, answers=2)
        below = Written(closing["uri"], closing["cid"], root=(complaint.uri, complaint.cid))
        denial = await asyncio.to_thread(customer.post, "No, still down here.", reply_to=below)
        await eventually(lambda: has_come_to(bridge, ticket["id"], "open", "denied"), what="the ticket open again")

        again = await called_fixed(bridge, ticket["id"], customer, denial, brand, answers=1)
        assert again["record"]["text"] != closing["record"]["text"], "one thread never reads the same sentence twice"
        below = Written(again["uri"], again["cid"], root=(complaint.uri, complaint.cid))
        await asyncio.to_thread(customer.post, "Yes, it works again, thank you!", reply_to=below)
        await eventually(lambda: has_come_to(bridge, ticket["id"], "solved", "confirmed"), what="the customer's yes")
        (answer,) = (await bridge.reads("answers", q="broadband"))["items"]
        assert (answer["ticket_id"], answer["outcome"], len(answer["said"])) == (ticket["id"], "confirmed", 2)


async def called_fixed(
    bridge: Running, ticket_id: str, customer: Person, post: Written, brand: Person, *, answers: int
) -> dict[str, Any]:
    """Solve the ticket, let the closing answer out, and see it below the post as the customer does."""
    solved = await bridge.http.post(f"/v1/tickets/{ticket_id}/solve", json={"actor": {"name": "Kim"}})
    assert solved.status_code == 200, solved.text
    waiting = (await bridge.reads("replies", state="awaiting_approval"))["items"]
    (closing,) = [each for each in waiting if each["purpose"] == "resolve"]
    key = {"Idempotency-Key": f"approve-{closing['id']}"}
    approved = await bridge.http.post(f"/v1/replies/{closing['id']}/approve", headers=key)
    assert approved.status_code == 200, approved.text

    async def seen() -> dict[str, Any] | None:
        shown = await asyncio.to_thread(customer.replies_under, post)
        mine = [each for each in shown if ours(each, brand)]
        found = [each for each in mine if each["record"]["text"] == closing["text"]]
        return found[0] if len(mine) == answers and found else None

    return await eventually(seen, what="the closing answer in the customer's view")


async def has_come_to(bridge: Running, ticket_id: str, state: str, outcome: str) -> bool | None:
    ticket = await bridge.reads(f"tickets/{ticket_id}")
    return (ticket["state"], ticket["outcome"]) == (state, outcome) or None
