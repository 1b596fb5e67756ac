"""One process at a time holds an account's stream, and a poll that is under way is not deaf to a wake."""

import asyncio
from datetime import timedelta

from fakes.clock import START
from fakes.people import ACME
from fakes.world import World
from mentionbridge.ports.store import Lease, Queue

HOLD = timedelta(seconds=30)


async def hold(world: World, who: str, later: float = 0.0) -> bool:
    now = START + timedelta(seconds=later)
    async with world.store.writing() as uow:
        return await uow.streams.hold(ACME, who, now + HOLD, now)


async def health(world: World):
    async with world.store.reading() as uow:
        (told,) = await uow.streams.all([ACME.brand_id])
    return told


async def test_a_stream_is_held_by_one_until_its_time_is_over_or_it_lets_go(world: World) -> None:
    assert await hold(world, "lst_a")
    assert not await hold(world, "lst_b", 29)
    assert await hold(world, "lst_a", 29), "kept for longer"
    assert not await hold(world, "lst_b", 31)
    assert await hold(world, "lst_b", 60)
    assert not await hold(world, "lst_a", 61)
    async with world.store.writing() as uow:
        await uow.streams.release(ACME, "lst_a")
    assert not await hold(world, "lst_a", 62), "only its holder lets go"
    async with world.store.writing() as uow:
        await uow.streams.release(ACME, "lst_b")
    assert await hold(world, "lst_a", 63)


async def test_of_many_at_once_one_has_it(world: World) -> None:
    assert sorted(await asyncio.gather(*(hold(world, f"lst_{number}") for number in range(8)))) == [False] * 7 + [True]


async def test_how_it_is_is_told_by_its_holder_alone(world: World) -> None:
    await hold(world, "lst_a")
    async with world.store.writing() as uow:
        await uow.streams.connected(ACME, "lst_a", START)
        await uow.streams.heard(ACME, "lst_a", START + HOLD)
        await uow.streams.lost(ACME, "lst_b", "not mine")
    told = await health(world)
    assert (told.since, told.heard_at, told.lost, told.last_error) == (START, START + HOLD, 0, None)
    async with world.store.writing() as uow:
        await uow.streams.lost(ACME, "lst_a", "it broke")
    told = await health(world)
    assert (told.since, told.lost, told.last_error) == (None, 1, "it broke")
    async with world.store.writing() as uow:
        await uow.streams.connected(ACME, "lst_a", START)
        await uow.streams.lost(ACME, "lst_a", None)
    assert ((await health(world)).lost, (await health(world)).since) == (1, None)
    async with world.store.writing() as uow:
        await uow.streams.connected(ACME, "lst_a", START)
    await hold(world, "lst_b", 60)
    assert (await health(world)).since is None, "whoever takes over is not connected yet"


async def claimed(world: World) -> Lease | None:
    """Claim whatever is due for a poll; of that, our account's."""
    async with world.store.writing() as uow:
        leases = await uow.claims.take(Queue.POLL, 9, 30)
    return next((lease for lease in leases if lease.id == ACME.id), None)


async def test_a_wake_makes_due_now_and_during_a_poll_once_more(world: World) -> None:
    async with world.store.writing() as uow:
        await uow.accounts.ensure(ACME, START)
    lease = await claimed(world)
    assert lease is not None
    async with world.store.writing() as uow:
        assert not await uow.accounts.woken_since(ACME, lease.until - timedelta(seconds=lease.seconds))
        await uow.claims.done(lease, world.clock.now() + timedelta(hours=1), fresh=True)
    assert await claimed(world) is None
    async with world.store.writing() as uow:
        await uow.accounts.wake(ACME, world.clock.now())
    lease = await claimed(world)
    assert lease is not None
    world.clock.forward(1)
    async with world.store.writing() as uow:
        begun = lease.until - timedelta(seconds=lease.seconds)
        assert not await uow.accounts.woken_since(ACME, begun)
        await uow.accounts.wake(ACME, world.clock.now())
        assert await uow.accounts.woken_since(ACME, begun)
    assert await claimed(world) is None, "it is being polled"
