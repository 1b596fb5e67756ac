"""Two of everything at the same moment: doors, judges, senders, claimers. Each fact still happens once."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from fakes.chaos_counts import share
from fakes.chaos_driver import Life, begun, live
from fakes.chaos_outside import FOLLOW_UP
from fakes.databases import drop_postgres, fresh_database
from fakes.demo_town import ACME
from mentionbridge.domain.account import AccountState
from mentionbridge.domain.errors import LeaseLost, StoreDown
from mentionbridge.domain.mention import Author, Deleted, Origin, Post
from mentionbridge.pipeline.collect import store_page
from mentionbridge.pipeline.post import post as say
from mentionbridge.pipeline.steer import pause, resume
from mentionbridge.pipeline.take_in import Arrival, take_in
from mentionbridge.ports.store import Lease, Queue
from mentionbridge.store import tables as t
from mentionbridge.worker.handlers import HANDLERS


@pytest.fixture(params=["sqlite", "postgresql"])
async def pair(request: pytest.FixtureRequest, quick_folder: Path) -> AsyncIterator[tuple[Life, Life]]:
    """Two processes on one database and one network."""
    url = fresh_database(request.param, quick_folder)
    async with begun(url, quick_folder) as first:
        second = live(first.outside, url, quick_folder)
        first.line.append(second)
        yield first, second
    if request.param == "postgresql":
        drop_postgres(url)


def posts(many: int, life: Life, *, authors: int = 5) -> list[Post]:
    people = [Author(f"u-9{n}", f"person{n}") for n in range(authors)]
    return [
        Post(f"x-{n}", people[n % authors], "@acme my broadband is down again", life.now, thread_id=f"x-{n}")
        for n in range(many)
    ]


async def patiently(work: object, tries: int = 8) -> object:
    """Try again when two transactions stood in each other's way, as the worker and the networks do."""
    for _ in range(tries):
        try:
            return await work()  # type: ignore[operator]
        except StoreDown:
            continue
    raise AssertionError(f"still in the way after {tries} tries")


async def test_one_page_by_poll_and_each_post_by_webhook_at_once_is_one_mention_each(
    pair: tuple[Life, Life], dice: random.Random
) -> None:
    first, second = pair
    page = posts(40, first)
    async with first.bridge.store.reading() as uow:
        health = await uow.accounts.health("acme", "acme")

    async def poll() -> None:
        await store_page(first.bridge, ACME, page, "41", health)

    async def hook(post: Post) -> None:
        async with second.bridge.store.writing() as uow:
            await take_in(uow, [Arrival(ACME, health, post)], origin=Origin.HOOK, now=second.now)

    shuffled = dice.sample(page, len(page))
    await asyncio.gather(patiently(poll), *(patiently(lambda post=post: hook(post)) for post in shuffled))
    assert await first.one("SELECT count(*) FROM mentions") == 40
    assert await first.one("SELECT count(*) FROM events WHERE type = 'mention.received'") == 40
    assert await first.one("SELECT count(*) FROM authors") == 5
    sightings = await first.rows("SELECT origin, count(*) FROM sightings GROUP BY origin ORDER BY origin")
    assert sightings == [("hook", 40), ("poll", 40)]


async def test_two_words_of_one_person_judged_at_once_are_one_ticket_with_one_answer(
    pair: tuple[Life, Life],
) -> None:
    first, second = pair
    threads = [await first.outside.complains(f"person{n}") for n in range(6)]
    for n, thread in enumerate(threads):
        await first.outside.says(f"person{n}", FOLLOW_UP, parent=thread)
    await first.hear()
    await first.serve(Queue.HOOK, 50)
    async with first.bridge.store.writing() as uow:
        leases = await uow.claims.take(Queue.JUDGE, 50, 30)
    assert len(leases) == 12
    judge = HANDLERS[Queue.JUDGE].one
    assert judge is not None
    lives = [first, second] * 6
    await asyncio.gather(
        *(
            patiently(lambda each=each, lease=lease: judge(each.bridge, lease))
            for each, lease in zip(lives, leases, strict=True)
        )
    )
    assert await first.one("SELECT count(*) FROM tickets") == 6
    assert await first.one("SELECT count(*) FROM replies") == 6
    assert await first.one("SELECT count(*) FROM events WHERE type = 'ticket.opened'") == 6
    assert await first.one("SELECT count(*) FROM events WHERE type = 'ticket.updated'") == 6
    await first.until_quiet()
    assert len(first.outside.ours()) == 6


