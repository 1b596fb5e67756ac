"""What a network tells at once is taken in at once; what a stream loses, a poll has."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fakes.tale import ACME, LATE, Paper, Tale
from mentionbridge.domain.errors import LoginNeeded, PlatformDown, RateLimited
from mentionbridge.domain.mention import Item
from mentionbridge.domain.stream import Loss, Pauses
from mentionbridge.pipeline.bridge import Connected
from mentionbridge.pipeline.collect import poll
from mentionbridge.ports.platform import Page
from mentionbridge.ports.store import Queue
from mentionbridge.worker import listening
from mentionbridge.worker.listening import Listening

both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


class Live(Paper):
    """A network that says what the test puts into its pipe, as often as somebody connects."""

    capabilities = replace(Paper.capabilities, streams=True)

    def __init__(self) -> None:
        super().__init__()
        self.pipe: asyncio.Queue[Any] = asyncio.Queue()
        self.shown: list[Item] = []
        self.connections = 0
        self.open = 0

    async def collect(self, cursor: str | None) -> AsyncIterator[Page]:
        yield Page(list(self.shown), "far")

    async def listen(self) -> AsyncIterator[Sequence[Item] | None]:
        self.connections += 1
        self.open += 1
        try:
            yield ()
            while True:
                said = await self.pipe.get()
                if isinstance(said, Exception):
                    raise said
                yield said
        finally:
            self.open -= 1

    def pauses(self, loss: Loss) -> Pauses:
        return Pauses(first=0.01, most=0.05)


@pytest.fixture
def network(told: Tale) -> Live:
    live = Live()
    told.bridge = replace(told.bridge, connected={("acme", "acme"): Connected(ACME, live)})  # type: ignore[arg-type]
    return live


async def until(true: Any) -> None:
    for _ in range(1000):
        if await true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came true")


async def mentions(told: Tale) -> list[Any]:
    return [tuple(row) for row in await told.rows("SELECT external_id, origin FROM mentions ORDER BY id")]


async def stream(told: Tale) -> Any:
    async with told.store.reading() as uow:
        found = await uow.streams.all(["acme"])
    return found[0] if found else None


async def polls(told: Tale) -> int:
    async with told.store.writing() as uow:
        leases = await uow.claims.take(Queue.POLL, 9, 30)
    for lease in leases:
        await poll(told.bridge, lease)
    return len(leases)


@both
async def test_a_post_is_taken_in_when_it_is_said_and_a_poll_knows_it(told: Tale, network: Live) -> None:
    rung: list[int] = []
    ears = Listening(told.bridge, lambda: rung.append(1))
    ears.start()
    post = told.post("sam", LATE, id="p-1")
    await network.pipe.put([post])
    await until(lambda: _has(told, 1))
    assert await mentions(told) == [("p-1", "stream")]
    assert rung
    network.shown = [post]
    await polls(told)
    assert len(await mentions(told)) == 1
    health = await stream(told)
    assert health.since is not None and health.lost == 0
    await ears.stop()
    assert network.open == 0
    assert (await stream(told)).since is None


async def _has(told: Tale, many: int) -> bool:
    return len(await mentions(told)) == many


@both
async def test_news_without_words_wake_the_poll(told: Tale, network: Live) -> None:
    await polls(told)
    assert await polls(told) == 0, "not due for a second"
    ears = Listening(told.bridge, lambda: None)
    network.shown = [told.post("sam", LATE, id="p-1")]
    ears.start()

    async def polled() -> bool:
        return await polls(told) == 1

    await until(polled)
    assert await mentions(told) == [("p-1", "poll")], "what was said before it stood"
    network.shown.append(told.post("kim", LATE, id="p-2"))
    await network.pipe.put(())
    await until(polled)
    assert len(await mentions(told)) == 2
    await ears.stop()


async def test_a_wake_while_a_poll_is_under_way_is_not_lost(told: Tale, network: Live) -> None:
    late = told.post("kim", LATE, id="p-late")

    async def collect(cursor: str | None) -> AsyncIterator[Page]:
        yield Page([], "far")
        # The page is read; now somebody posts, and the stream says so before the walk has ended.
        told.clock.forward(0.1)
        async with told.store.writing() as uow:
            await uow.accounts.wake(ACME, told.clock.now())
        network.shown = [late]
        network.collect = Live.collect.__get__(network)  # type: ignore[method-assign]

    network.collect = collect  # type: ignore[method-assign]
    account = replace(ACME, poll_seconds=3600.0)
    told.bridge = replace(told.bridge, connected={("acme", "acme"): Connected(account, network)})  # type: ignore[arg-type]
    assert await polls(told) == 1
    assert await mentions(told) == []
    told.clock.forward(3)
    assert await polls(told) == 1
    assert await mentions(told) == [("p-late", "poll")]
    told.clock.forward(600)
    assert await polls(told) == 0


@pytest.mark.parametrize(
    "ended", [PlatformDown("it broke"), LoginNeeded("who are you"), RuntimeError("a plug that stumbles")]
)
async def test_a_lost_stream_is_told_connected_anew_and_reads_what_was_said_meanwhile(
    told: Tale, network: Live, ended: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "LOOK_SECONDS", 0.05)
    ears = Listening(told.bridge, lambda: None)
    ears.start()
    await network.pipe.put(ended)
    network.shown = [told.post("sam", LATE, id="p-1")]

    async def again() -> bool:
        return network.connections == 2

    await until(again)
    told.clock.forward(1)

    async def polled() -> bool:
        await polls(told)
        return await _has(told, 1)

    await until(polled)
    assert await told.rows("SELECT 1 FROM gaps") == [], "polls hear it all the while"
    await ears.stop()


async def test_why_it_was_lost_is_kept(told: Tale, network: Live) -> None:
    ears = Listening(told.bridge, lambda: None)
    ears.start()
    for _ in range(2):
        await network.pipe.put(PlatformDown("the network said nothing for too long"))

    async def twice() -> bool:
        health = await stream(told)
        return health is not None and health.lost == 2 and health.since is not None

    await until(twice)
    await ears.stop()


async def test_a_network_that_limits_us_is_left_alone_for_as_long_as_it_says(told: Tale, network: Live) -> None:
    ears = Listening(told.bridge, lambda: None)
    ears.start()
    await network.pipe.put(RateLimited(told.clock.now() + timedelta(minutes=10)))

    async def lost() -> bool:
        health = await stream(told)
        return health is not None and health.lost == 1

    await until(lost)
    told.clock.forward(120)
    other = Listening(told.bridge, lambda: None)
    other.start()
    await asyncio.sleep(0.3)
    assert network.connections == 1, "nor does another process go there meanwhile"
    async with asyncio.timeout(2):
        await ears.stop()
        await other.stop()


@both
async def test_of_two_processes_one_listens_and_the_other_takes_over(
    told: Tale, network: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "LOOK_SECONDS", 0.05)
    first, second = (Listening(told.bridge, lambda: None) for _ in range(2))
    first.start()

    async def connected() -> bool:
        return network.open == 1

    await until(connected)
    second.start()
    await asyncio.sleep(0.3)
    assert (network.open, network.connections) == (1, 1)
    await first.stop()

    async def taken_over() -> bool:
        return (network.open, network.connections) == (1, 2)

    await until(taken_over)
    await second.stop()


async def test_who_lost_the_hold_hangs_up(told: Tale, network: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "KEEP_SECONDS", 0.05)
    ears = Listening(told.bridge, lambda: None)
    ears.start()

    async def connected() -> bool:
        health = await stream(told)
        return health is not None and health.since is not None

    await until(connected)
    now = told.clock.now() + timedelta(minutes=5)
    async with told.store.writing() as uow:
        assert await uow.streams.hold(ACME, "lst_other", now + timedelta(hours=9), now)

    async def hung_up() -> bool:
        return network.open == 0

    await until(hung_up)
    await ears.stop()
    async with told.store.writing() as uow:
        assert not await uow.streams.hold(ACME, "lst_third", now + timedelta(hours=9), now), "it is not ours to release"


async def test_a_network_without_a_stream_is_left_alone(told: Tale, network: Live) -> None:
    network.capabilities = replace(network.capabilities, streams=False)
    ears = Listening(told.bridge, lambda: None)
    ears.start()
    await asyncio.sleep(0.1)
    await ears.stop()
    assert (network.connections, await stream(told)) == (0, None)
