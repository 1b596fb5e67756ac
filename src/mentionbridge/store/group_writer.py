"""Group commit: whatever arrived during the last commit is the next transaction; what is alike shares statements."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError

from mentionbridge.domain.errors import StoreDown
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.store.trouble import collided
from mentionbridge.store.unit_of_work import SqlStore, Transaction

P = TypeVar("P")
T = TypeVar("T")
Work = Callable[[UnitOfWork, Sequence[P]], Awaitable[Sequence[T]]]
_TRIES = 3


@dataclass(slots=True, eq=False)
class _Item:
    work: Work[Any, Any]
    part: Any
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


class GroupWriter:
    """A `ports.ingest.Writer`: one task commits what queued up meanwhile, never waiting for more to come.

    At most `most_waiting` items are accepted at a time, further callers wait; at most `most_at_once` share a commit.
    """

    def __init__(self, store: SqlStore, *, most_waiting: int = 1000, most_at_once: int = 200) -> None:
        self._store = store
        self._most_at_once = most_at_once
        self._room = asyncio.Semaphore(most_waiting)
        self._queue: deque[_Item] = deque()
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    async def submit(self, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """Run `work` in a shared transaction and return its answer once that is committed."""
        return await self.share(_each, work)

    async def share(self, work: Work[P, T], part: P) -> T:
        """Run `work` on this part, and with it on whatever else waits for the same work; return this part's answer."""
        async with self._room:
            if self._closing:
                raise StoreDown("The service is stopping and took nothing in; send it again in a moment.")
            item = _Item(work, part, asyncio.get_running_loop().create_future())
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
            if not self._queue:
                self._news.clear()
                await self._news.wait()
            if batch := self._next():
                await self._commit(batch)

    def _next(self) -> list[_Item]:
        count = min(len(self._queue), self._most_at_once)
        items = [self._queue.popleft() for _ in range(count)]
        return [item for item in items if not item.answer.cancelled()]

    async def _commit(self, batch: Sequence[_Item]) -> None:
        for item in batch:
            item.tries += 1
            item.error = None
        try:
            async with self._store.writing() as uow:
                for items in _alike(batch):
                    await _run(uow, items)
        except Exception as error:
            for item in batch:
                item.error = StoreDown(str(error)) if isinstance(error, StoreDown) else error
        except BaseException:
            for item in batch:
                item.answer.cancel()
            raise
        for item in batch:
            if collided(item.error) and item.tries < _TRIES:
                self._queue.append(item)
            else:
                item.settle()


async def _each(uow: UnitOfWork, works: Sequence[Callable[[UnitOfWork], Awaitable[Any]]]) -> Sequence[Any]:
    return [await work(uow) for work in works]


def _alike(batch: Sequence[_Item]) -> Iterable[Sequence[_Item]]:
    groups: dict[Work[Any, Any], list[_Item]] = {}
    for item in batch:
        groups.setdefault(item.work, []).append(item)
    return groups.values()


async def _run(uow: Transaction, items: Sequence[_Item]) -> None:
    """Do what is alike in one go; where that fails, each by itself, so that only the one at fault fails."""
    error = await _try(uow, items)
    if error is None:
        return
    if len(items) == 1:
        items[0].error = error
        return
    for item in items:
        await _run(uow, [item])


async def _try(uow: Transaction, items: Sequence[_Item]) -> Exception | None:
    try:
        async with uow.connection.begin_nested():
            results = await items[0].work(uow, [item.part for item in items])
    except (OperationalError, InterfaceError) as error:
        # A full disk or a lost connection may have undone the whole transaction, and with it our neighbours' parts.
        if not collided(error):
            raise
        return error
    except Exception as error:
        return error
    for item, result in zip(items, results, strict=True):
        item.result = result
    return None
