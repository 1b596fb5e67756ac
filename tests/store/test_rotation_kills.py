"""Workers that die around every look, claim, answer and commit of a sign-in's renewal; the account is never lost."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from fakes.chaos_counts import SEED, share
from fakes.clock import HandClock
from fakes.people import ACME, connect
from fakes.world import SEALER, World
from mentionbridge.domain.errors import LoginNeeded, PlatformDown
from mentionbridge.net.grants import Grant
from mentionbridge.net.oauth import Rotating, keep_sign_in
from mentionbridge.ports.vault import Vault
from mentionbridge.store.vault import AccountVault

LIFE = timedelta(hours=2)
STEPS = 10
"""More steps than one renewal has: two around every look and commit, two around every trade."""


class Killed(BaseException):
    """The process is gone, and does nothing any more."""


@dataclass
class Fate:
    """Ends one process at its step `left`."""

    left: int = 10**9
    dead: bool = False
    where: str = ""

    def step(self, where: str) -> None:
        self.left -= 1
        if self.left == 0:
            self.dead, self.where = True, where
        if self.dead:
            raise Killed


@dataclass
class Network:
    """A refresh token is good once; every sign-in is a chain of its own."""

    clock: HandClock
    good: set[str] = field(default_factory=set)
    living: dict[str, str] = field(default_factory=dict)
    used_by: dict[str, Fate] = field(default_factory=dict)
    twice: int = 0
    signed_in: int = 0
    number: int = 0

    def sign_in(self) -> Grant:
        self.signed_in += 1
        return self._grant(f"chain-{self.signed_in}")

    def trade(self, refresh: str, who: Fate) -> Grant:
        if refresh not in self.good:
            before = self.used_by.get(refresh)
            self.twice += before is not None and not before.dead
            raise LoginNeeded("sign in again")
        self.good.discard(refresh)
        self.used_by[refresh] = who
        return self._grant(refresh.partition("/")[0])

    def _grant(self, chain: str) -> Grant:
        self.number += 1
        grant = Grant(f"access-{self.number}", f"{chain}/{self.number}", self.clock.now() + LIFE)
        self.good.add(grant.refresh)
        self.living[chain] = grant.access
        return grant


@dataclass
class MortalVault:
    """The account's own vault, used by a process that may die before and after each use."""

    inner: Vault
    fate: Fate

    async def read(self) -> tuple[str | None, int]:
        self.fate.step("before a look")
        told = await self.inner.read()
        self.fate.step("after a look")
        return told

    async def swap(self, secret: str | None, version: int) -> bool:
        self.fate.step("before a commit")
        done = await self.inner.swap(secret, version)
        self.fate.step("after a commit")
        return done


@dataclass
class Scene:
    vault: AccountVault
    other: AccountVault
    clock: HandClock
    network: Network

    def process(self, fate: Fate, vault: Vault | None = None) -> Rotating:
        async def trade(refresh: str) -> Grant:
            fate.step("before the network")
            await asyncio.sleep(0)
            grant = self.network.trade(refresh, fate)
            fate.step("after the network")
            return grant

        async def sleep(seconds: float) -> None:
            fate.step("waiting")
            self.clock.forward(seconds)
            await asyncio.sleep(0)

        return Rotating("", trade, MortalVault(vault or self.vault, fate), self.clock, sleep)

    async def person(self, *, spare: bool) -> None:
        assert await keep_sign_in(self.vault, "", self.network.sign_in(), self.clock.now(), spare=spare)


@pytest.fixture
async def scene(world: World) -> AsyncIterator[Scene]:
    async with world.store.writing() as uow:
        await connect(uow)
    second = world.another()
    made = [AccountVault(engine, SEALER, ACME.brand_id, ACME.id) for engine in (world.engine, second.engine)]
    yield Scene(made[0], made[1], world.clock, Network(world.clock))
    await second.engine.aclose()


async def ask(process: Rotating, fate: Fate) -> str | None:
    try:
        return await process.current()
    except Killed:
        return None


async def one_death(scene: Scene, dice: random.Random, step: int) -> Fate:
    """Let a token get old, one of two workers die at its `step`, and a third go on; a person replaces a used spare."""
    scene.clock.forward(dice.choice((4000, 9000)))
    mortal, steady = Fate(step), Fate()
    first = ask(scene.process(mortal), mortal)
    both = (first, ask(scene.process(steady, scene.other), steady)) if dice.random() < 0.5 else (first,)
    await asyncio.gather(*both)
    later = Fate()
    survivor = scene.process(later, scene.other)
    token = await survivor.current()
    if token not in scene.network.living.values():
        # The network answers 401 to whoever comes with a token that was renewed since.
        token = await survivor.renew(token)
    assert token in scene.network.living.values()
    assert survivor.deadline is None
    if not survivor.has_spare:
        await scene.person(spare=True)
    return mortal


