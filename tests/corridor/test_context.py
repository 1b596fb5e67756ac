"""A complaint below somebody else's post shows what it answers; those words are nobody's ticket."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes.chaos_driver import Life, begun
from fakes.world import SEALER
from mentionbridge.domain.errors import PlatformDown
from mentionbridge.domain.mention import Above, Post
from mentionbridge.ports.platform import Gone, Platform
from mentionbridge.ports.store import Queue
from mentionbridge.store.reading import StoredDesk
from mentionbridge.store.unit_of_work import SqlStore

COMPLAINT = "@acme my broadband has been down since Tuesday and nobody answers"


class Watched:
    """A platform that counts what it is asked for above posts; `trouble` is raised instead."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.asked: list[str] = []
        self.trouble: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._platform, name)

    async def context(self, post: Post) -> Sequence[Post | Gone]:
        self.asked.append(post.external_id)
        if self.trouble:
            raise self.trouble
        return await self._platform.context(post)


@pytest.fixture
async def life(database_url: str, tmp_path: Path) -> AsyncIterator[Life]:
    async with begun(database_url, tmp_path) as alive:
        yield alive


@pytest.fixture
def above(life: Life) -> Watched:
    here = life.bridge.connected["acme", "acme"]
    watched = Watched(here.platform)
    changed = replace(here, platform=watched)  # type: ignore[arg-type]
    life.bridge = replace(life.bridge, connected={("acme", "acme"): changed})
    return watched


async def timeline(life: Life) -> Sequence[Above]:
    """Return what the first line of the only ticket's timeline shows above it."""
    desk = StoredDesk(SqlStore(life.engine, life.bridge.clock, life.bridge.ids, SEALER))
    found = await desk.timeline(["acme"], str(await life.one("SELECT id FROM tickets")), None, 50)
    assert found is not None
    said = found.items[0].mention
    assert said is not None
    return said.context


async def test_a_complaint_shows_what_it_answers(life: Life, above: Watched) -> None:
    root = await life.outside.says("mira", "Is anybody else offline tonight?")
    middle = await life.outside.says("kim", "Yes, the whole street is.", parent=root)
    complaint = await life.outside.says("sam", COMPLAINT, parent=middle)
    await life.until_quiet()
    told = await timeline(life)
    assert [(each.external_id, each.author and each.author.handle, each.text) for each in told] == [
        (root, "mira", "Is anybody else offline tonight?"),
        (middle, "kim", "Yes, the whole street is."),
    ]
    assert await life.rows("SELECT external_id FROM mentions") == [(complaint,)]
    assert len(life.outside.answers_to(complaint)) == 1
    assert life.outside.answers_to(root) == life.outside.answers_to(middle) == []
    life.outside.clock.forward(600)
    await life.until_quiet()
    assert above.asked == [complaint]


async def test_a_post_that_is_gone_says_only_that(life: Life, above: Watched) -> None:
    root = await life.outside.says("mira", "Is anybody else offline tonight?")
    middle = await life.outside.says("kim", "Yes, the whole street is.", parent=root)
    live = life.outside.town.network._live
    person = live.state.person("kim")
    assert person is not None
    await life.outside.says("sam", COMPLAINT, parent=middle)
    live.delete(person, middle)
    await life.until_quiet()
    assert [(each.text, each.deleted) for each in await timeline(life)] == [
        ("Is anybody else offline tonight?", False),
        ("", True),
    ]


async def test_a_network_that_does_not_tell_delays_nothing_and_is_asked_again(life: Life, above: Watched) -> None:
    root = await life.outside.says("mira", "Is anybody else offline tonight?")
    above.trouble = PlatformDown("the network is down")
    complaint = await life.outside.says("sam", COMPLAINT, parent=root)
    await life.until_quiet()
    assert (len(life.outside.answers_to(complaint)), await timeline(life)) == (1, ())
    assert above.asked == [complaint]
    above.trouble = None
    life.outside.clock.forward(180)
    assert await life.serve(Queue.RECHECK) > 0
    assert [each.external_id for each in await timeline(life)] == [root]


async def test_what_is_known_is_not_asked_for(life: Life, above: Watched) -> None:
    first = await life.outside.complains()
    await life.until_quiet()
    await life.outside.says("mira", COMPLAINT, parent=first)
    await life.until_quiet()
    assert await life.one("SELECT count(*) FROM tickets") == 2
    assert above.asked == []


async def test_context_goes_with_its_mention(life: Life, above: Watched) -> None:
    root = await life.outside.says("mira", "Is anybody else offline tonight?")
    complaint = await life.outside.says("sam", COMPLAINT, parent=root)
    await life.until_quiet()
    assert await life.one("SELECT count(*) FROM contexts") == 1
    async with life.bridge.store.writing() as uow:
        mention = await uow.mentions.by_external_id("acme", "demo", complaint)
        assert mention is not None
        assert await uow.mentions.delete(mention, life.now)
    assert await life.one("SELECT count(*) FROM contexts") == 0
