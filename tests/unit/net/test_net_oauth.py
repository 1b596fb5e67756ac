"""A token that changes at every use is traded in by one at a time, and what comes back is kept before it is used."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest

from contract.scripted import MemoryVault
from fakes.clock import HandClock
from mentionbridge.domain.errors import LoginNeeded, PlatformDown
from mentionbridge.net.grants import Grant
from mentionbridge.net.oauth import CLAIM, Rotating

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class Killed(BaseException):
    """The process is gone."""


class Network:
    """Kills a refresh token at its first use."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.good = "first"
        self.trades = 0
        self.refused = 0
        self.down = False

    async def trade(self, refresh: str) -> Grant:
        await asyncio.sleep(0)
        if self.down:
            raise PlatformDown("not now")
        if refresh != self.good:
            self.refused += 1
            raise LoginNeeded("sign in again")
        self.trades += 1
        self.good = f"refresh-{self.trades}"
        return Grant(f"access-{self.trades}", self.good, self.clock.now() + timedelta(hours=2))


class Scene:
    def __init__(self) -> None:
        self.clock = HandClock(NOW)
        self.network = Network(self.clock)
        self.vault = MemoryVault("{}")

    def worker(self) -> Rotating:
        async def sleep(seconds: float) -> None:
            self.clock.forward(seconds)
            await asyncio.sleep(0)

        return Rotating("first", self.network.trade, self.vault, self.clock, sleep)


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_a_token_is_used_until_shortly_before_its_end(scene: Scene) -> None:
    worker = scene.worker()
    assert [await worker.current(), await worker.current()] == ["access-1", "access-1"]
    scene.clock.forward(2 * 3600 - 60)
    assert await worker.current() == "access-2"


async def test_what_was_kept_is_used_after_a_restart(scene: Scene) -> None:
    await scene.worker().current()
    assert await scene.worker().current() == "access-1"
    assert scene.network.trades == 1


async def test_two_workers_never_trade_one_token_in_twice(scene: Scene) -> None:
    dice = random.Random(11)
    workers = [scene.worker() for _ in range(4)]
    for _ in range(50):
        await asyncio.gather(*(worker.current() for worker in dice.sample(workers, 4)))
        scene.clock.forward(2 * 3600)
    assert scene.network.trades == 50
    assert scene.network.refused == 0


async def test_a_refused_token_is_renewed_once_for_all_who_saw_it(scene: Scene) -> None:
    workers = [scene.worker() for _ in range(3)]
    for worker in workers:
        await worker.current()
    assert {await worker.renew("access-1") for worker in workers} == {"access-2"}
    assert scene.network.trades == 2


async def test_a_network_that_is_down_costs_no_token(scene: Scene) -> None:
    worker = scene.worker()
    scene.network.down = True
    for _ in range(3):
        with pytest.raises(PlatformDown):
            await worker.current()
    scene.network.down = False
    assert await worker.current() == "access-1"


async def test_a_spent_token_is_not_tried_again(scene: Scene) -> None:
    scene.network.good = "somebody else's"
    for _ in range(3):
        with pytest.raises(LoginNeeded):
            await scene.worker().current()
    assert scene.network.refused == 1


async def test_a_new_sign_in_replaces_what_was_kept(scene: Scene) -> None:
    await scene.worker().current()
    scene.network.good = "second"
    again = Rotating("second", scene.network.trade, scene.vault, scene.clock)
    assert await again.current() == "access-2"


async def test_who_dies_with_a_claim_holds_nobody_up_for_long(scene: Scene) -> None:
    async def dies(refresh: str) -> Grant:
        raise Killed

    class Forgetful(MemoryVault):
        async def swap(self, secret: str | None, version: int) -> bool:
            # Only the claim is written: the process is gone before anything else.
            return await scene.vault.swap(secret, version) if secret and "null" in secret else False

        async def read(self) -> tuple[str | None, int]:
            return await scene.vault.read()

    dying = Rotating("first", dies, Forgetful(None), scene.clock)
    with pytest.raises(Killed):
        await dying.current()
    before = scene.clock.now()
    assert await scene.worker().current() == "access-1"
    assert scene.clock.now() - before <= CLAIM + timedelta(seconds=1)


async def test_without_a_place_to_keep_the_new_one_nothing_is_traded_in(scene: Scene) -> None:
    class Nowhere(MemoryVault):
        async def swap(self, secret: str | None, version: int) -> bool:
            return False

    with pytest.raises(PlatformDown):
        await Rotating("first", scene.network.trade, Nowhere(None), scene.clock).current()
    assert scene.network.trades == 0


async def test_a_configured_spare_takes_over_once(scene: Scene) -> None:
    scene.network.good = "spare"
    make = lambda: Rotating("first", scene.network.trade, scene.vault, scene.clock, spare="spare")  # noqa: E731
    worker = make()
    assert await worker.current() == "access-1"
    assert not worker.has_spare
    scene.clock.forward(3 * 3600)
    scene.network.good = "somebody else's"
    for _ in range(2):
        with pytest.raises(LoginNeeded):
            await make().current()
    assert scene.network.refused == 2


def test_a_token_is_not_shown(scene: Scene) -> None:
    assert "secret" not in repr(Grant("secret", "secret", NOW))