async def many_deaths(scene: Scene, steps: list[int]) -> Counter[str]:
    dice, died = random.Random(SEED), Counter[str]()
    await scene.person(spare=False)
    await scene.person(spare=True)
    for step in steps:
        fate = await one_death(scene, dice, step)
        died[fate.where if fate.dead else "none"] += 1
    assert scene.network.twice == 0
    return died


async def test_whoever_dies_wherever_in_a_renewal_the_account_stays_signed_in(scene: Scene) -> None:
    died = await many_deaths(scene, list(range(1, STEPS + 1)) * 2)
    assert died["after the network"] + died["before a commit"] >= 2, "deaths that lose no token prove nothing"
    assert scene.network.signed_in > 2


@pytest.mark.deep
async def test_a_thousand_deaths_lock_nobody_out(scene: Scene) -> None:
    dice, count = random.Random(SEED + 1), share(1000)
    died: Counter[str] = Counter()
    await scene.person(spare=False)
    await scene.person(spare=True)
    while died.total() < count:
        fate = await one_death(scene, dice, dice.randint(1, STEPS - 2))
        if fate.dead:
            died[fate.where] += 1
    assert scene.network.twice == 0
    print(f"{dict(died)}, {scene.network.signed_in - 2} spares used, {scene.network.number} grants")


async def test_without_a_spare_a_lost_answer_leaves_half_a_life_to_sign_in_again(scene: Scene) -> None:
    await scene.person(spare=False)
    scene.clock.forward(4000)
    fate = Fate(6)
    assert await ask(scene.process(fate), fate) is None
    assert fate.where == "after the network"
    scene.clock.forward(61)
    worker = scene.process(Fate())
    assert await worker.current() == "access-1"
    assert worker.deadline is not None
    assert worker.deadline - scene.clock.now() > timedelta(minutes=50)
    scene.clock.forward(3600)
    with pytest.raises(LoginNeeded):
        await worker.current()
    await scene.person(spare=False)
    assert await scene.process(Fate()).current() == "access-3"


async def test_a_database_that_is_away_when_the_answer_comes_costs_no_token(scene: Scene) -> None:
    class Away(MortalVault):
        failing = 0

        async def swap(self, secret: str | None, version: int) -> bool:
            if self.failing and secret and "access-2" in secret:
                self.failing -= 1
                raise OSError("gone")
            return await super().swap(secret, version)

    await scene.person(spare=False)
    scene.clock.forward(9000)
    worker, vault = scene.process(Fate()), Away(scene.vault, Fate())
    worker._vault = vault
    vault.failing = 100
    with pytest.raises(PlatformDown):
        await worker.current()
    vault.failing = 3
    assert await worker.current() == "access-2"
    assert await scene.process(Fate(), scene.other).current() == "access-2"
    assert scene.network.twice == 0


async def test_whoever_is_cancelled_while_the_network_answers_still_keeps_what_it_got(scene: Scene) -> None:
    await scene.person(spare=False)
    scene.clock.forward(9000)
    answering, answered = asyncio.Event(), asyncio.Event()

    async def trade(refresh: str) -> Grant:
        answering.set()
        await answered.wait()
        return scene.network.trade(refresh, Fate())

    asking = asyncio.create_task(Rotating("", trade, scene.vault, scene.clock).current())
    await answering.wait()
    asking.cancel()
    await asyncio.sleep(0)
    answered.set()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await scene.process(Fate(), scene.other).current() == "access-2"


async def test_whoever_is_slower_than_its_claim_loses_nothing_to_whoever_found_the_token_dead(scene: Scene) -> None:
    await scene.person(spare=False)
    scene.clock.forward(9000)
    hurried = scene.process(Fate(), scene.other)

    async def slow(refresh: str) -> Grant:
        grant = scene.network.trade(refresh, Fate(dead=True))
        scene.clock.forward(61)
        with pytest.raises(LoginNeeded):
            await hurried.current()
        return grant

    assert await Rotating("", slow, scene.vault, scene.clock).current() == "access-2"
    assert await scene.process(Fate(), scene.other).current() == "access-2"