async def queued(life: Life, many: int) -> None:
    """Complaints of that many people, each with its answer queued."""
    for n in range(many):
        await life.outside.says(f"person{n}", f"@acme my broadband is down at number {n}")
    await life.hear()
    while await life.serve(Queue.HOOK, 100) + await life.serve(Queue.JUDGE, 100):
        pass
    assert await life.one("SELECT count(*) FROM replies WHERE state = 'queued'") == many


async def taken(life: Life, queue: Queue, limit: int, seconds: float = 30) -> Sequence[Lease]:
    async with life.bridge.store.writing() as uow:
        return await uow.claims.take(queue, limit, seconds)


async def test_a_worker_stopped_past_its_lease_says_nothing_more(pair: tuple[Life, Life]) -> None:
    """The first worker sleeps between writing `sending` down and the socket; the second settles and says it."""
    first, second = pair
    await queued(first, 3)
    leases = await taken(first, Queue.SEND, 3)
    for lease in leases:
        first.fuse.meanwhile["before send"] = lambda: first.outside.clock.forward(31)
        await say(first.bridge, lease)
    assert first.outside.ours() == [], "its lease had run out on the steady clock"
    await second.until_quiet()
    answers = Counter(post.parent for post in first.outside.ours())
    assert len(answers) == 3 and set(answers.values()) == {1}


async def test_a_sleeper_that_wakes_after_another_worker_said_it_learns_so(pair: tuple[Life, Life]) -> None:
    """The answer reaches the first worker only after its lease has passed on and the second has settled the reply."""
    first, second = pair
    await queued(first, 1)
    (lease,) = await taken(first, Queue.SEND, 1)
    real = first.bridge.connected["acme", "acme"]

    class Slow:
        def __init__(self, platform: object) -> None:
            self._platform = platform

        def __getattr__(self, name: str) -> object:
            return getattr(self._platform, name)

        async def send(self, *args: object) -> object:
            answer = await self._platform.send(*args)  # type: ignore[attr-defined]
            first.outside.clock.forward(40)
            await second.until_quiet()
            return answer

    first.bridge = replace(
        first.bridge,
        connected={("acme", "acme"): replace(real, platform=Slow(real.platform))},  # type: ignore[arg-type]
    )
    await say(first.bridge, lease)
    assert len(first.outside.ours()) == 1
    assert await first.rows("SELECT state, evidence FROM replies") == [("sent", "key")]
    assert await first.one("SELECT count(*) FROM events WHERE type = 'reply.sent'") == 1


async def test_two_senders_and_two_settlers_at_once_say_each_thing_once(pair: tuple[Life, Life]) -> None:
    first, _ = pair
    await queued(first, 12)

    async def work(life: Life, queue: Queue) -> None:
        for _ in range(8):
            for lease in await patiently(lambda: taken(life, queue, 3)):  # type: ignore[attr-defined]
                handler = HANDLERS[queue].one
                assert handler is not None
                try:
                    await handler(life.bridge, lease)
                except (LeaseLost, StoreDown):
                    first.outside.clock.forward(31)

    await asyncio.gather(*(work(life, queue) for life in pair for queue in (Queue.SEND, Queue.SETTLE)))
    await first.until_quiet()
    answers = Counter(post.parent for post in first.outside.ours())
    assert len(answers) == 12 and set(answers.values()) == {1}
    assert await first.one("SELECT count(*) FROM events WHERE type = 'reply.sent'") == 12


@pytest.mark.parametrize("everything", [False, True], ids=["account", "everything"])
async def test_no_send_starts_later_than_a_second_after_pause_returned(
    pair: tuple[Life, Life], everything: bool
) -> None:
    first, second = pair
    await queued(first, 40)
    loop, under_way = asyncio.get_running_loop(), asyncio.Event()
    sent: list[float] = []

    def hear() -> None:
        sent.append(loop.time())
        under_way.set()

    first.outside.town.network._live.listeners.append(hear)

    async def work(life: Life) -> None:
        while True:
            for lease in await patiently(lambda: taken(life, Queue.SEND, 2)):  # type: ignore[attr-defined]
                await patiently(lambda lease=lease: say(life.bridge, lease))
            await asyncio.sleep(0)

    workers = [asyncio.create_task(work(life)) for life in (first, second)]
    await under_way.wait()
    await pause(second.bridge, None if everything else ACME, "Kim via desk")
    returned = loop.time()
    await asyncio.sleep(1.5)
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    assert 0 < len(sent) < 40, "the pause must fall among the sends, or this proves nothing"
    assert [when - returned for when in sent if when > returned + 1] == []
    first.outside.clock.forward(31)
    await resume(first.bridge, None if everything else ACME, "Kim via desk")
    await first.until_quiet()
    assert len(first.outside.ours()) == 40


