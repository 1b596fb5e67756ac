"""How the doors that take things in share transactions."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from mentionbridge.ports.store import UnitOfWork

T = TypeVar("T")


class Writer(Protocol):
    """Groups small writes of many callers into few commits."""

    async def submit(self, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """Run `work` in a shared transaction and return its answer once that is committed.

        What `work` raises is raised here and undoes only its own part. Raises StoreDown when nothing was kept; `work`
        may run more than once before that, so it must do nothing outside its transaction.
        """
