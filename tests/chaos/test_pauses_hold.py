"""What a person switched off stays off: through dead tokens, restarts, read-backs and long waits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from fakes.chaos_driver import Life, begun, reborn
from fakes.databases import fresh_database
from fakes.demo_town import ACME
from mentionbridge.domain.errors import LoginNeeded
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.pipeline.steer import pause, resume
from mentionbridge.ports.store import Queue
from mentionbridge.worker.timetable import Timetable

KIM = "Kim via desk"
AT = ("acme", "acme")


@pytest.fixture
async def life(quick_folder: Path) -> AsyncIterator[Life]:
    async with begun(fresh_database("sqlite", quick_folder), quick_folder) as alive:
        yield alive


class Odd:
    """A platform with one method of another kind."""

    def __init__(self, real: object, **odd: object) -> None:
        self.__dict__ |= {"_real": real, **odd}

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)


def with_odd(bridge: Bridge, **odd: object) -> Bridge:
    here = bridge.connected[AT]
    return replace(bridge, connected={AT: Connected(here.account, Odd(here.platform, **odd), here.hook)})  # type: ignore[arg-type]


async def state(life: Life) -> str:
    return str(await life.one("SELECT state FROM accounts"))


async def test_a_pause_outlives_a_dead_token_and_its_renewal(life: Life) -> None:
    async def dead(*_: object) -> None:
        raise LoginNeeded("the token was revoked")
        yield

    await pause(life.bridge, ACME, KIM)
    healthy, life.bridge = life.bridge, with_odd(life.bridge, collect=dead)
    life.outside.clock.forward(2)
    await life.serve(Queue.POLL)
    assert await life.one("SELECT count(*) FROM events WHERE type = 'account.reauth_required'") == 1
    life.bridge = healthy
    life.outside.clock.forward(120)
    await life.outside.complains()
    await life.until_quiet()
    assert (await state(life), life.outside.ours()) == ("paused", [])
    assert await life.one("SELECT paused_by FROM accounts") == KIM


async def test_a_pause_during_the_read_back_is_not_undone_by_its_end(life: Life, quick_folder: Path) -> None:
    async def read_back(*_: object) -> AsyncIterator[object]:
        await pause(life.bridge, ACME, KIM)
        for nothing in ():
            yield nothing

    life = await reborn(life, quick_folder)
    assert await state(life) == "reconcile"
    healthy, life.bridge = life.bridge, with_odd(life.bridge, own_posts=read_back)
    await life.serve(Queue.POLL)
    life.bridge = healthy
    assert await state(life) == "paused"


async def test_a_pause_survives_a_restart_and_nothing_is_lost_meanwhile(life: Life, quick_folder: Path) -> None:
    await pause(life.bridge, ACME, KIM)
    await life.outside.complains()
    life.outside.clock.forward(1)
    for _ in range(3):
        life = await reborn(life, quick_folder)
        await life.round()
        await life.round()
    assert (await state(life), life.outside.ours()) == ("paused", [])
    assert await life.rows("SELECT state FROM replies") == [("queued",)]
    await resume(life.bridge, ACME, KIM)
    await life.until_quiet()
    assert len(life.outside.ours()) == 1


@pytest.mark.parametrize("everything", [False, True], ids=["account", "everything"])
async def test_after_a_long_pause_what_a_person_answered_by_hand_is_not_answered_again(
    life: Life, everything: bool
) -> None:
    which = None if everything else ACME
    await pause(life.bridge, which, KIM)
    complaint = await life.outside.complains()
    await work_for(life, timedelta(minutes=1))
    await life.outside.answers_by_hand(complaint, "I have fixed it for you by hand.")
    await work_for(life, timedelta(hours=4))
    await resume(life.bridge, which, KIM)
    await life.until_quiet()
    assert [post.text for post in life.outside.ours()] == ["I have fixed it for you by hand."]


async def work_for(life: Life, time: timedelta) -> None:
    """Stay alive for a while, as a worker's timetable does."""
    until = life.now + time
    timetable = Timetable(life.bridge, tick=lambda: None, tick_seconds=60, grace_seconds=1)
    while life.now < until:
        life.outside.clock.forward(min(600.0, time.total_seconds()))
        await timetable._alive()
        await life.round()


async def test_an_answer_that_waited_out_its_age_goes_to_a_person(life: Life) -> None:
    await pause(life.bridge, ACME, KIM)
    await life.outside.complains()
    await work_for(life, timedelta(hours=7))
    await resume(life.bridge, ACME, KIM)
    await life.until_quiet()
    assert life.outside.ours() == []
    assert await life.rows("SELECT state, due FROM replies") == [("awaiting_approval", None)]


async def test_a_paused_account_asks_the_network_nothing_and_writes_no_ledger(life: Life) -> None:
    for who in ("sam", "noor", "ada"):
        await life.outside.complains(who)
    await life.hear()
    await life.serve(Queue.HOOK)
    await life.serve(Queue.JUDGE)
    await pause(life.bridge, ACME, KIM)
    before = len(life.fuse.passed)
    for _ in range(20):
        life.outside.clock.forward(5)
        await life.serve(Queue.SEND)
    assert not [place for place in life.fuse.passed[before:] if "reply_rights" in place]
    assert await life.one("SELECT count(*) FROM reply_attempts") == 0
    assert await life.one("SELECT max(attempts) FROM replies") == 0


async def test_a_stall_between_claim_and_first_byte_cannot_outrun_a_pause(life: Life) -> None:
    await life.outside.complains()
    await life.hear()
    await life.serve(Queue.HOOK)
    await life.serve(Queue.JUDGE)

    class Stalling:
        """A store whose process is stopped for five seconds right after the claim was committed."""

        def __init__(self, real: object) -> None:
            self._real = real
            self.reading = real.reading  # type: ignore[attr-defined]

        def writing(self) -> object:
            return _stalling(self._real, life)

    life.bridge = replace(life.bridge, store=Stalling(life.bridge.store))  # type: ignore[arg-type]
    await life.serve(Queue.SEND)
    assert life.outside.ours() == [], "five seconds after the claim a pause may long have returned"


@asynccontextmanager
async def _stalling(real: object, life: Life) -> AsyncIterator[object]:
    async with real.writing() as uow:  # type: ignore[attr-defined]
        yield uow
    if await life.rows("SELECT 1 FROM replies WHERE state = 'sending'"):
        life.outside.clock.forward(5)
