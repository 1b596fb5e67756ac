"""Knowing that nobody else lives: every process holds a lock beside its SQLite file, and the system takes it back.

Whoever starts and can have the lock alone gives back at once what the dead still held; else each row would be theirs
until its lease ends. On PostgreSQL processes live on many machines, so there leases end by themselves.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import sqlalchemy as sa

from mentionbridge.store.claims import QUEUES
from mentionbridge.store.engines import Engine

_PAUSE = 0.02


@asynccontextmanager
async def present(engine: Engine) -> AsyncIterator[None]:
    """Be known to live for as long as this lasts, after what only the dead have held was given back."""
    file = _lock_file(engine)
    if file is None:
        yield
        return
    lock = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if _has(lock, fcntl.LOCK_EX):
            await _free_all(engine)
        # Another start may have it for a moment; neither holds a row by then.
        while not _has(lock, fcntl.LOCK_SH):  # noqa: ASYNC110
            await asyncio.sleep(_PAUSE)
        yield
    finally:
        os.close(lock)


def _lock_file(engine: Engine) -> Path | None:
    path = engine.raw.url.database
    return Path(f"{path}-alive") if engine.embedded and path and path != ":memory:" else None


def _has(lock: int, kind: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
        return True
    return False


async def _free_all(engine: Engine) -> None:
    """Give every leased row back; a reply in `sending` stays so until its time, and is then settled as ever."""
    async with engine.writing() as connection:
        for table in dict.fromkeys(table for table, _ in QUEUES.values()):
            free = {"lease_until": None, "lease_token": None}
            await connection.execute(sa.update(table).where(table.c.lease_token.isnot(None)).values(**free))
