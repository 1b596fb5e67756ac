"""The way into private on a real Bluesky network, by codes posted and sent; and a broken swing, fixed in public."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from corridor.story import photo
from fakes.databases import fresh_database
from fakes.form_world import Browser
from fakes.running import Running, eventually, running
from live.bluesky_network import BlueskyNetwork, Person
from live.test_bluesky_corridor import called_fixed, is_active, lines_of, seen_by, settings_for
from mentionbridge.rules.proof import codes_in

pytestmark = pytest.mark.live
WORDS = "my broadband has been down since Tuesday and nobody answers"
SHOWN = (
    "Thank you for showing us this{% if place %} at {{ place }}{% endif %}. "
    "We have opened a case for {{ thing }}; for the details please use {{ private }}."
)
HARBOUR = {"name": "Harbour Park", "words": ["harbour park"]}


@asynccontextmanager
async def at_work(brand: Person, folder: Path, **facts: Any) -> AsyncIterator[Running]:
    async with running(settings_for(brand, fresh_database("sqlite", folder), folder, **facts)) as bridge:
        await eventually(lambda: is_active(bridge), what="signing in")
        yield bridge


async def test_from_a_public_post_through_the_form_to_proof_and_an_end_in_public(
    network: BlueskyNetwork, tmp_path: Path
) -> None:
    brand, customer, helper = network.brand("acme-form"), network.person("prover"), network.person("helper")
    async with at_work(brand, tmp_path, form={"enabled": True}) as bridge:
        complaint = await asyncio.to_thread(customer.post, f"@{brand.handle} {WORDS}", mentions=[brand])
        (answer,) = await eventually(lambda: seen_by(customer, complaint), what="our answer")
        (ticket,) = (await bridge.reads("tickets"))["items"]
        async with (
            httpx.AsyncClient(base_url=str(bridge.http.base_url)) as one,
            httpx.AsyncClient(base_url=str(bridge.http.base_url)) as two,
        ):
            path = invitation(answer)
            theirs, stranger = Browser(one, path), Browser(two, path)
            assert WORDS in await theirs.opens() and WORDS in await stranger.opens()
            await theirs.sends(message="The modem blinks red.")
            assert "The modem blinks red." not in await stranger.opens()

            await theirs.sends("code")
            await asyncio.to_thread(helper.post, theirs.sentence, mentions=[brand])
            await asyncio.to_thread(customer.post, theirs.sentence, mentions=[brand])
            await eventually(lambda: page_says(theirs, "second"), what="weak proof")
            await theirs.sends("second")
            assert theirs.status == 409, "on this network only who follows us or wrote first can be written to"
            await asyncio.to_thread(customer.write_to, brand, "Hello, it is me.")
            await theirs.opens()
            await theirs.sends("second")
            code = await eventually(lambda: code_sent(customer, brand), what="the second code")
            await theirs.sends("confirm", second=code)
            assert 'name="second"' not in theirs.page
            await theirs.sends(message="My customer number is 4711.")
            lines = await lines_of(bridge, ticket["id"], "form", 2)
            assert lines is not None
            assert [line["reason"] for line in lines if line["kind"] == "form"] == ["unverified", "strong proof"]
            assert "4711" not in await stranger.opens()
        said = await eventually(lambda: mentioned(bridge, 3), what="the complaint, the helper's post, the message")
        assert not [each for each in said if each["author"]["handle"] == customer.handle and "code" in each["text"]]

        closing = await called_fixed(bridge, ticket["id"], customer, complaint, brand, answers=2)
        assert "4711" not in closing["record"]["text"]


def invitation(answer: dict[str, Any]) -> str:
    """Return the path that an answer's link leads to."""
    (link,) = [part["uri"] for facet in answer["record"]["facets"] for part in facet["features"] if "uri" in part]
    assert "/h/" in link
    return urlsplit(link).path


async def page_says(browser: Browser, name: str) -> bool | None:
    return f'value="{name}"' in await browser.opens() or None


async def mentioned(bridge: Running, many: int) -> list[dict[str, Any]] | None:
    found: list[dict[str, Any]] = (await bridge.reads("mentions"))["items"]
    return found if len(found) == many else None


async def code_sent(customer: Person, brand: Person) -> str | None:
    messages = await asyncio.to_thread(customer.messages_with, brand)
    codes = [code for message in messages for code in codes_in(message["text"])]
    return codes[0] if codes else None


async def test_a_broken_swing_is_a_photo_and_a_place_and_is_fixed_in_public(
    network: BlueskyNetwork, tmp_path: Path
) -> None:
    brand, customer = network.brand("council"), network.person("walker")
    async with at_work(brand, tmp_path, places={"harbour": HARBOUR}, templates=[SHOWN]) as bridge:
        swing = await asyncio.to_thread(
            customer.post, f"@{brand.handle} Harbour Park", mentions=[brand], pictures=[photo()]
        )
        ticket = await eventually(lambda: opened(bridge), what="a ticket for the photo")
        assert ticket["place"] == "harbour"
        (draft,) = (await bridge.reads("replies", state="awaiting_approval"))["items"]
        key = {"Idempotency-Key": f"approve-{draft['id']}"}
        assert (await bridge.http.post(f"/v1/replies/{draft['id']}/approve", headers=key)).status_code == 200
        (answer,) = await eventually(lambda: seen_by(customer, swing), what="our answer")
        assert "Harbour Park" in answer["record"]["text"]
        await called_fixed(bridge, ticket["id"], customer, swing, brand, answers=2)


async def opened(bridge: Running) -> dict[str, Any] | None:
    found = (await bridge.reads("tickets"))["items"]
    return found[0] if len(found) == 1 else None
