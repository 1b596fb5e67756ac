"""The group writer: few commits for many callers, one bad item fails alone, and nothing accepted is forgotten."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from fakes.clock import START
from fakes.people import ACME, post, seen, store_post
from fakes.world import World
from mentionbridge.domain.errors import NotAllowed, StoreDown
from mentionbridge.domain.mention import Author, Mention, Origin
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.store import tables as t
from mentionbridge.store.group_writer import GroupWriter
from mentionbridge.store.unit_of_work import SqlStore

Work = Callable[[UnitOfWork], Awaitable[Any]]


class CountingStore:
    """A store that counts its transactions and can be told to fail their commit."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.commits = 0
        self.fail_with: Exception | None = None
        self.gate: asyncio.Event | None = None

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Any]:
        async with self.store.writing() as uow:
            yield uow
            if self.gate is not None:
                await self.gate.wait()
            if self.fail_with is not None:
                raise self.fail_with
        self.commits += 1


def keep(number: int) -> Work:
    async def work(uow: UnitOfWork) -> Mention:
        return await store_post(uow, post(f"p-{number}"))

    return work


async def kept(world: World) -> list[str]:
    async with world.engine.reading() as connection:
        return list((await connection.execute(sa.select(t.mentions.c.external_id))).scalars())


@pytest.fixture
def counting(world: World) -> CountingStore:
    return CountingStore(world.store)


@pytest.fixture
async def writer(counting: CountingStore) -> AsyncIterator[GroupWriter]:
    writer = GroupWriter(counting)  # type: ignore[arg-type]
    yield writer
    await writer.aclose()


async def test_many_callers_share_few_commits(world: World, writer: GroupWriter, counting: CountingStore) -> None:
    mentions = await asyncio.gather(*(writer.submit(keep(number)) for number in range(150)))
    assert len({mention.id for mention in mentions}) == len(await kept(world)) == 150
    assert counting.commits <= 3


async def test_a_lone_caller_does_not_wait_for_company(world: World, writer: GroupWriter) -> None:
    async with asyncio.timeout(5):
        assert (await writer.submit(keep(1))).external_id == "p-1"
        assert (await writer.submit(keep(2))).external_id == "p-2"
    assert await kept(world) == ["p-1", "p-2"]


async def test_one_bad_item_fails_alone(world: World, writer: GroupWriter, counting: CountingStore) -> None:
    async def refuse(uow: UnitOfWork) -> None:
        await store_post(uow, post("p-half"))
        raise NotAllowed("no", "Not like this.")

    async def break_a_key(uow: UnitOfWork) -> None:
        mention = await store_post(uow, post("p-broken"))
        await uow.mentions.join("acme", mention.id, "tkt_none")
        await store_post(uow, post("p-after"))

    works = [keep(1), refuse, keep(2), break_a_key, keep(3)]
    answers = await asyncio.gather(*(writer.submit(work) for work in works), return_exceptions=True)
    assert [type(answer).__name__ for answer in answers] == [
        "Mention",
        "NotAllowed",
        "Mention",
        "IntegrityError",
        "Mention",
    ]
    assert sorted(await kept(world)) == ["p-1", "p-2", "p-3"]
    assert counting.commits == 1


async def test_what_is_alike_is_done_together_and_each_hears_its_own_answer(
    world: World, writer: GroupWriter, counting: CountingStore
) -> None:
    together: list[int] = []

    async def keep_all(uow: UnitOfWork, numbers: Sequence[int]) -> Sequence[str]:
        together.append(len(numbers))
        return [(await store_post(uow, post(f"p-{number}"))).external_id for number in numbers]

    answers = await asyncio.gather(*(writer.share(keep_all, n) for n in range(20)), writer.submit(keep(99)))
    assert [*answers[:20], answers[20].external_id] == [*(f"p-{n}" for n in range(20)), "p-99"]
    assert together == [20] and counting.commits == 1


async def test_one_bad_part_fails_alone_and_leaves_nothing_half(
    world: World, writer: GroupWriter, counting: CountingStore
) -> None:
    async def keep_good(uow: UnitOfWork, numbers: Sequence[int]) -> Sequence[int]:
        for number in numbers:
            mention = await store_post(uow, post(f"p-{number}"))
            if number == 3:
                await uow.mentions.join("acme", mention.id, "tkt_none")
                await uow.mentions.get("acme", mention.id)
        return numbers

    answers = await asyncio.gather(*(writer.share(keep_good, n) for n in range(6)), return_exceptions=True)
    assert [type(answer).__name__ for answer in answers] == ["int", "int", "int", "IntegrityError", "int", "int"]
    assert sorted(await kept(world)) == ["p-0", "p-1", "p-2", "p-4", "p-5"]
    assert counting.commits == 1


