"""Drives one bridge step by step: claim a queue, run its handler, publish; no timers, no threads of work."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from fakes.chaos_kills import Fuse, Killed, Mortal, MortalPlatform, MortalStore
from fakes.chaos_outside import Album, Outside, outside
from fakes.demo_town import ACME
from fakes.world import SEALER
from mentionbridge.bootstrap.wiring import build
from mentionbridge.domain.errors import LeaseLost, StoreDown
from mentionbridge.domain.mention import Origin
from mentionbridge.kit.ids import Ids
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.pipeline.publish import publish
from mentionbridge.ports.store import Queue, Store
from mentionbridge.settings import load
from mentionbridge.store import tables as t
from mentionbridge.store.claims import QUEUES, ready
from mentionbridge.store.engines import Engine
from mentionbridge.store.unit_of_work import SqlStore
from mentionbridge.worker.handlers import HANDLERS
from mentionbridge.worker.timetable import Timetable

LEASE_SECONDS = 30.0
PAST_LEASES = 4 * LEASE_SECONDS + 1
"""By then nothing a dead process held is held any more."""

BRAND = {
    "name": "Acme",
    "topics": {"broadband": {"name": "your broadband", "words": ["broadband", "internet"]}},
    "accounts": {"acme": {"platform": "demo", "poll_seconds": 1.0}},
}
_NEVER = datetime.max.replace(tzinfo=UTC)
_PERPETUAL = (Queue.POLL, Queue.RECHECK, Queue.WAIT, Queue.COMMITMENT)


def _agenda() -> sa.CompoundSelect[Any]:
    parts = []
    for queue, (table, _) in QUEUES.items():
        free = sa.case((table.c.lease_until > table.c.due, table.c.lease_until), else_=table.c.due)
        here = ready(queue)
        parts.append(
            sa.select(sa.literal(str(queue)).label("what"), sa.func.min(free, type_=t.Instant).label("due")).where(here)
        )
    unplaced = sa.func.min(t.events.c.occurred_at, type_=t.Instant)
    parts.append(sa.select(sa.literal("facts"), unplaced).where(t.events.c.position.is_(None)))
    asleep = t.accounts.c.state.in_(("reconcile", "login_needed"))
    parts.append(sa.select(sa.literal("accounts"), sa.func.min(t.accounts.c.due, type_=t.Instant)).where(asleep))
    return sa.union_all(*parts)


_AGENDA = _agenda()


def settings_for(url: str, folder: Path) -> Any:
    key = folder / "key"
    if not key.exists():
        from cryptography.fernet import Fernet

        key.touch(0o600)
        key.write_bytes(Fernet.generate_key())
    return load(None, database={"url": url}, secrets={"key_file": key}, brands={"acme": BRAND})


class Silence:
    """An observer that notes nothing."""

    def saw(self, moment: str, **facts: Any) -> None:
        return None


@dataclass
class Life:
    """One process from its start to its death, on a database that may have seen others."""

    outside: Outside
    bridge: Bridge
    engine: Engine
    url: str
    fuse: Fuse
    rough: bool = False
    troubles: list[Exception] = field(default_factory=list)
    line: "list[Life]" = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.outside.clock.now()

    async def begin(self) -> None:
        """What a worker does first."""
        timetable = Timetable(self.bridge, tick=lambda: None, tick_seconds=60, grace_seconds=1)
        await timetable.start()
        await timetable.stop()

    async def hear(self) -> int:
        """Take the webhooks the network owes us, each on disk before it is answered; the network notes the answer."""
        taken = 0
        for seq, body in self.outside.owed():
            async with self.bridge.store.writing() as uow:
                await uow.inbox.keep(ACME, Origin.HOOK, body, self.now)
            self.fuse("before the webhook is answered")
            self.outside.told = seq
            taken += 1
        return taken

    async def serve(self, queue: Queue, limit: int | None = None) -> int:
        """Claim what is due in one queue and do it, one job after another."""
        handler = HANDLERS[queue]
        async with self.bridge.store.writing() as uow:
            leases = await uow.claims.take(queue, limit or handler.batch, LEASE_SECONDS * handler.patience)
        for job in handler.jobs(self.bridge, leases) if leases else ():
            await self._do(job.work)
        return len(leases)

    async def _do(self, work: Callable[[], Any]) -> None:
        try:
            await work()
        except LeaseLost:
            pass
        except Exception as error:
            if not self.rough:
                raise
            self.troubles.append(error)

    async def round(self) -> int:
        """Serve every queue once, then publish; returns how much there was to do besides polling."""
        done = 0
        # Asking first saves claims that would find nothing, and changes nothing else.
        due = await self.agenda()
        for queue in HANDLERS:
            served = await self.serve(queue) if due.get(queue, _NEVER) <= self.now else 0
            done += served if queue is not Queue.POLL else 0
        return done + (await publish(self.bridge) if due.get("facts") or done else 0)

    async def until_quiet(self, most: int = 120) -> None:
        """Work, letting time pass, until nothing is left that must still happen."""
        for _ in range(most):
            await self.hear()
            done = await self.round()
            agenda = await self.agenda()
            due = min((when for what, when in agenda.items() if what not in _PERPETUAL), default=None)
            if not done and due is None and not self.outside.owed():
                return
            self.outside.clock.forward(self._wait(done, due))
        raise AssertionError(f"still busy after {most} rounds: {await self.rows('SELECT state, due FROM replies')}")

    async def muddle_through(self) -> None:
        """Work until quiet on a store that may fail; what a worker would try again is tried again later."""
        for _ in range(10):
            try:
                await self.until_quiet()
                return
            except StoreDown as error:
                self.troubles.append(error)
                self.outside.clock.forward(PAST_LEASES)

    def _wait(self, done: int, due: datetime | None) -> float:
        if done or due is None:
            return 1.0
        return min(max((due - self.now).total_seconds() + 0.001, 1.0), 900.0)

    async def agenda(self) -> dict[str, datetime]:
        """When each queue has something to do next, and whether facts or accounts wait; looking changes nothing."""
        async with self.engine.reading() as connection:
            rows = await connection.execute(_AGENDA)
            return {row.what: row.due for row in rows if row.due is not None}

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        async with self.engine.reading() as connection:
            return [tuple(row) for row in await connection.exec_driver_sql(query)]

    async def one(self, query: str) -> Any:
        ((value,),) = await self.rows(query)
        return value

    async def end(self) -> None:
        for connected in self.bridge.connected.values():
            await connected.platform.aclose()
        await self.engine.aclose()


def live(outside: Outside, url: str, folder: Path, fuse: Fuse | None = None, *, hasty: bool = True) -> Life:
    """A new process over the database as it lies there; `hasty` leaves out the disk flushes only power cuts need."""
    fuse = fuse or Fuse()
    engine = Engine(url)
    if engine.embedded and hasty:
        sa.event.listen(engine.raw.sync_engine, "connect", _without_flushes)
    app = build(settings_for(url, folder), engine, outside.clock, Silence())
    store: Store = MortalStore(SqlStore(engine, outside.clock, Ids(outside.clock), SEALER), fuse)
    account, platform, hook = outside.connects(fuse)
    connected = Connected(account, MortalPlatform(platform, fuse), hook)  # type: ignore[arg-type]
    bridge = replace(
        app.bridge,
        store=store,
        courier=Mortal(outside.subscriber, fuse),  # type: ignore[arg-type]
        media=Mortal(Album(), fuse),  # type: ignore[arg-type]
        connected={("acme", "acme"): connected},
    )
    return Life(outside, bridge, engine, url, fuse)


def _without_flushes(connection: Any, record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=OFF")
    cursor.close()


async def subscribe(url: str, clock: Any, types: tuple[str, ...] = ("ticket.opened", "reply.sent")) -> None:
    """An endpoint for some types."""
    engine = Engine(url)
    row = {"brand_id": "acme", "id": "whk_1", "url": "https://team.example/feed", "types": list(types)}
    async with engine.writing() as connection:
        sealed = SEALER.seal("whsec_c2VjcmV0")
        await connection.execute(sa.insert(t.endpoints).values(**row, secret=sealed, created_at=clock.now()))
    await engine.aclose()


Act = Callable[[Outside], Any]


async def survive(outside: Outside, url: str, folder: Path, acts: list[Act], fuse: Fuse, *, hasty: bool = True) -> Life:
    """Let people act one after the other, each time until all is quiet, through as many lives as it takes."""
    life = live(outside, url, folder, fuse, hasty=hasty)
    waiting, started = list(acts), False
    while True:
        try:
            if not started:
                await life.begin()
                started = True
            await life.until_quiet()
            if not waiting:
                return life
            await waiting.pop(0)(outside)
        except Killed:
            await life.end()
            outside.clock.forward(PAST_LEASES)
            life, started = live(outside, url, folder, fuse, hasty=hasty), False


@asynccontextmanager
async def begun(url: str, folder: Path, *, keys: bool = True) -> AsyncIterator[Life]:
    """A bridge at work on a network, connected a moment ago and quiet."""
    async with outside(keys=keys) as world:
        life = live(world, url, folder)
        await life.begin()
        await life.until_quiet()
        world.clock.forward(1)
        life.line.append(life)
        try:
            yield life
        finally:
            for each in life.line:
                await each.end()


async def reborn(life: Life, folder: Path, *, after: float = PAST_LEASES) -> Life:
    """The next process on the same database; nothing of the first is left in memory."""
    await life.end()
    life.outside.clock.forward(after)
    fresh = live(life.outside, life.url, folder)
    fresh.line = life.line
    fresh.line.append(fresh)
    await fresh.begin()
    return fresh
