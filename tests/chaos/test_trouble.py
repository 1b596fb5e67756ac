"""The database is locked, full or loses a commit at the worst moment: nothing lost, nothing doubled, and it goes on."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fakes.chaos_driver import Life, begun
from fakes.chaos_outside import FOLLOW_UP
from fakes.databases import fresh_database
from fakes.demo_town import ACME
from mentionbridge.domain.errors import LoginNeeded, PlatformDown, StoreDown
from mentionbridge.domain.mention import Origin
from mentionbridge.ports.store import Queue, Store, UnitOfWork
from mentionbridge.store.group_writer import GroupWriter
from mentionbridge.store.unit_of_work import SqlStore
from mentionbridge.worker.loop import Worker

QUEUES = (Queue.HOOK, Queue.JUDGE, Queue.SEND)


@pytest.fixture(params=[True, False], ids=["keys", "no-keys"])
async def life(request: pytest.FixtureRequest, quick_folder: Path) -> AsyncIterator[Life]:
    async with begun(fresh_database("sqlite", quick_folder), quick_folder, keys=request.param) as alive:
        alive.rough = True
        yield alive


@dataclass
class Fickle:
    """A store that fails its n-th commit: before anything is kept, or after all is kept and before we hear so."""

    store: Store
    fails_at: int
    kept: bool
    commits: int = 0

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[UnitOfWork]:
        self.commits += 1
        now = self.commits == self.fails_at
        async with self.store.writing() as uow:
            yield uow
            if now and not self.kept:
                raise StoreDown("the disk took it not")
        if now and self.kept:
            raise StoreDown("nobody heard the commit's answer")

    def reading(self) -> Any:
        return self.store.reading()


async def impatient(life: Life) -> None:
    """Wait for another writer 50 ms, not 15 s."""

    @sa.event.listens_for(life.engine.raw.sync_engine, "connect")
    def hasty(connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout = 50")
        cursor.close()

    await life.engine.raw.dispose()


async def story_is_whole(life: Life, complaint: str) -> None:
    await life.until_quiet()
    await life.outside.says("sam", FOLLOW_UP, parent=complaint)
    await life.until_quiet()
    for (parked,) in await life.rows("SELECT parked_at FROM replies"):
        assert len(life.outside.ours()) == (0 if parked else 1)
    assert await life.one("SELECT count(*) FROM mentions WHERE ticket_id IS NOT NULL") == 2
    for table in ("tickets", "replies"):
        assert await life.one(f"SELECT count(*) FROM {table}") == 1
    told = dict(await life.rows("SELECT type, count(*) FROM events GROUP BY type"))
    assert (told["ticket.opened"], told["mention.received"], told["mention.classified"]) == (1, 2, 2)
    assert told.get("reply.sent", 0) == len(life.outside.ours())


@pytest.mark.parametrize("kept", [False, True], ids=["not kept", "kept unheard"])
async def test_any_one_commit_may_fail(life: Life, kept: bool, quick_folder: Path) -> None:
    """One story for each commit of it; each starts where the last ended, with another person."""
    whole, number = life.bridge.store, 0
    while True:
        number += 1
        fickle = Fickle(whole, number, kept)
        life.bridge = replace(life.bridge, store=fickle)
        seen = await life.one("SELECT count(*) FROM events WHERE type = 'ticket.opened'")
        complaint = await life.outside.complains(f"person{number}")
        await life.muddle_through()
        life.bridge = replace(life.bridge, store=whole)
        await life.until_quiet()
        assert await life.one("SELECT count(*) FROM events WHERE type = 'ticket.opened'") == seen + 1
        answers = life.outside.answers_to(complaint)
        ((state, parked),) = await life.rows(
            "SELECT r.state, r.parked_at FROM replies r JOIN mentions m ON m.id = r.mention_id "
            f"WHERE m.external_id = '{complaint}'"
        )
        assert (state, len(answers)) == ("sent", 1) or (parked is not None and len(answers) <= 1)
        if fickle.commits < number:
            break
    assert number > 10, "a story has more commits than that"
    print(f"{number - 1} commits failed; troubles seen: {len(life.troubles)}")


async def test_another_writer_that_never_lets_go(life: Life, quick_folder: Path) -> None:
    await impatient(life)
    complaint = await life.outside.complains()
    with closing(sqlite3.connect(quick_folder / "bridge.sqlite", isolation_level=None)) as other:
        for queue in (None, *QUEUES):
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreDown, match="busy"):
                await (life.serve(queue) if queue else life.hear())
            other.execute("ROLLBACK")
            await (life.serve(queue) if queue else life.hear())
    await story_is_whole(life, complaint)


async def test_a_locked_database_right_after_the_network_took_it(life: Life, quick_folder: Path) -> None:
    complaint = await life.outside.complains()
    await life.hear()
    await life.serve(Queue.HOOK)
    await life.serve(Queue.JUDGE)
    await impatient(life)
    with closing(sqlite3.connect(quick_folder / "bridge.sqlite", isolation_level=None)) as other:
        life.fuse.meanwhile["after send"] = lambda: other.execute("BEGIN IMMEDIATE")
        await life.serve(Queue.SEND)
        other.execute("ROLLBACK")
    assert [type(error) for error in life.troubles] == [StoreDown]
    assert len(life.outside.ours()) == 1
    assert await life.rows("SELECT state FROM replies") == [("sending",)]
    life.outside.clock.forward(31)
    await story_is_whole(life, complaint)
    assert await life.one("SELECT evidence FROM replies") in ("key", "read-back")


async def full(life: Life, *, on: bool) -> None:
    """Let the file grow no more, or again."""

    @sa.event.listens_for(life.engine.raw.sync_engine, "begin", insert=True)
    def bound(connection: sa.Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one() if on else 1073741823
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


async def test_a_full_disk_takes_nothing_and_loses_nothing(life: Life) -> None:
    complaint = await life.outside.complains()
    async with life.engine.writing() as connection:
        await connection.exec_driver_sql("CREATE TABLE ballast (body BLOB)")
    await full(life, on=True)
    with pytest.raises(StoreDown, match="full"):
        async with life.engine.writing() as connection:
            for _ in range(200):
                await connection.exec_driver_sql("INSERT INTO ballast VALUES (randomblob(40000))")
    for n in range(40):
        await life.outside.says(f"person{n}", "@acme my broadband is down " + "very " * 40)
    for _ in range(3):
        try:
            await life.hear()
        except StoreDown as error:
            life.troubles.append(error)
        for queue in Queue:
            try:
                await life.serve(queue)
            except StoreDown as error:
                life.troubles.append(error)
        life.outside.clock.forward(200)
    assert life.troubles and all(isinstance(error, StoreDown) for error in life.troubles)
    await full(life, on=False)
    life.outside.clock.forward(200)
    await life.until_quiet(400)
    assert await life.one("SELECT count(*) FROM mentions") == 41
    assert await life.one("SELECT count(*) FROM tickets") == 41
    sent = await life.one("SELECT count(*) FROM replies WHERE state = 'sent'")
    assert sent == len(life.outside.ours()) == len({post.parent for post in life.outside.ours()})
    assert [post.parent for post in life.outside.ours()].count(complaint) <= 1
    assert await life.one("SELECT count(*) FROM replies") == 41


async def test_a_webhook_is_not_answered_before_it_is_kept(quick_folder: Path) -> None:
    async with begun(fresh_database("sqlite", quick_folder), quick_folder) as life:
        await life.outside.complains()
        ((_, body),) = life.outside.owed()
        writer = GroupWriter(SqlStore(life.engine, life.outside.clock, life.bridge.ids, life.bridge.store.store.sealer))  # type: ignore[attr-defined]
        await full(life, on=True)
        big = body + b" " * 2_000_000
        with pytest.raises(StoreDown, match="full"):
            await writer.submit(lambda uow: uow.inbox.keep(ACME, Origin.HOOK, big, life.now))
        assert await life.one("SELECT count(*) FROM inbox") == 0
        await full(life, on=False)
        kept, new = await writer.submit(lambda uow: uow.inbox.keep(ACME, Origin.HOOK, big, life.now))
        await writer.aclose()
        assert new and await life.rows("SELECT id FROM inbox") == [(kept,)]


@pytest.mark.parametrize("error", [PlatformDown("away"), LoginNeeded("revoked")], ids=["down", "signed out"])
async def test_a_network_away_for_hours_loses_nothing_and_is_recorded(life: Life, error: Exception) -> None:
    real = life.bridge.connected["acme", "acme"]

    class Away:
        capabilities = real.platform.capabilities

        def __getattr__(self, name: str) -> Any:
            if name in ("collect", "own_posts"):
                return self._walk
            return self._call

        async def _call(self, *_: object) -> Any:
            raise error

        async def _walk(self, *_: object) -> AsyncIterator[Any]:
            raise error
            yield

        async def aclose(self) -> None:
            return None

    life.bridge = replace(life.bridge, connected={("acme", "acme"): replace(real, platform=Away())})  # type: ignore[arg-type]
    complaint = await life.outside.complains()
    life.outside.told = life.outside.network.seq
    for _ in range(30):
        life.outside.clock.forward(360)
        await life.round()
    assert await life.one("SELECT count(*) FROM gaps WHERE closed_at IS NULL") == 1
    life.bridge = replace(life.bridge, connected={("acme", "acme"): real})
    await life.until_quiet()
    assert await life.one("SELECT count(*) FROM gaps WHERE closed_at IS NOT NULL") == 1
    told = dict(await life.rows("SELECT type, count(*) FROM events GROUP BY type"))
    assert (told["ingest.gap_opened"], told["ingest.gap_closed"], told["account.recovered"]) == (1, 1, 1)
    assert [post.parent for post in life.outside.ours()] == [complaint]
    assert life.troubles == []


async def test_a_worker_that_cannot_write_still_stops(life: Life) -> None:
    await life.outside.complains()
    worker = Worker(life.bridge, lease_seconds=30, tick_seconds=60, grace_seconds=0.2)
    worker._held = {"x": await _lease(life)}
    worker._bridge = replace(life.bridge, store=Fickle(life.bridge.store, 1, kept=False))
    await worker._release()


async def _lease(life: Life) -> Any:
    await life.hear()
    async with life.bridge.store.writing() as uow:
        (lease,) = await uow.claims.take(Queue.HOOK, 1, 30)
    return lease
