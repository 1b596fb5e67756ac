"""Kill the bridge at every boundary of solving, of the closing answer and of taking it back; a person asks again."""

import random
import shutil
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.chaos_counts import share
from fakes.chaos_driver import PAST_LEASES, Life, live
from fakes.chaos_kills import Fuse, Killed, fuse
from fakes.chaos_outside import Outside, outside
from fakes.databases import fresh_database
from mentionbridge.domain.errors import NotAllowed
from mentionbridge.domain.ticket import TicketState
from mentionbridge.pipeline.change import change
from mentionbridge.pipeline.retract import retract
from mentionbridge.pipeline.steer import approve

KIM = "Kim via desk"
Act = Callable[[Life], Awaitable[object]]


@dataclass
class Told:
    """What one story came to: our answers as the network has them, and what we know of them."""

    fuse: Fuse
    shown: int
    states: list[str]
    proposals: int
    sent: int
    retracted: int
    solved: int


async def solves(life: Life) -> None:
    ((ticket_id,),) = await life.rows("SELECT id FROM tickets")
    await change(life.bridge, "acme", ticket_id, {"state": TicketState.SOLVED}, KIM)


async def approves(life: Life) -> None:
    ((reply_id,),) = await life.rows("SELECT id FROM replies WHERE purpose = 'resolve'")
    with suppress(NotAllowed):
        await approve(life.bridge, "acme", reply_id, KIM)


async def takes_back(life: Life) -> None:
    ((reply_id,),) = await life.rows("SELECT id FROM replies WHERE purpose = 'resolve'")
    await retract(life.bridge, "acme", reply_id, KIM, "it was not fixed")


async def outlive(world: Outside, url: str, folder: Path, acts: Sequence[Act], burning: Fuse) -> Life:
    """Let a person do one thing after another, each again until it is done, through as many lives as it takes."""
    life, waiting, started = live(world, url, folder, burning), list(acts), False
    while True:
        try:
            if not started:
                await life.begin()
                started = True
            await life.until_quiet()
            if not waiting:
                return life
            await waiting[0](life)
            waiting.pop(0)
        except Killed:
            await life.end()
            world.clock.forward(PAST_LEASES)
            life, started = live(world, url, folder, burning), False


async def story(folder: Path, *at: int, keys: bool = True, taken_back: bool = False) -> Told:
    shutil.rmtree(folder / "life", ignore_errors=True)
    (folder / "life").mkdir()
    url = fresh_database("sqlite", folder / "life")
    async with outside(keys=keys) as world:
        complained = False

        async def complains(life: Life) -> None:
            nonlocal complained
            if not complained:
                complained = True
                await world.complains()

        acts: list[Act] = [complains, solves, approves, *([takes_back] if taken_back else [])]
        calm, burning = Fuse(), fuse(*at)
        first = await outlive(world, url, folder, acts[:1], calm)
        await first.end()
        life = await outlive(world, url, folder, acts[1:], burning)
        try:
            return await _told(life, burning)
        finally:
            await life.end()


async def _told(life: Life, burning: Fuse) -> Told:
    states = [state for (state,) in await life.rows("SELECT state FROM replies ORDER BY id")]
    return Told(
        burning,
        shown=sum(not post.deleted for post in life.outside.ours()),
        states=states,
        proposals=await life.one("SELECT count(*) FROM replies WHERE purpose = 'resolve'"),
        sent=await life.one("SELECT count(*) FROM events WHERE type = 'reply.sent'"),
        retracted=await life.one("SELECT count(*) FROM events WHERE type = 'reply.retracted'"),
        solved=await life.one("SELECT count(*) FROM events WHERE type = 'ticket.solved'"),
    )


def assert_said_once(told: Told) -> None:
    """The acknowledgement and one closing answer, each known as it is."""
    assert (told.shown, told.states, told.sent) == (2, ["sent", "sent"], 2)
    assert (told.proposals, told.solved) == (1, 1)


def assert_honest(told: Told) -> None:
    """Without keys: said once and known, or parked for a person and never said again."""
    if told.states[-1] != "unknown":
        assert_said_once(told)
        return
    assert told.shown <= 2
    assert (told.states, told.proposals, told.solved) == (["sent", "unknown"], 1, 1)


def assert_taken_back(told: Told) -> None:
    """Only the acknowledgement stands, and it was told once that the other is gone."""
    assert (told.shown, told.states, told.retracted) == (1, ["sent", "retracted"], 1)


async def die_at(
    folder: Path, deaths: Iterable[tuple[int, ...]], judge: Callable[[Told], None], **facts: bool
) -> list[Told]:
    """Play the story once for each death and judge each; reports all that went wrong, not only the first."""
    wrong, told = [], []
    for at in deaths:
        try:
            one = await story(folder, *at, **facts)
            judge(one)
            told.append(one)
        except (AssertionError, NotAllowed) as error:
            wrong.append(f"killed at {at}: {error}")
    assert not wrong, f"{len(wrong)} deaths broke the promise:\n" + "\n".join(wrong[:10])
    return told


async def test_a_closing_answer_is_said_once_whenever_the_process_dies(quick_folder: Path) -> None:
    calm = await story(quick_folder)
    assert_said_once(calm)
    send = calm.fuse.passed.index("before send") + 1
    told = await die_at(quick_folder, ((n,) for n in range(send - 3, send + 4)), assert_said_once)
    assert all(len(one.fuse.passed) > max(one.fuse.at) for one in told), "a death that never happened proves nothing"


async def test_without_keys_a_closing_answer_is_said_at_most_once(quick_folder: Path) -> None:
    send = (await story(quick_folder, keys=False)).fuse.passed.index("before send") + 1
    await die_at(quick_folder, [(send,), (send + 1,), (send + 2,)], assert_honest, keys=False)


async def test_what_is_taken_back_is_gone_whenever_the_process_dies(quick_folder: Path) -> None:
    calm = await story(quick_folder, taken_back=True)
    assert_taken_back(calm)
    goes = calm.fuse.passed.index("before retract") + 1
    await die_at(quick_folder, [(goes,), (goes + 1,), (goes + 2,)], assert_taken_back, taken_back=True)


@pytest.mark.deep
@pytest.mark.parametrize(
    ("keys", "judge"), [(True, assert_taken_back), (True, assert_said_once), (False, assert_honest)]
)
async def test_every_boundary_of_a_closing_answer_and_many_pairs(
    quick_folder: Path, dice: random.Random, keys: bool, judge: Callable[[Told], None]
) -> None:
    back = judge is assert_taken_back
    length = len((await story(quick_folder, keys=keys, taken_back=back)).fuse.passed)
    single = dice.sample(range(1, length + 1), min(length, share(length)))
    told = await die_at(quick_folder, [(n,) for n in sorted(single)], judge, keys=keys, taken_back=back)
    pairs = ((first, first + dice.randint(1, 40)) for first in (dice.randint(1, length) for _ in range(share(100))))
    told += await die_at(quick_folder, pairs, judge, keys=keys, taken_back=back)
    print(f"{len(told)} stories, {sum('unknown' in one.states for one in told)} parked")
