"""Kill the bridge at every boundary and request of a story on each network, rebuild it from disk, and count."""

import random
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fakes.chaos_abroad import Abroad, Birds, Fediverse, Skies
from fakes.chaos_counts import share
from fakes.chaos_driver import Life, live, subscribe, survive
from fakes.chaos_kills import Fuse, fuse
from fakes.databases import fresh_database

COMPLAINT = "my broadband has been down since Tuesday and nobody answers"
FOLLOW_UP = "still no broadband, it has been down for days now"
A_POLL = 2.0
NETWORKS = {"bluesky": Skies, "mastodon": Fediverse, "x": Birds}
both = pytest.mark.parametrize("network", NETWORKS)


@dataclass
class Told:
    """What one story came to: what the network shows, and what we know."""

    fuse: Fuse
    answers: list[str]
    first: str
    state: str
    parked: bool
    counts: tuple[Any, ...]


async def story(folder: Path, network: str, *at: int) -> Told:
    """A complaint and what its author adds, through deaths at these boundaries after the account was connected."""
    shutil.rmtree(folder / "life", ignore_errors=True)
    (folder / "life").mkdir()
    url, burning, world = fresh_database("sqlite", folder / "life"), fuse(*at), NETWORKS[network]()
    await subscribe(url, world.clock)
    await connected(world, url, folder)

    async def complain(there: Any) -> None:
        there.complains(COMPLAINT)
        there.clock.forward(A_POLL)

    async def add(there: Any) -> None:
        there.adds(FOLLOW_UP)
        there.clock.forward(A_POLL)

    life = await survive(world, url, folder, [complain, add], burning)  # type: ignore[arg-type]
    try:
        return await told(life, world, burning)
    finally:
        await life.end()


async def connected(world: Abroad, url: str, folder: Path) -> None:
    """Sign in and look around before anybody dies."""
    first = live(world, url, folder)  # type: ignore[arg-type]
    await first.begin()
    await first.until_quiet()
    await first.end()
    world.clock.forward(1)


async def told(life: Life, world: Any, burning: Fuse) -> Told:
    ((state, parked),) = await life.rows("SELECT state, parked_at FROM replies")
    counted = (
        "mentions",
        "mentions WHERE ticket_id IS NOT NULL AND state = 'judged'",
        "tickets",
        "replies",
        "events WHERE type = 'ticket.opened' AND position IS NOT NULL",
    )
    counts = tuple([await life.one(f"SELECT count(*) FROM {each}") for each in counted])
    return Told(burning, world.answers(), str(world.first), state, parked is not None, counts)


def assert_kept(one: Told, *, keyed: bool) -> None:
    """Said once and known; where no key exists, perhaps parked for a person, and never said a second time."""
    assert one.counts == (2, 2, 1, 1, 1)
    if one.parked and not keyed:
        assert one.state == "unknown"
        assert one.answers in ([], [one.first])
        return
    assert (one.state, one.answers) == ("sent", [one.first])


async def die_at(folder: Path, network: str, deaths: Iterable[tuple[int, ...]]) -> list[Told]:
    wrong, kept = [], []
    for at in deaths:
        try:
            one = await story(folder, network, *at)
            assert_kept(one, keyed=network != "x")
            kept.append(one)
        except AssertionError as error:
            wrong.append(f"killed at {at}: {error}")
    assert not wrong, f"{len(wrong)} deaths broke the promise:\n" + "\n".join(wrong[:10])
    return kept


@both
async def test_a_story_without_deaths_is_whole(quick_folder: Path, network: str) -> None:
    one = await story(quick_folder, network)
    assert_kept(one, keyed=True)


@both
async def test_a_death_around_every_request_of_the_answer(quick_folder: Path, network: str) -> None:
    passed = (await story(quick_folder, network)).fuse.passed
    send = passed.index("before send") + 1
    kept = await die_at(quick_folder, network, ((n,) for n in range(send - 2, send + 7)))
    assert all(len(one.fuse.passed) > max(one.fuse.at) for one in kept)


@both
async def test_a_few_deaths_anywhere(quick_folder: Path, dice: random.Random, network: str) -> None:
    length = len((await story(quick_folder, network)).fuse.passed)
    singles = [(dice.randint(1, length),) for _ in range(2)]
    await die_at(quick_folder, network, [*singles, *pairs(dice, 2, length)])


def pairs(dice: random.Random, count: int, length: int) -> Iterable[tuple[int, int]]:
    for _ in range(count):
        first = dice.randint(1, length)
        yield first, first + dice.randint(1, 40)


@pytest.mark.deep
@both
async def test_every_boundary_and_many_pairs(quick_folder: Path, dice: random.Random, network: str) -> None:
    length = len((await story(quick_folder, network)).fuse.passed)
    single = dice.sample(range(1, length + 1), min(length, share(length)))
    kept = await die_at(quick_folder, network, [(n,) for n in sorted(single)])
    kept += await die_at(quick_folder, network, pairs(dice, share(400), length))
    print(f"{network}: {len(kept)} stories, {sum(one.parked for one in kept)} parked")
