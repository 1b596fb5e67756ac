"""Opening SQLite and PostgreSQL so that both keep the same promises."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

from mentionbridge.domain.errors import SetupError
from mentionbridge.store import inline
from mentionbridge.store.trouble import plainly

BUSY_SECONDS = 15
_PAUSE = 0.02
# An error's text goes to logs; the values of a statement are customers' words.
_QUIET: dict[str, Any] = {"hide_parameters": True}
_SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def engine_for(url: str) -> AsyncEngine:
    """Make an engine for `sqlite:///file` or `postgresql://…`; raises SetupError for anything else."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise SetupError("database.url cannot be read; write sqlite:///file.sqlite or postgresql://….") from error
    family = parsed.get_backend_name()
    if family == "sqlite":
        return _sqlite(parsed.set(drivername="sqlite+aiosqlite"))
    if family == "postgresql":
        return create_async_engine(
            parsed.set(drivername="postgresql+psycopg"), pool_size=10, pool_pre_ping=True, **_QUIET
        )
    raise SetupError(f"database.url names {family}; mentionbridge keeps its data in sqlite or postgresql.")


def shown(url: str) -> str:
    """Return a database's address as people may read it, without its password."""
    return make_url(url).render_as_string(hide_password=True)


def _sqlite(url: sa.URL) -> AsyncEngine:
    if url.database and url.database != ":memory:":
        _make_folder(Path(url.database).parent)
    engine = create_async_engine(url, module=inline.DRIVER, connect_args={"timeout": BUSY_SECONDS}, **_QUIET)
    sa.event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    sa.event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(
            f"The database's folder {folder} cannot be made ({error.strerror}); make it, or change database.url."
        ) from error


def _prepare_sqlite(connection: Any, record: Any) -> None:
    # The driver's own implicit BEGIN is deferred; a writer must hold the lock from its first statement.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={BUSY_SECONDS * 1000}", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    _write_ahead(cursor)
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Switch the journal; where two open a new file at once they collide, and SQLite does not wait here by itself."""
    for _ in range(int(BUSY_SECONDS / _PAUSE)):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
        await_only(asyncio.sleep(_PAUSE))
    cursor.execute("PRAGMA journal_mode=WAL")


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("mb_writes", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class Engine:
    """An engine, and on SQLite the queue in front of its one writer."""

    def __init__(self, url: str) -> None:
        self.raw = engine_for(url)
        self._turn = asyncio.Lock() if self.embedded else None
        self._one_moment = {} if self.embedded else _SNAPSHOT

    @property
    def embedded(self) -> bool:
        """True on SQLite."""
        return self.raw.dialect.name == "sqlite"

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction that may write; writers of this process wait their turn here, not in the database."""
        if self._turn is None:
            with plainly():
                async with self.raw.begin() as connection:
                    yield connection
            return
        with plainly():
            async with self._turn, self.raw.begin() as connection:
                yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """One transaction that sees one moment and writes nothing."""
        with plainly():
            async with self.raw.connect() as connection:
                await connection.execution_options(mb_writes=False, **self._one_moment)
                # Nothing was written: closing rolls back, which waits for no disk as a commit would.
                yield connection

    async def aclose(self) -> None:
        await self.raw.dispose()