async def test_an_answer_comes_only_after_the_commit(
    world: World, writer: GroupWriter, counting: CountingStore
) -> None:
    counting.gate = asyncio.Event()
    answer = asyncio.create_task(writer.submit(keep(1)))
    done, _ = await asyncio.wait([answer], timeout=0.3)
    assert not done and await kept(world) == []
    counting.gate.set()
    await answer
    assert await kept(world) == ["p-1"]


async def test_all_fail_when_the_commit_fails_and_the_next_goes_on(
    world: World, writer: GroupWriter, counting: CountingStore
) -> None:
    counting.fail_with = StoreDown("The database's disk is full.")
    answers = await asyncio.gather(*(writer.submit(keep(n)) for n in range(5)), return_exceptions=True)
    assert [str(answer) for answer in answers] == ["The database's disk is full."] * 5
    assert len({id(answer) for answer in answers}) == 5
    assert await kept(world) == []
    counting.fail_with = None
    await writer.submit(keep(9))
    assert await kept(world) == ["p-9"]


async def test_closing_finishes_what_it_accepted_and_takes_nothing_more(
    world: World, writer: GroupWriter, counting: CountingStore
) -> None:
    counting.gate = asyncio.Event()
    accepted = [asyncio.create_task(writer.submit(keep(number))) for number in range(30)]
    await asyncio.sleep(0.05)
    closing = asyncio.create_task(writer.aclose())
    await asyncio.sleep(0.05)
    with pytest.raises(StoreDown, match="stopping and took nothing in"):
        await writer.submit(keep(99))
    counting.gate.set()
    await closing
    assert all(task.done() for task in accepted)
    assert len(await kept(world)) == 30


async def test_a_full_queue_makes_callers_wait(world: World, counting: CountingStore) -> None:
    writer = GroupWriter(counting, most_waiting=3, most_at_once=2)  # type: ignore[arg-type]
    counting.gate = asyncio.Event()
    tasks = [asyncio.create_task(writer.submit(keep(number))) for number in range(10)]
    await asyncio.sleep(0.1)
    assert len(writer._queue) <= 3
    counting.gate.set()
    await asyncio.gather(*tasks)
    assert len(await kept(world)) == 10
    await writer.aclose()


async def test_a_caller_that_goes_away_in_the_queue_leaves_nothing(
    world: World, writer: GroupWriter, counting: CountingStore
) -> None:
    counting.gate = asyncio.Event()
    first = asyncio.create_task(writer.submit(keep(1)))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(writer.submit(keep(2)))
    await asyncio.sleep(0.05)
    second.cancel()
    counting.gate.set()
    await first
    await writer.submit(keep(3))
    assert sorted(await kept(world)) == ["p-1", "p-3"]


async def test_two_processes_that_cross_each_other_both_get_through(world: World) -> None:
    other = world.another()
    writers = [GroupWriter(world.store), GroupWriter(other)]
    people = [Author(f"u-{n}", f"handle{n}") for n in range(6)]

    def see(order: list[Author]) -> Work:
        async def work(uow: UnitOfWork) -> None:
            for author in order:
                await seen(uow, author)
                await asyncio.sleep(0.002)

        return work

    orders = (people, people[::-1])
    await asyncio.gather(*(writers[side].submit(see(orders[side])) for _ in range(12) for side in (0, 1)))
    async with world.engine.reading() as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM authors")).scalar_one() == 6
    for writer in writers:
        await writer.aclose()
    await other.engine.aclose()


async def test_trouble_of_the_database_takes_the_whole_group_with_it(world: World, writer: GroupWriter) -> None:
    async def fill_the_disk(uow: Any) -> None:
        await uow.connection.exec_driver_sql("PRAGMA max_page_count=10")
        await uow.inbox.keep(ACME, Origin.HOOK, b"x" * 1_000_000, START)

    async def lose_the_connection(uow: Any) -> None:
        await uow.connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    trouble = fill_the_disk if world.engine.embedded else lose_the_connection
    says = "disk is full and nothing was kept" if world.engine.embedded else "cannot be reached and nothing was kept"
    works = (keep(1), trouble, keep(2))
    answers = await asyncio.gather(*(writer.submit(work) for work in works), return_exceptions=True)
    assert [isinstance(answer, StoreDown) and says in str(answer) for answer in answers] == [True] * 3
    assert await kept(world) == []
