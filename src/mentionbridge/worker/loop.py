"""The queue: claim → run → settle, one runner a kind of work, until told to stop."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any

from mentionbridge.domain.errors import LeaseLost, StoreDown
from mentionbridge.kit.background import in_background
from mentionbridge.kit.backoff import delay
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.publish import BATCH, publish
from mentionbridge.ports.store import Lease, Queue
from mentionbridge.worker.handlers import HANDLERS, Handler, Job
from mentionbridge.worker.listening import Listening
from mentionbridge.worker.timetable import Timetable

PUBLISH = "publish"
LOOK = "look"


class Worker:
    """Serves every queue of one bridge; several workers may serve one database."""

    def __init__(self, bridge: Bridge, *, lease_seconds: float, tick_seconds: float, grace_seconds: float) -> None:
        self._bridge = bridge
        self._lease_seconds = lease_seconds
        self._grace = grace_seconds
        self._bells: dict[str, asyncio.Event] = {}
        self._runners: list[asyncio.Task[None]] = []
        self._jobs: set[asyncio.Task[None]] = set()
        self._held: dict[tuple[str, str], Lease] = {}
        self._stopping = asyncio.Event()
        self._listening = Listening(bridge, self.wake)
        self._timetable = Timetable(bridge, tick=self.wake, tick_seconds=tick_seconds, grace_seconds=grace_seconds)

    async def start(self) -> None:
        """Look at how long nobody was alive, then begin to serve."""
        await self._timetable.start()
        for queue, handler in HANDLERS.items():
            self._run(partial(self._serve, queue, handler), queue)
        self._run(self._publish, PUBLISH)
        self._run(self._look, LOOK)
        self._listening.start()

    def _run(self, serve: Callable[[asyncio.Event], Coroutine[Any, Any, None]], name: str) -> None:
        bell = asyncio.Event()
        bell.set()
        self._bells[name] = bell
        self._runners.append(asyncio.create_task(serve(bell), name=f"runner-{name}"))

    def wake(self) -> None:
        """Something may be due: one look for all, and whose queue holds something claims."""
        self._ring(PUBLISH, LOOK)

    def _ring(self, *names: str) -> None:
        for name in names:
            if name in self._bells:
                self._bells[name].set()

    async def stop(self) -> None:
        """Take nothing new, finish within the grace, give back what is left."""
        self._stopping.set()
        self._ring(*self._bells)
        await self._listening.stop()
        await self._timetable.stop()
        await asyncio.gather(*self._runners)
        if self._jobs:
            _, late = await asyncio.wait(self._jobs, timeout=self._grace)
            for job in late:
                job.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._release()

    async def _release(self) -> None:
        for lease in list(self._held.values()):
            # A lease we cannot give back runs out by itself.
            with suppress(LeaseLost, StoreDown):
                async with self._bridge.store.writing() as uow:
                    await uow.claims.done(lease, self._bridge.clock.now())

    @property
    def idle(self) -> bool:
        """True when nothing is held."""
        return not self._held

    async def _serve(self, queue: Queue, handler: Handler, bell: asyncio.Event) -> None:
        running: set[asyncio.Task[None]] = set()
        while not self._stopping.is_set():
            await bell.wait()
            bell.clear()
            # Half a batch of room before the next claim: one claim a row would cost more than the work.
            while not self._stopping.is_set() and len(running) <= handler.batch // 2:
                room = handler.batch - len(running)
                leases = await self._take(queue, room)
                for job in handler.jobs(self._bridge, leases):
                    task = asyncio.create_task(self._guard(job))
                    for tasks in (running, self._jobs):
                        tasks.add(task)
                        task.add_done_callback(tasks.discard)
                if len(leases) < room:
                    break

    async def _take(self, queue: Queue, limit: int) -> Sequence[Lease]:
        seconds = self._lease_seconds * HANDLERS[queue].patience
        try:
            async with self._bridge.store.writing() as uow:
                leases = await uow.claims.take(queue, limit, seconds)
        except Exception as error:
            self._bridge.observer.saw("job.failed", queue=queue, why=_why(error))
            return []
        self._held |= {(lease.token, lease.id): lease for lease in leases}
        return leases

    async def _guard(self, job: Job) -> None:
        queue = job.leases[0].queue
        began = self._bridge.clock.monotonic()
        try:
            with in_background() if HANDLERS[queue].background else nullcontext():
                await job.work()
        except LeaseLost:
            pass
        except Exception as error:
            self._bridge.observer.saw("job.failed", queue=queue, id=job.leases[0].id, why=_why(error))
            await self._later(job.leases)
        for lease in job.leases:
            self._held.pop((lease.token, lease.id), None)
        self._bridge.observer.saw("job.done", queue=queue, seconds=self._bridge.clock.monotonic() - began)
        self._ring(queue, PUBLISH, *HANDLERS[queue].leads_to)

    async def _later(self, leases: Sequence[Lease]) -> None:
        for lease in leases:
            with suppress(Exception):
                async with self._bridge.store.writing() as uow:
                    await uow.claims.done(lease, self._bridge.clock.now() + delay(lease.attempts, first=2))

    async def _look(self, bell: asyncio.Event) -> None:
        while not self._stopping.is_set():
            await bell.wait()
            bell.clear()
            try:
                async with self._bridge.store.reading() as uow:
                    self._ring(*await uow.claims.due())
            except Exception as error:
                self._bridge.observer.saw("job.failed", queue=LOOK, why=_why(error))

    async def _publish(self, bell: asyncio.Event) -> None:
        while not self._stopping.is_set():
            await bell.wait()
            bell.clear()
            try:
                while await publish(self._bridge, self._ring) == BATCH:
                    pass
            except Exception as error:
                self._bridge.observer.saw("job.failed", queue="publish", why=_why(error))


def _why(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]
