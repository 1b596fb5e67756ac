"""Death at a chosen boundary: wrappers that count what a process does to the world and stop it before or after."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from mentionbridge.ports.feed import Courier
from mentionbridge.ports.media import MediaFetcher
from mentionbridge.ports.platform import Platform
from mentionbridge.ports.store import Store, UnitOfWork


class Killed(BaseException):
    """The process is gone; nothing that catches mere exceptions may notice."""


@dataclass
class Fuse:
    """Burns at the chosen boundaries, counted from 1 over all lives; `passed` names them all.

    `meanwhile` holds what happens in the world at the next boundary of a name, once.
    """

    at: frozenset[int] = frozenset()
    passed: list[str] = field(default_factory=list)
    meanwhile: dict[str, Callable[[], object]] = field(default_factory=dict)

    def __call__(self, where: str) -> None:
        self.passed.append(where)
        if where in self.meanwhile:
            self.meanwhile.pop(where)()
        if len(self.passed) in self.at:
            raise Killed(f"{len(self.passed)}: {where}")


def fuse(*at: int) -> Fuse:
    return Fuse(frozenset(at))


@dataclass(frozen=True)
class MortalStore:
    """A store whose process may die before a transaction, before its commit and right after it."""

    store: Store
    fuse: Fuse

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[UnitOfWork]:
        self.fuse("before a transaction")
        async with self.store.writing() as uow:
            yield uow
            self.fuse("before the commit")
        self.fuse("after the commit")

    def reading(self) -> AbstractAsyncContextManager[UnitOfWork]:
        self.fuse("before a read")
        return self.store.reading()


_CALLS = ("probe", "fetch", "context", "reply_rights", "send", "retract", "find_reply")
_WALKS = ("collect", "own_posts")


class MortalPlatform:
    """A platform whose process may die before each call, and after the network acted but before its answer."""

    def __init__(self, platform: Platform, fuse: Fuse) -> None:
        self._platform = platform
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._platform, name)
        if name in _CALLS:
            return self._call(name, real)
        return self._walk(name, real) if name in _WALKS else real

    def _call(self, name: str, real: Any) -> Any:
        async def call(*args: Any) -> Any:
            self._fuse(f"before {name}")
            answer = await real(*args)
            self._fuse(f"after {name}")
            return answer

        return call

    def _walk(self, name: str, real: Any) -> Any:
        async def walk(*args: Any) -> AsyncIterator[Any]:
            self._fuse(f"before {name}")
            async for each in real(*args):
                yield each
                self._fuse(f"in {name}")

        return walk


class Mortal:
    """Anything with plain async methods: the courier, the picture fetcher."""

    def __init__(self, real: Courier | MediaFetcher, fuse: Fuse) -> None:
        self._real = real
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        async def call(*args: Any) -> Any:
            self._fuse(f"before {name}")
            answer = await getattr(self._real, name)(*args)
            self._fuse(f"after {name}")
            return answer

        return call
