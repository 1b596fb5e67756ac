"""Two desks answer one customer at the same moment: exactly one answer is queued, and the other desk is shown it."""

import asyncio
import multiprocessing
import os
from collections.abc import Iterator
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest

from fakes.clock import HandClock
from fakes.databases import drop_postgres, fresh_database
from fakes.people import story
from fakes.web_world import open_site
from fakes.world import World, open_store
from mentionbridge.domain.errors import AlreadyAnswered
from mentionbridge.domain.reply import ReplyState
from mentionbridge.pipeline.say import Saying

SHARE = float(os.environ.get("MENTIONBRIDGE_DEEP_SHARE", "1"))
DESKS = ("one", "two")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    made = fresh_database(request.param, tmp_path)
    yield made
    if request.param == "postgresql":
        drop_postgres(made)


def opened(url: str) -> World:
    clock = HandClock()
    return World(open_store(url, clock), clock, url)


async def tickets(url: str, count: int) -> list[str]:
    world = opened(url)
    made = []
    for number in range(count):
        async with world.store.writing() as uow:
            made.append((await story(uow, f"p-{number}", state=ReplyState.SENT)).ticket_id)
    await world.engine.aclose()
    return made


def saying(desk: str, ticket_id: str) -> Saying:
    return Saying("acme", ticket_id, f"We look into it, says {desk}.", f"Kim via {desk}", once=desk, seen=0)


async def answer(site: Any, desk: str, ticket_id: str) -> str:
    try:
        await site.door.message(saying(desk, ticket_id))
    except AlreadyAnswered:
        return "shown the other's"
    return "queued"


async def race(url: str, trials: int) -> None:
    told, worlds = await tickets(url, trials), [opened(url) for _ in DESKS]
    sites = [open_site(world) for world in worlds]
    for ticket_id in told:
        outcomes = await asyncio.gather(*(answer(s, d, ticket_id) for s, d in zip(sites, DESKS, strict=True)))
        assert sorted(outcomes) == ["queued", "shown the other's"], ticket_id
    for world in worlds:
        await world.engine.aclose()
    await only_one_each(url, trials)


async def only_one_each(url: str, trials: int) -> None:
    world = opened(url)
    async with world.engine.reading() as connection:
        counted = "SELECT count(*), count(DISTINCT ticket_id) FROM replies WHERE purpose = 'message'"
        row = (await connection.exec_driver_sql(counted)).one()
    await world.engine.aclose()
    assert tuple(row) == (trials, trials)


async def test_of_two_answers_at_once_one_is_queued(url: str) -> None:
    await race(url, 25)


@pytest.mark.deep
async def test_of_two_answers_at_once_one_is_queued_a_thousand_times(url: str) -> None:
    await race(url, max(50, int(1000 * SHARE)))


def _desk(url: str, desk: str, told: list[str], start: Barrier, said: Any) -> None:
    async def work() -> list[str]:
        world = opened(url)
        site, outcomes = open_site(world), []
        for ticket_id in told:
            await asyncio.to_thread(start.wait, 60)
            outcomes.append(await answer(site, desk, ticket_id))
        await world.engine.aclose()
        return outcomes

    said.put((desk, asyncio.run(work())))


@pytest.mark.deep
async def test_of_two_processes_that_answer_at_once_one_is_queued(url: str) -> None:
    trials = max(10, int(50 * SHARE))
    told = await tickets(url, trials)
    context = multiprocessing.get_context("spawn")
    start, said = context.Barrier(len(DESKS)), context.Queue()
    desks = [context.Process(target=_desk, args=(url, desk, told, start, said)) for desk in DESKS]
    for each in desks:
        each.start()
    outcomes = dict([await asyncio.to_thread(said.get, True, 300) for _ in desks])
    for each in desks:
        await asyncio.to_thread(each.join, 60)
    for pair in zip(*outcomes.values(), strict=True):
        assert sorted(pair) == ["queued", "shown the other's"]
    await only_one_each(url, trials)
