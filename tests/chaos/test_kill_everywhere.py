"""Kill the bridge at every boundary of a story, rebuild it from disk, and count what the world has seen."""

import random
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fakes.chaos_counts import share
from fakes.chaos_driver import Life, subscribe, survive
from fakes.chaos_kills import Fuse, fuse
from fakes.chaos_outside import FOLLOW_UP, Outside, outside
from fakes.databases import fresh_database

SAME_AS_BEFORE = ("before a transaction", "before a read", "before the commit")
"""Boundaries at which disk and world are as at the boundary in front of them; only the deep run dies there too."""


@dataclass
class Told:
    """What one story came to."""

    fuse: Fuse
    replies: list[str]
    facts: dict[str, int]
    state: str
    parked: bool
    complaint: str = ""
    said: list[str] = field(default_factory=list)


async def story(folder: Path, *at: int, keys: bool = True) -> Told:
    """A complaint with a photo and its follow-up, by poll and by webhook, through deaths at the given boundaries."""
    url, burning = _fresh(folder / "life"), fuse(*at)
    async with outside(keys=keys) as world:
        await subscribe(url, world.clock)
        posts: list[str] = []

        async def complain(there: Outside) -> None:
            posts.append(await there.complains())

        async def follow_up(there: Outside) -> None:
            posts.append(await there.says("sam", FOLLOW_UP, parent=posts[0]))

        life = await survive(world, url, folder, [complain, follow_up], burning)
        try:
            return await _told(life, posts, burning)
        finally:
            await life.end()


def _fresh(folder: Path) -> str:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return fresh_database("sqlite", folder)


async def _told(life: Life, posts: list[str], burning: Fuse) -> Told:
    facts = {
        "mentions": await life.one("SELECT count(*) FROM mentions"),
        "judged": await life.one("SELECT count(*) FROM mentions WHERE state = 'judged' AND ticket_id IS NOT NULL"),
        "tickets": await life.one("SELECT count(*) FROM tickets"),
        "opened": await life.one("SELECT count(*) FROM events WHERE type = 'ticket.opened' AND position IS NOT NULL"),
        "sent": await life.one("SELECT count(*) FROM events WHERE type = 'reply.sent' AND position IS NOT NULL"),
        "received": await life.one("SELECT count(*) FROM events WHERE type = 'mention.received'"),
        "opened heard": len(life.outside.subscriber.ids("ticket.opened")),
        "sent heard": len(life.outside.subscriber.ids("reply.sent")),
        "pictures": await life.one("SELECT count(*) FROM media WHERE state = 'kept'"),
        "bodies waiting": await life.one("SELECT count(*) FROM inbox WHERE state != 'read'"),
        "positions": await life.one("SELECT max(position) - count(*) FROM events"),
        "entries": await life.one("SELECT count(*) FROM entries"),
    }
    ((state, parked, looks),) = await life.rows("SELECT state, parked_at, looks FROM replies")
    said = [post.text for post in life.outside.ours()]
    told = Told(burning, [post.parent or "" for post in life.outside.ours()], facts, state, parked is not None)
    told.complaint, told.said = posts[0], said
    assert not parked or looks == 3
    return told


WHOLE = {
    "mentions": 2,
    "judged": 2,
    "tickets": 1,
    "opened": 1,
    "sent": 1,
    "received": 2,
    "opened heard": 1,
    "sent heard": 1,
    "pictures": 1,
    "bodies waiting": 0,
    "positions": 0,
    "entries": 3,
}
PARKED = {**WHOLE, "sent": 0, "sent heard": 0, "entries": 2}


def assert_whole(told: Told) -> None:
    """One acknowledgement under the complaint, one ticket, one event each, nothing lost."""
    assert told.replies == [told.complaint], "the network must show exactly one acknowledgement"
    assert (told.facts, told.state) == (WHOLE, "sent")


def assert_honest(told: Told) -> None:
    """Without keys: said once and known, or parked for a person and never said again."""
    if not told.parked:
        assert_whole(told)
        return
    assert len(told.replies) <= 1
    assert (told.facts, told.state) == (PARKED, "unknown")


async def die_at(folder: Path, deaths: Iterable[tuple[int, ...]], *, keys: bool = True) -> list[Told]:
    """Play the story once for each death and judge each; reports all that went wrong, not only the first."""
    wrong, told = [], []
    for at in deaths:
        try:
            one = await story(folder, *at, keys=keys)
            (assert_whole if keys else assert_honest)(one)
            told.append(one)
        except AssertionError as error:
            wrong.append(f"killed at {at}: {error}")
    assert not wrong, f"{len(wrong)} deaths broke the promise:\n" + "\n".join(wrong[:10])
    return told


async def test_a_story_without_deaths_is_whole(quick_folder: Path) -> None:
    assert_whole(await story(quick_folder))


async def test_a_death_at_every_other_boundary_leaves_one_of_each(quick_folder: Path, dice: random.Random) -> None:
    places = (await story(quick_folder)).fuse.passed
    chosen = [n for n, place in enumerate(places, 1) if place not in SAME_AS_BEFORE][dice.randint(0, 1) :: 2]
    began = time.monotonic()
    told = await die_at(quick_folder, ((n,) for n in chosen))
    print(f"{len(told)} deaths in {time.monotonic() - began:.1f} s")
    assert all(len(one.fuse.passed) > max(one.fuse.at) for one in told), "a death that never happened proves nothing"


async def test_without_keys_a_death_around_the_send_says_it_at_most_once(quick_folder: Path) -> None:
    places = (await story(quick_folder, keys=False)).fuse.passed
    send = places.index("before send") + 1
    told = await die_at(quick_folder, ((n,) for n in range(send - 4, send + 9)), keys=False)
    by_death = {max(one.fuse.at) - send: one for one in told}
    assert (by_death[0].parked, by_death[0].replies) == (True, []), "never sent, and without a key never sent blindly"
    assert not by_death[1].parked, "what the network took is found among our own posts"


async def test_two_deaths_in_a_row(quick_folder: Path, dice: random.Random) -> None:
    await die_at(quick_folder, _pairs(dice, 8, await _length(quick_folder)))
    await die_at(quick_folder, _pairs(dice, 4, await _length(quick_folder)), keys=False)


async def _length(folder: Path) -> int:
    return len((await story(folder)).fuse.passed)


def _pairs(dice: random.Random, count: int, length: int) -> Iterable[tuple[int, int]]:
    for _ in range(count):
        first = dice.randint(1, length)
        yield first, first + dice.randint(1, 40)


@pytest.mark.deep
@pytest.mark.parametrize("keys", [True, False], ids=["keys", "no-keys"])
async def test_every_boundary_and_many_pairs(quick_folder: Path, dice: random.Random, keys: bool) -> None:
    length = len((await story(quick_folder, keys=keys)).fuse.passed)
    single = dice.sample(range(1, length + 1), min(length, share(length)))
    told = await die_at(quick_folder, [(n,) for n in sorted(single)], keys=keys)
    told += await die_at(quick_folder, _pairs(dice, share(200), length), keys=keys)
    print(f"{len(told)} stories, {sum(one.parked for one in told)} parked")
