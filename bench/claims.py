"""Claims: rows a second through claim and settle, one at a time and in batches, on SQLite and PostgreSQL."""

import asyncio
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from mentionbridge.kit.clock import SystemClock
from mentionbridge.kit.ids import Ids
from mentionbridge.ports.store import Queue
from mentionbridge.store import migrate
from mentionbridge.store import tables as t
from mentionbridge.store.claims import Claims
from mentionbridge.store.engines import Engine

ROWS = 2_000
BATCHES = (1, 10, 50, 200)


def main() -> None:
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from fakes.databases import fresh_database

    print("| database | rows a claim | claimed and settled rows/s | ratio to one at a time |\n|---|---:|---:|---:|")
    for family in ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(_family(family, fresh_database(family, Path(folder))))
    print(f"\n{ROWS} due rows; each batch is claimed in one transaction and settled row by row in a second one.")


async def _family(family: str, url: str) -> None:
    await migrate.upgrade(url)
    engine, baseline = Engine(url), 0.0
    for batch in BATCHES:
        await _fill(engine)
        speed = await _drain(engine, batch)
        baseline = baseline or speed
        print(f"| {family} | {batch} | {speed:,.0f} | {speed / baseline:.1f} |", flush=True)
    await engine.aclose()


async def _fill(engine: Engine) -> None:
    now, ids = SystemClock().now(), Ids()
    rows = [
        {
            "brand_id": "acme",
            "id": (row := ids.new("inb")),
            "platform": "demo",
            "account_id": "acme",
            "origin": "hook",
            "state": "waiting",
            "body": b"{}",
            "digest": row,
            "received_at": now,
            "due": now - timedelta(seconds=1),
        }
        for _ in range(ROWS)
    ]
    async with engine.writing() as connection:
        await connection.execute(sa.insert(t.inbox), rows)


async def _drain(engine: Engine, batch: int) -> float:
    clock, ids, done = SystemClock(), Ids(), 0
    began = time.perf_counter()
    while True:
        async with engine.writing() as connection:
            leases = await Claims(connection, clock, ids).take(Queue.HOOK, batch, 30)
        if not leases:
            return done / (time.perf_counter() - began)
        async with engine.writing() as connection:
            for lease in leases:
                await Claims(connection, clock, ids).done(lease)
        done += len(leases)
