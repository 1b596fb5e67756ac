"""A pause that commits first always wins; one that comes later waits for the send it could not stop."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from fakes.people import ACME, connect, story
from fakes.world import World
from mentionbridge.domain.account import AccountState
from mentionbridge.domain.errors import NotAllowed
from mentionbridge.domain.reply import Reply, ReplyState
from mentionbridge.ports.store import Lease, Queue, UnitOfWork

Pause = Callable[[UnitOfWork], Awaitable[bool]]


async def pause_account(uow: UnitOfWork) -> bool:
    return await uow.accounts.set_state(ACME, AccountState.PAUSED, "Kim via desk")


async def pause_everything(uow: UnitOfWork) -> bool:
    return await uow.accounts.pause_everywhere(True, "Kim via desk", uow.claims.clock.now())  # type: ignore[attr-defined]


@pytest.fixture(params=[pause_account, pause_everything])
def pause(request: pytest.FixtureRequest) -> Pause:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
async def queued(world: World) -> tuple[Reply, Lease]:
    async with world.store.writing() as uow:
        await connect(uow)
        reply = await story(uow)
        (lease,) = await uow.claims.take(Queue.SEND, 1, 30)
    return reply, lease


async def test_a_pause_before_wins(world: World, queued: tuple[Reply, Lease], pause: Pause) -> None:
    async with world.store.writing() as uow:
        assert await pause(uow)
    async with world.store.writing() as uow:
        assert not await uow.replies.claim_sending(*queued, world.clock.now())
        still = await uow.replies.get("acme", queued[0].id)
    assert still is not None and (still.state, still.first_sent_at) == (ReplyState.QUEUED, None)


async def test_a_pause_under_way_is_waited_for_and_wins(
    world: World, queued: tuple[Reply, Lease], pause: Pause
) -> None:
    other = world.another()

    async def send() -> Reply | None:
        async with other.writing() as uow:
            return await uow.replies.claim_sending(*queued, world.clock.now())

    async with world.store.writing() as uow:
        assert await pause(uow)
        sending = asyncio.create_task(send())
        assert not (await asyncio.wait([sending], timeout=0.5))[0], "the send must wait for the pause"
    assert await sending is None
    await other.engine.aclose()


async def test_a_pause_that_comes_later_waits_for_the_claim(
    world: World, queued: tuple[Reply, Lease], pause: Pause
) -> None:
    other = world.another()

    async def pause_it() -> bool:
        async with other.writing() as uow:
            return await pause(uow)

    async with world.store.writing() as uow:
        assert await uow.replies.claim_sending(*queued, world.clock.now())
        pausing = asyncio.create_task(pause_it())
        assert not (await asyncio.wait([pausing], timeout=0.5))[0], "the pause must wait for the claim"
    assert await pausing is True
    await other.engine.aclose()


async def test_a_send_does_not_hold_up_another_account_or_reply(world: World, queued: tuple[Reply, Lease]) -> None:
    async with world.store.writing() as uow:
        second = await story(uow, "p-2")
        (lease,) = await uow.claims.take(Queue.SEND, 1, 30)
    other = world.another()

    async def send_second() -> Reply | None:
        async with other.writing() as uow:
            return await uow.replies.claim_sending(second, lease, world.clock.now())

    async with world.store.writing() as uow:
        assert await uow.replies.claim_sending(*queued, world.clock.now())
        sending = asyncio.create_task(send_second())
        done, _ = await asyncio.wait([sending], timeout=1)
        # SQLite has one writer, whatever it writes.
        assert bool(done) is not world.engine.embedded
    assert await sending
    await other.engine.aclose()


@pytest.mark.parametrize("state", [state for state in AccountState if state is not AccountState.ACTIVE])
async def test_only_an_active_account_says_anything(
    world: World, queued: tuple[Reply, Lease], state: AccountState
) -> None:
    async with world.store.writing() as uow:
        await uow.accounts.set_state(ACME, state)
        assert not await uow.replies.claim_sending(*queued, world.clock.now())


async def test_sending_is_claimed_once_and_keeps_when_it_was_first_tried(
    world: World, queued: tuple[Reply, Lease]
) -> None:
    reply, lease = queued
    first = world.clock.now()
    async with world.store.writing() as uow:
        assert await uow.replies.claim_sending(reply, lease, first)
        assert not await uow.replies.claim_sending(reply, lease, first)
        sending = await uow.replies.get("acme", reply.id)
        assert sending is not None
        assert (sending.state, sending.first_sent_at, sending.due) == (ReplyState.SENDING, first, lease.until)
        await uow.replies.move(sending, ReplyState.QUEUED, world.clock.forward(5))
        assert await uow.replies.claim_sending(reply, lease, world.clock.now())
        again = await uow.replies.get("acme", reply.id)
    assert again is not None and again.first_sent_at == first


async def test_a_stale_lease_sends_nothing(world: World, queued: tuple[Reply, Lease]) -> None:
    reply, stale = queued
    world.clock.forward(31)
    async with world.store.writing() as uow:
        (fresh,) = await uow.claims.take(Queue.SEND, 1, 30)
        assert not await uow.replies.claim_sending(reply, stale, world.clock.now())
        assert await uow.replies.claim_sending(reply, fresh, world.clock.now())


async def test_a_sending_row_is_never_claimed_for_sending_again(world: World, queued: tuple[Reply, Lease]) -> None:
    async with world.store.writing() as uow:
        assert await uow.replies.claim_sending(*queued, world.clock.now())
    world.clock.forward(31)
    async with world.store.writing() as uow:
        assert await uow.claims.take(Queue.SEND, 5, 30) == []
        assert [lease.id for lease in await uow.claims.take(Queue.SETTLE, 5, 30)] == [queued[0].id]


async def test_moves_are_checked_against_the_machine_and_the_row(world: World, queued: tuple[Reply, Lease]) -> None:
    reply, _ = queued
    async with world.store.writing() as uow:
        with pytest.raises(NotAllowed, match="cannot become"):
            await uow.replies.move(reply, ReplyState.RETRACTED, world.clock.now())
        moved = await uow.replies.move(reply, ReplyState.CANCELLED, world.clock.now(), reason="the post was deleted")
        assert (moved.state, moved.reason) == (ReplyState.CANCELLED, "the post was deleted")
        with pytest.raises(NotAllowed, match="has changed meanwhile"):
            await uow.replies.move(reply, ReplyState.EXPIRED, world.clock.now())


async def test_every_attempt_leaves_a_line(world: World, queued: tuple[Reply, Lease]) -> None:
    async with world.store.writing() as uow:
        await uow.replies.note("acme", queued[0].id, "send", "unknown", "x" * 2000, world.clock.now())
        await uow.replies.note("acme", queued[0].id, "settle", "sent", "found", world.clock.now())
    async with world.engine.reading() as connection:
        rows = (await connection.exec_driver_sql("SELECT what, detail FROM reply_attempts ORDER BY id")).all()
    assert [(row.what, len(row.detail)) for row in rows] == [("send", 500), ("settle", 5)]


async def test_the_big_switch_tells_whether_it_moved(world: World) -> None:
    now = world.clock.now()
    async with world.store.writing() as uow:
        moves = [await uow.accounts.pause_everywhere(on, "Kim via desk", now) for on in (True, True, False, False)]
        assert not await uow.accounts.paused_everywhere()
    assert moves == [True, False, True, False]
