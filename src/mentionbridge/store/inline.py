"""SQLite statements without a trip to another thread.

aiosqlite hands every cursor, statement and fetch to a thread of its own: four trips a statement, each dearer than the
statement. Within a transaction a statement touches memory and takes microseconds, so it runs where it is called; what
may wait (beginning to write, for the lock; committing, for the disk) still goes to the thread.
"""

import sqlite3
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.util import await_only


class InlineConnection(aiosqlite.Connection):
    """An aiosqlite connection that runs in the caller's thread whatever cannot wait."""

    def __init__(self, connector: Callable[[], sqlite3.Connection], iter_chunk_size: int) -> None:
        super().__init__(connector, iter_chunk_size)
        # Two counts, each with one writer: the caller's thread and the connection's.
        self._handed_over = 0
        self._came_back = 0

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        connection = self._connection
        # A cancelled caller may have left something running in the thread; behind it even a fetch would wait.
        thread_idles = self._handed_over == self._came_back
        if self._running and connection is not None and thread_idles and not _may_wait(connection, fn, args):
            return fn(*args, **kwargs)
        self._handed_over += 1
        return await super()._execute(self._counted, fn, *args, **kwargs)  # type: ignore[no-untyped-call]

    def _counted(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        try:
            return fn(*args, **kwargs)
        finally:
            self._came_back += 1


def _may_wait(connection: sqlite3.Connection, fn: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    """Committing waits for the disk; outside a transaction, every statement but a plain BEGIN may wait for a lock."""
    if fn == connection.commit or fn == connection.close:
        return True
    is_statement = bool(args) and isinstance(args[0], str)
    return is_statement and not connection.in_transaction and args[0] != "BEGIN"


class InlineCursor(AsyncAdapt_aiosqlite_cursor):
    """SQLite's own cursor, awaited once a statement: SQLAlchemy insists on that."""

    __slots__ = ()
    _awaitable_cursor_close = False

    def _make_new_cursor(self, connection: Any) -> Any:
        return connection._conn.cursor()

    def _aenter_cursor(self, cursor: Any) -> Any:
        return cursor

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        connection: Any = self._connection
        await connection._execute(self._cursor.execute, operation, *(() if parameters is None else (parameters,)))
        if self._cursor.description:
            self._rows = deque(await connection._execute(self._cursor.fetchall))

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        connection: Any = self._connection
        await connection._execute(self._cursor.executemany, operation, seq_of_parameters)


class _Adapted(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()
    _cursor_cls = InlineCursor


class _Driver(AsyncAdapt_aiosqlite_dbapi):
    def connect(self, *args: Any, **options: Any) -> _Adapted:
        return _Adapted(self, await_only(_connect(*args, **options)))


DRIVER = _Driver(aiosqlite, sqlite3)
"""What SQLAlchemy takes for aiosqlite, by `create_async_engine(…, module=DRIVER)`."""


def _open(database: str, **options: Any) -> sqlite3.Connection:
    # Customers' words are not for everybody on the machine; SQLite gives its side files the rights of the first.
    if database != ":memory:" and not options.get("uri"):
        with suppress(OSError):
            Path(database).touch(mode=0o600)
    opened: sqlite3.Connection = sqlite3.connect(database, **options)
    return opened


def _connect(database: str, **options: Any) -> Any:
    """Make a connection that opens when awaited."""
    opens = partial(_open, database, **{**options, "check_same_thread": False})
    connection = InlineConnection(opens, iter_chunk_size=64)
    # The process must be able to end while a connection is open, as with aiosqlite under SQLAlchemy.
    connection._thread.daemon = True
    return connection
