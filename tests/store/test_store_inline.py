"""Statements run where they are called, and what may wait does not hold the loop."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.store.engines import Engine


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    opened = Engine(f"sqlite:///{tmp_path}/inline.sqlite")
    async with opened.writing() as connection:
        await connection.execute(sa.text("CREATE TABLE seen (thread TEXT)"))
    yield opened
    await opened.aclose()


async def runs_in(connection: AsyncConnection) -> str:
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    assert driver is not None
    driver._conn.create_function("who", 0, lambda: threading.current_thread().name)
    return str((await connection.execute(sa.text("SELECT who()"))).scalar_one())


async def test_a_statement_within_a_transaction_makes_no_trip(engine: Engine) -> None:
    here = threading.current_thread().name
    async with engine.writing() as connection:
        assert await runs_in(connection) == here
    async with engine.reading() as connection:
        assert await runs_in(connection) == here


async def test_waiting_for_the_lock_leaves_the_loop_free(engine: Engine, tmp_path: Path) -> None:
    other = Engine(f"sqlite:///{tmp_path}/inline.sqlite")
    ticks = 0

    async def write() -> None:
        async with other.writing() as connection:
            await connection.execute(sa.text("INSERT INTO seen VALUES ('other')"))

    async with engine.writing():
        waiting = asyncio.create_task(write())
        for _ in range(20):
            await asyncio.sleep(0.01)
            ticks += 1
        assert not waiting.done()
    await asyncio.wait_for(waiting, 10)
    await other.aclose()
    assert ticks == 20


async def test_a_caller_cancelled_while_it_waits_leaves_a_usable_engine(engine: Engine, tmp_path: Path) -> None:
    other = Engine(f"sqlite:///{tmp_path}/inline.sqlite")

    async def write() -> None:
        async with other.writing() as connection:
            await connection.execute(sa.text("INSERT INTO seen VALUES ('other')"))

    async with engine.writing():
        waiting = asyncio.create_task(write())
        await asyncio.sleep(0.1)
        waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.wait_for(write(), 10)
    async with other.reading() as connection:
        assert (await connection.execute(sa.text("SELECT count(*) FROM seen"))).scalar_one() == 1
    await other.aclose()
