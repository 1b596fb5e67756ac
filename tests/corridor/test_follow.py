"""While a story is open, what its customer adds to the thread without calling on us is heard; nobody else is."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fakes.chaos_driver import Life, begun
from fakes.databases import fresh_database
from mentionbridge.domain.errors import PlatformDown, RateLimited
from mentionbridge.domain.mention import Post, Visibility
from mentionbridge.ports.platform import Platform
from mentionbridge.ports.store import Queue

COMPLAINT = "@acme my broadband has been down since Tuesday and nobody answers"


class Ears:
    """A platform that counts looks into threads; `trouble` is raised instead, `more` is shown besides."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.looks: list[tuple[str, str, datetime]] = []
        self.trouble: Exception | None = None
        self.more: list[Post] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._platform, name)

    async def said_in_thread(self, author_id: str, thread_id: str, since: datetime) -> Sequence[Post]:
        self.looks.append((author_id, thread_id, since))
        if self.trouble:
            raise self.trouble
        return [*await self._platform.said_in_thread(author_id, thread_id, since), *self.more]


@pytest.fixture
async def life(tmp_path: Path) -> AsyncIterator[Life]:
    async with begun(fresh_database("sqlite", tmp_path), tmp_path) as alive:
        yield alive


def listen(life: Life) -> Ears:
    here = life.bridge.connected["acme", "acme"]
    ears = Ears(here.platform)
    changed = replace(here, platform=ears)  # type: ignore[arg-type]
    life.bridge = replace(life.bridge, connected={("acme", "acme"): changed})
    return ears


async def complains_at_the_neighbours(life: Life) -> tuple[str, str]:
    """Sam calls on us under a post that does not; returns the ids of that post and of the complaint."""
    root = await life.outside.town.says("mira", "Is anybody else offline tonight?")
    complaint = await life.outside.town.says("sam", COMPLAINT, parent=root)
    await life.until_quiet()
    return root, complaint


async def look(life: Life, after: float = 180) -> None:
    """Let some time pass, look again where it is due, and do what follows."""
    life.outside.clock.forward(after)
    assert await life.serve(Queue.RECHECK) > 0
    await life.until_quiet()


async def mentions(life: Life) -> list[tuple[str, str, bool]]:
    return [
        (text, origin, bool(tagged))
        for text, origin, tagged in await life.rows("SELECT text, origin, tagged FROM mentions ORDER BY occurred_at")
    ]


async def test_what_a_customer_adds_in_the_thread_joins_the_story_and_what_others_say_does_not(
    database_url: str, tmp_path: Path
) -> None:
    async with begun(database_url, tmp_path) as life:
        await a_customer_adds_to_a_thread(life)


async def a_customer_adds_to_a_thread(life: Life) -> None:
    root, _ = await complains_at_the_neighbours(life)
    await life.outside.town.says("mira", "Same for me in Mill Road.", parent=root)
    await life.outside.town.says("sam", "Day five, and the whole street is out.", parent=root)
    await life.until_quiet()
    assert len(await mentions(life)) == 1, "the network does not tell us of it"
    await look(life)
    assert (await mentions(life))[1:] == [("Day five, and the whole street is out.", "poll", False)]
    assert await life.rows("SELECT count(*), count(DISTINCT ticket_id) FROM entries WHERE kind = 'mention'") == [(2, 1)]
    assert len(life.outside.ours()) == 1, "it is heard, not answered again"
    assert await life.one("SELECT count(*) FROM rechecks WHERE due IS NULL OR lease_token IS NOT NULL") == 0


async def test_a_look_that_finds_nothing_new_changes_nothing_and_comes_back_later_and_later(life: Life) -> None:
    ears = listen(life)
    root, _ = await complains_at_the_neighbours(life)
    before, began = await mentions(life), life.now
    times: list[float] = []
    while len(times) < 8:
        due = (await life.agenda())[Queue.RECHECK]
        await look(life, (due - life.now).total_seconds() + 0.001)
        times.append(round((life.now - began) / timedelta(minutes=1)))
    assert await mentions(life) == before
    assert times == [2, 15, 60, 360, 1440, 2880, 4320, 5760]
    assert {look[:2] for look in ears.looks} == {(await life.one("SELECT external_id FROM authors"), root)}


