"""The day of life: the whole cast, in order, with and without an answer from the brand."""

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from fakes.demo_town import ACME, Gate, collected, reply_to, town
from mentionbridge.domain.mention import Post
from mentionbridge.platforms.demo.story import ACTS


async def test_the_day_has_every_story_in_it_and_starts_at_once() -> None:
    async with town() as place:
        lines = place.network.story(ACME, speed=2000)
        async with asyncio.timeout(1):
            first = await anext(lines)
        rest = [line async for line in lines]
        items, _ = await collected(place.platform)
        page = (await place.browser.get("/p/demo/")).text
    assert len([first, *rest]) == len(ACTS) == 16
    assert all(0 < len(line) < 80 and "\n" not in line for line in [first, *rest])
    assert all(isinstance(item, Post) for item in items)
    texts = " | ".join(item.text for item in items)
    for story in ("parcel", "Eastbridge", "Harrow Falls", "swing", "Thank you", "WIN", "Saturdays", "card number"):
        assert story in texts
    assert "Fourth e-mail" in texts
    assert "useless" not in texts, "deleted before the poll"
    swing = next(item for item in items if "swing" in item.text)
    assert swing.media
    assert "Linden Park" in swing.raw["place"]
    assert any(item.is_repost and item.author.followers > 2000 for item in items)
    assert any(item.visibility == "direct" for item in items)
    assert any(item.author.is_bot for item in items)
    fake = next(item for item in items if item.author.handle == "acme_help0")
    assert not fake.tagged
    assert "Linden Park" in page


async def test_sam_answers_the_brand_when_it_has_answered_him() -> None:
    async with town() as place, aclosing(place.network.story(ACME, speed=400)) as lines:
        answer = None
        async for line in lines:
            if answer is None:
                (post, *_), _ = await collected(place.platform)
                answer = await place.platform.send(reply_to(place.clock, post.external_id), Gate())
            if line.startswith("Sam says more"):
                break
        items, _ = await collected(place.platform)
    more = next(item for item in items if "daughter" in item.text)
    assert answer is not None
    assert more.parent_id == answer.external_id
    assert more.tagged


async def test_the_day_can_be_played_twice_and_for_a_brand_of_another_name() -> None:
    async with town() as place:
        for _ in range(2):
            assert len([line async for line in place.network.story(ACME, speed=5000)]) == len(ACTS)
        unknown = replace(ACME, id="hill_rail")
        lines = place.network.story(unknown, speed=5000)
        assert "parcel" in await anext(lines)
        await lines.aclose()


def test_the_day_is_about_half_a_minute_long() -> None:
    assert 20 <= sum(act.pause for act in ACTS) <= 30


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.line)
def test_lines_end_without_a_full_stop_so_that_they_can_be_listed(act: object) -> None:
    assert not act.line.endswith(".")  # type: ignore[attr-defined]
