"""SQLite statements without a trip to another thread.

aiosqlite hands every cursor, statement and fetch to a thread of its own: four trips a statement, each dearer than the
statement. Within a transaction a statement touches memory and takes microseconds, so it runs where it is called; what
may wait (beginning, for the lock; committing, for the disk) still goes to the thread.
"""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite


class InlineConnection(aiosqlite.Connection):
    """An aiosqlite connection whose statements run in the caller's thread while a transaction is open."""

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        connection = self._connection
        if self._running and connection is not None and connection.in_transaction and not _may_wait(connection, fn):
            return fn(*args, **kwargs)
        return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]


def _may_wait(connection: sqlite3.Connection, fn: Callable[..., Any]) -> bool:
    return fn in (connection.commit, connection.rollback)


def _open(database: str, **options: Any) -> sqlite3.Connection:
    # Customers' words are not for everybody on the machine; SQLite gives its side files the rights of the first.
    if database != ":memory:" and not options.get("uri"):
        with suppress(OSError):
            Path(database).touch(mode=0o600)
    opened: sqlite3.Connection = sqlite3.connect(database, **options)
    return opened


def connect(database: str, **options: Any) -> InlineConnection:
    """Make a connection for SQLAlchemy's `async_creator_fn`; it opens when awaited."""
    opens = partial(_open, database, **{**options, "check_same_thread": False})
    connection = InlineConnection(opens, iter_chunk_size=64)
    # The process must be able to end while a connection is open, as with aiosqlite under SQLAlchemy.
    connection._thread.daemon = True
    return connection
