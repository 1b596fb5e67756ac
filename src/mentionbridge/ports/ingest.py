"""How the doors that take things in share transactions."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from mentionbridge.ports.store import UnitOfWork

P = TypeVar("P")
T = TypeVar("T")


class Writer(Protocol):
    """Groups small writes of many callers into few commits."""

    async def submit(self, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """Run `work` in a shared transaction and return its answer once that is committed.

        What `work` raises is raised here and undoes only its own part. Raises StoreDown when nothing was kept; `work`
        may run more than once before that, so it must do nothing outside its transaction.
        """

    async def share(self, work: Callable[[UnitOfWork, Sequence[P]], Awaitable[Sequence[T]]], part: P) -> T:
        """As `submit`, for work that does many parts at a time for less: it gets whatever else waits for it too.

        It returns an answer for each part. When it raises, each part runs by itself, so that only those at fault fail.
        """