async def test_a_thread_is_looked_at_once_and_from_its_newest_words(life: Life) -> None:
    ears = listen(life)
    root, _ = await complains_at_the_neighbours(life)
    for number in range(3):
        await life.outside.town.says("sam", f"@acme still nothing, evening {number}", parent=root)
    await life.until_quiet()
    await look(life)
    assert len(ears.looks) == 1


async def test_a_story_still_open_after_a_month_is_still_followed_and_a_closed_one_is_not(life: Life) -> None:
    ears = listen(life)
    await complains_at_the_neighbours(life)
    await look(life, 40 * 86400)
    await look(life, 86400 + 1)
    assert len(ears.looks) == 2
    async with life.engine.writing() as connection:
        await connection.exec_driver_sql("UPDATE tickets SET state = 'closed'")
    await look(life, 86400 + 1)
    assert len(ears.looks) == 2
    assert await life.one("SELECT count(*) FROM rechecks WHERE due IS NOT NULL") == 0


async def test_private_talk_and_words_without_a_story_are_not_followed(life: Life) -> None:
    ears = listen(life)
    await life.outside.town.plays("POST", "people/sam/messages", to="acme", text="My broadband is down again.")
    await life.outside.town.says("noor", "@acme your new shop looks lovely, thank you")
    await life.until_quiet()
    await look(life)
    assert ears.looks == []


async def test_a_limit_is_waited_for_and_a_failure_backed_off_from(life: Life) -> None:
    ears = listen(life)
    await complains_at_the_neighbours(life)
    life.outside.clock.forward(180)
    ears.trouble = RateLimited(life.now + timedelta(minutes=7))
    assert await life.serve(Queue.RECHECK) == 1
    assert (await life.agenda())[Queue.RECHECK] == life.now + timedelta(minutes=7)
    life.outside.clock.forward(421)
    ears.trouble = PlatformDown("no route")
    assert await life.serve(Queue.RECHECK) == 1
    wait = (await life.agenda())[Queue.RECHECK] - life.now
    assert timedelta(seconds=30) < wait < timedelta(minutes=10)
    ears.trouble = None
    await look(life, 600)
    assert len(ears.looks) == 3


async def test_whatever_a_network_shows_only_this_persons_public_words_are_taken_in(life: Life) -> None:
    ears = listen(life)
    root, complaint = await complains_at_the_neighbours(life)
    async with life.bridge.store.reading() as uow:
        mention = await uow.mentions.by_external_id("acme", "demo", complaint)
    assert mention is not None
    known = {"text": "x", "created_at": life.now, "thread_id": root}
    stranger = replace(mention.author, external_id="u-77", handle="noor")
    ears.more = [
        Post(external_id="p-90", author=stranger, **known),  # type: ignore[arg-type]
        Post(external_id="p-91", author=mention.author, visibility=Visibility.FOLLOWERS, **known),  # type: ignore[arg-type]
    ]
    await look(life)
    assert len(await mentions(life)) == 1


async def test_without_time_left_the_row_goes_back_unread(life: Life) -> None:
    ears = listen(life)
    await complains_at_the_neighbours(life)
    life.outside.clock.forward(180)
    here = life.bridge.connected["acme", "acme"]

    class Slow:
        def __getattr__(self, name: str) -> Any:
            return getattr(ears, name)

        async def fetch(self, refs: Any) -> Any:
            life.outside.clock.forward(100)
            return await ears.fetch(refs)

    slow = replace(here, platform=Slow())  # type: ignore[arg-type]
    life.bridge = replace(life.bridge, connected={("acme", "acme"): slow})
    assert await life.serve(Queue.RECHECK) == 1
    assert ears.looks == []
    assert (await life.agenda())[Queue.RECHECK] <= life.now
    life.bridge = replace(life.bridge, connected={("acme", "acme"): here})
    assert await life.serve(Queue.RECHECK) == 1
    assert len(ears.looks) == 1
