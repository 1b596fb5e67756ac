"""Claims: the limit holds, nobody shares a row, leases end, and a stale token settles nothing."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from fakes.people import ACME, connect, post, store_post, story
from fakes.world import World
from mentionbridge.domain.errors import LeaseLost
from mentionbridge.domain.reply import ReplyState
from mentionbridge.ports.store import Lease, Queue
from mentionbridge.store import tables as t
from mentionbridge.store.unit_of_work import SqlStore


async def keep_posts(world: World, many: int) -> None:
    async with world.store.writing() as uow:
        for number in range(many):
            await store_post(uow, post(f"p-{number}"))


async def take(store: SqlStore, limit: int, queue: Queue = Queue.JUDGE, seconds: float = 30) -> list[Lease]:
    async with store.writing() as uow:
        return list(await uow.claims.take(queue, limit, seconds))


async def test_one_look_names_the_queues_that_hold_something_due(world: World) -> None:
    async def due() -> list[Queue]:
        async with world.store.reading() as uow:
            return list(await uow.claims.due())

    assert await due() == []
    await keep_posts(world, 1)
    assert await due() == [Queue.JUDGE]
    assert len(await take(world.store, 5)) == 1
    assert await due() == [], "somebody has it in hand"


async def test_the_limit_holds(world: World) -> None:
    await keep_posts(world, 25)
    assert [len(await take(world.store, 10)) for _ in range(4)] == [10, 10, 5, 0]


async def test_the_limit_holds_when_the_planner_knows_the_table(world: World) -> None:
    await keep_posts(world, 120)
    async with world.engine.writing() as connection:
        await connection.exec_driver_sql("ANALYZE")
    assert len(await take(world.store, 7)) == 7


async def test_claimers_at_once_never_share_a_row(world: World) -> None:
    await keep_posts(world, 90)
    claimers = [world.store, *(world.another() for _ in range(3))]

    async def claim_all(store: SqlStore) -> list[str]:
        mine: list[str] = []
        while leases := await take(store, 7):
            mine += [lease.id for lease in leases]
        return mine

    found = [lease_id for part in await asyncio.gather(*map(claim_all, claimers)) for lease_id in part]
    assert len(found) == len(set(found)) == 90
    for store in claimers[1:]:
        await store.engine.aclose()


async def test_a_row_somebody_claims_right_now_is_passed_over(world: World) -> None:
    await keep_posts(world, 2)
    other = world.another()
    async with world.store.writing() as uow:
        (first,) = await uow.claims.take(Queue.JUDGE, 1, 30)
        second = asyncio.create_task(take(other, 10))
        done, _ = await asyncio.wait([second], timeout=1)
        # SQLite has one writer: there a second claimer waits for the first instead of passing it.
        assert bool(done) is not world.engine.embedded
    (rest,) = await second
    assert rest.id != first.id
    await other.engine.aclose()


async def test_an_expired_lease_is_reclaimed_and_its_first_holder_settles_nothing(world: World) -> None:
    await keep_posts(world, 1)
    (first,) = await take(world.store, 1, seconds=30)
    world.clock.forward(29)
    assert await take(world.store, 1) == []
    world.clock.forward(2)
    (second,) = await take(world.store, 1)
    assert (second.id, second.attempts) == (first.id, 2) and second.token != first.token
    for settle in ("check", "done"):
        with pytest.raises(LeaseLost):
            async with world.store.writing() as uow:
                await getattr(uow.claims, settle)(first)
    async with world.store.writing() as uow:
        await uow.claims.check(second)
        await uow.claims.done(second)
    world.clock.forward(3600)
    assert await take(world.store, 1) == []


async def test_a_row_given_back_is_due_when_said_and_may_forget_its_attempts(world: World) -> None:
    await keep_posts(world, 1)
    (lease,) = await take(world.store, 1)
    async with world.store.writing() as uow:
        await uow.claims.done(lease, world.clock.now() + timedelta(seconds=60), fresh=True)
    assert await take(world.store, 1) == []
    world.clock.forward(60)
    assert [again.attempts for again in await take(world.store, 1)] == [1]


async def test_the_steady_deadline_is_never_later_than_the_stored_one(world: World) -> None:
    await keep_posts(world, 1)
    (lease,) = await take(world.store, 1, seconds=30)
    async with world.engine.reading() as connection:
        stored = (await connection.execute(sa.select(t.mentions.c.lease_until))).scalar_one()
    assert lease.until == stored == world.clock.now() + timedelta(seconds=30)
    assert lease.deadline == world.clock.monotonic() + 30


async def test_each_queue_takes_only_its_states(world: World) -> None:
    async with world.store.writing() as uow:
        await connect(uow)
        queued = await story(uow, "p-1")
        for number, state in enumerate((ReplyState.SENDING, ReplyState.UNKNOWN, ReplyState.AWAITING_APPROVAL), 2):
            await story(uow, f"p-{number}", state=state)
    assert [lease.id for lease in await take(world.store, 9, Queue.SEND)] == [queued.id]
    assert {lease.id[-3:] for lease in await take(world.store, 9, Queue.SETTLE)} == {"p-2", "p-3"}


@pytest.mark.parametrize("queue", list(Queue))
async def test_every_queue_can_be_asked(world: World, queue: Queue) -> None:
    assert await take(world.store, 5, queue) == []


async def test_a_connected_account_is_due_at_once(world: World) -> None:
    async with world.store.writing() as uow:
        await connect(uow)
    assert [(lease.brand_id, lease.id) for lease in await take(world.store, 5, Queue.POLL)] == [("acme", ACME.id)]


async def test_a_row_claimed_in_a_transaction_that_fails_is_free_again(world: World) -> None:
    await keep_posts(world, 1)
    with pytest.raises(ZeroDivisionError):
        async with world.store.writing() as uow:
            assert len(await uow.claims.take(Queue.JUDGE, 1, 30)) == 1
            raise ZeroDivisionError
    assert [lease.attempts for lease in await take(world.store, 1)] == [1]