@pytest.mark.parametrize("claimers", [64])
async def test_many_claimers_never_share_a_row(pair: tuple[Life, Life], claimers: int) -> None:
    first, _ = pair
    page = posts(400, first, authors=50)
    async with first.bridge.store.reading() as uow:
        health = await uow.accounts.health("acme", "acme")
    await store_page(first.bridge, ACME, page, "401", health)
    found: list[str] = []

    async def claim(life: Life) -> None:
        while leases := await patiently(lambda: taken(life, Queue.JUDGE, 7)):
            found.extend(lease.id for lease in leases)  # type: ignore[attr-defined]

    await asyncio.gather(*(claim(pair[n % 2]) for n in range(claimers)))
    assert len(found) == len(set(found)) == 400


async def test_a_burst_of_300_between_two_polls_loses_none(pair: tuple[Life, Life]) -> None:
    first, _ = pair
    ids = {await first.outside.says(f"person{n % 40}", f"@acme my broadband is down, line {n}") for n in range(300)}
    first.outside.told = first.outside.network.seq
    first.outside.clock.forward(2)
    await first.serve(Queue.POLL)
    assert {one for (one,) in await first.rows("SELECT external_id FROM mentions")} == ids
    assert await first.one("SELECT count(*) FROM mentions") == 300
    assert first.fuse.passed.count("in collect") >= 8, "it takes several pages"


async def test_a_poll_that_dies_amid_a_burst_goes_on_where_it_was(pair: tuple[Life, Life]) -> None:
    first, second = pair
    ids = {await first.outside.says(f"person{n % 40}", f"@acme my broadband is down, line {n}") for n in range(120)}
    first.outside.told = first.outside.network.seq
    first.outside.clock.forward(2)

    def stop() -> None:
        raise LeaseLost("the walk stops after its first page")

    first.fuse.meanwhile["in collect"] = stop
    await first.serve(Queue.POLL)
    assert await first.one("SELECT count(*) FROM mentions") == 40
    first.outside.clock.forward(60)
    await second.serve(Queue.POLL)
    assert {one for (one,) in await first.rows("SELECT external_id FROM mentions")} == ids


async def test_one_edit_and_one_deletion_told_by_both_doors_at_once_are_told_once(pair: tuple[Life, Life]) -> None:
    first, _ = pair
    (told, *_) = posts(1, first)
    async with first.bridge.store.reading() as uow:
        health = await uow.accounts.health("acme", "acme")
    await store_page(first.bridge, ACME, [told], "2", health)
    edited = replace(told, text="@acme it works again", edit_version="1")

    async def tell(life: Life, item: object, origin: Origin) -> None:
        async with life.bridge.store.writing() as uow:
            await take_in(uow, [Arrival(ACME, health, item)], origin=origin, now=life.now)  # type: ignore[arg-type]

    for item, type_ in ((edited, "mention.edited"), (Deleted("x-0"), "mention.deleted")):
        tellings = [(life, origin) for life in pair for origin in (Origin.POLL, Origin.HOOK)]
        await asyncio.gather(*(patiently(lambda a=a, i=item: tell(a[0], i, a[1])) for a in tellings))
        assert await first.one(f"SELECT count(*) FROM events WHERE type = '{type_}'") == 1


@pytest.mark.deep
async def test_many_moments_of_both_doors(pair: tuple[Life, Life], dice: random.Random) -> None:
    first, second = pair
    async with first.bridge.store.reading() as uow:
        health = await uow.accounts.health("acme", "acme")
    rounds = share(200)
    for number in range(rounds):
        post = replace(posts(1, first)[0], external_id=f"r-{number}", thread_id=f"r-{number}")

        async def tell(life: Life, origin: Origin, post: Post = post) -> None:
            await asyncio.sleep(dice.random() / 500)
            async with life.bridge.store.writing() as uow:
                await take_in(uow, [Arrival(ACME, health, post)], origin=origin, now=life.now)

        await asyncio.gather(*(patiently(lambda a=a: tell(*a)) for a in ((first, Origin.POLL), (second, Origin.HOOK))))
    async with first.engine.reading() as connection:
        many = (await connection.execute(sa.select(sa.func.count()).select_from(t.mentions))).scalar_one()
    assert many == rounds
    print(f"{rounds} moments")
    assert AccountState(await first.one("SELECT state FROM accounts")) is AccountState.ACTIVE
