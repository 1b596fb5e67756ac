"""Group commit: whatever arrived during the last commit is the next transaction."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mentionbridge.domain.errors import StoreDown
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.store.trouble import collided
from mentionbridge.store.unit_of_work import SqlStore, Transaction

T = TypeVar("T")
Work = Callable[[UnitOfWork], Awaitable[Any]]
_TRIES = 3


@dataclass(slots=True, eq=False)
class _Item:
    work: Work
    answer: asyncio.Future[Any]
    tries: int = 0
    result: Any = None
    error: Exception | None = None

    def settle(self) -> None:
        if self.answer.done():
            return
        if self.error is not None:
            self.answer.set_exception(self.error)
        else:
            self.answer.set_result(self.result)


@dataclass(slots=True, eq=False)
class GroupWriter:
    """A `ports.ingest.Writer`: one task commits what queued up meanwhile, never waiting for more to come.

    At most `most_waiting` items are accepted at a time; further callers wait. `aclose` finishes what was accepted.
    """

    store: SqlStore
    most_waiting: int = 1000
    most_at_once: int = 200
    _queue: deque[_Item] = field(default_factory=deque)
    _room: asyncio.Semaphore = field(init=False)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None
    _closing: bool = False

    def __post_init__(self) -> None:
        self._room = asyncio.Semaphore(self.most_waiting)

    async def submit(self, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        async with self._room:
            if self._closing:
                raise StoreDown("The service is stopping and took nothing in; send it again in a moment.")
            item = _Item(work, asyncio.get_running_loop().create_future())
            self._queue.append(item)
            self._news.set()
            if self._task is None:
                self._task = asyncio.create_task(self._write())
            answer: T = await item.answer
            return answer

    async def aclose(self) -> None:
        """Take nothing more, and return when everything accepted is committed or refused."""
        self._closing = True
        self._news.set()
        if self._task is not None:
            await self._task

    async def _write(self) -> None:
        while self._queue or not self._closing:
            await self._news.wait()
            self._news.clear()
            while batch := self._next():
                await self._commit(batch)

    def _next(self) -> list[_Item]:
        batch: list[_Item] = []
        while self._queue and len(batch) < self.most_at_once:
            item = self._queue.popleft()
            if not item.answer.cancelled():
                batch.append(item)
        return batch

    async def _commit(self, batch: Sequence[_Item]) -> None:
        try:
            async with self.store.writing() as uow:
                for item in batch:
                    await _run(uow, item)
        except Exception as error:
            # One error for each: a shared one would collect the tracebacks of all who wait for it.
            for item in batch:
                item.error = _same(error)
        for item in batch:
            if collided(item.error) and item.tries < _TRIES:
                self._queue.append(item)
            else:
                item.settle()


async def _run(uow: Transaction, item: _Item) -> None:
    item.tries += 1
    item.error = None
    try:
        async with uow.connection.begin_nested():
            item.result = await item.work(uow)
    except Exception as error:
        if not uow.connection.in_transaction():
            raise
        item.error = error


def _same(error: Exception) -> Exception:
    return StoreDown(str(error)) if isinstance(error, StoreDown) else error
