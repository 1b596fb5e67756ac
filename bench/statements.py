"""Statements: SQLite through SQLAlchemy, run where they are called, beside aiosqlite's thread a connection.

The baseline is plain aiosqlite; both run the same prebuilt statement within one transaction, in turns.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from bench.load import rounds, table
from mentionbridge.store import inline

STATEMENTS = 3_000
ROUNDS = 5


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{Path(folder)}/bench.sqlite"
        measures: dict[str, Callable[[], float]] = {
            "aiosqlite, a thread a connection": partial(_once, url, {}),
            "run where they are called": partial(_once, url, {"module": inline.DRIVER}),
        }
        table(rounds(measures, ROUNDS), "aiosqlite, a thread a connection", "statements/s")
    print(f"\n{STATEMENTS} statements a round, {ROUNDS} rounds.")


def _once(url: str, how: dict[str, Any]) -> float:
    return asyncio.run(_run(url, how))


async def _run(url: str, how: dict[str, Any]) -> float:
    engine, statement = create_async_engine(url, **how), sa.select(sa.literal(1))
    async with engine.connect() as connection:
        await connection.exec_driver_sql("BEGIN")
        began = time.perf_counter()
        for _ in range(STATEMENTS):
            (await connection.execute(statement)).scalar_one()
        speed = STATEMENTS / (time.perf_counter() - began)
        await connection.exec_driver_sql("ROLLBACK")
    await engine.dispose()
    return speed
