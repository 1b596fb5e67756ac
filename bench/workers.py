"""Workers: answers a second on one PostgreSQL, by one worker process, two and four, on a network that takes 300 ms."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from cryptography.fernet import Fernet

from bench.feed import Silent
from bench.load import HOST, rounds
from mentionbridge.bootstrap import App, opened
from mentionbridge.domain.mention import Author, Origin, Post
from mentionbridge.pipeline import steer
from mentionbridge.pipeline.take_in import Arrival, take_in
from mentionbridge.settings import load
from mentionbridge.store import migrate
from mentionbridge.store import tables as t

CROWDS = (1, 2, 4)
A_WORKER = 100
"""How many answers wait for each worker of a run."""
ROUNDS = 3
SECONDS = 0.3
SECRET = "whsec_" + "YmVuY2hiZW5jaGJlbmNoYmVuY2hiZW5jaGJlbmNoISE="
WARM = 20
"""Answers at either end of a run that are not counted: processes start and end one after the other."""


@dataclass
class Network:
    """Takes an answer, thinks for a while, and says under which id it stands."""

    awaited: int
    moments: list[float] = field(default_factory=list)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:")
                await reader.readexactly(length)
                await asyncio.sleep(SECONDS)
                self.moments.append(time.perf_counter())
                if len(self.moments) == self.awaited:
                    self.done.set()
                body = json.dumps({"id": f"said-{len(self.moments)}"}).encode()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            writer.transport.abort()


def main() -> None:
    """Measure the crowds in turns and print."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from fakes.databases import drop_postgres, fresh_database

    def answers(crowd: int) -> float:
        with tempfile.TemporaryDirectory() as folder:
            url = fresh_database("postgresql", Path(folder))
            try:
                return asyncio.run(_run(Path(folder), url, crowd))
            finally:
                drop_postgres(url)

    found = rounds({str(crowd): (lambda crowd=crowd: answers(crowd)) for crowd in CROWDS}, ROUNDS)
    print("| workers | answers/s, median | of as many times one worker |\n|---:|---:|---|")
    for crowd, values in found.items():
        shares = sorted(value / alone / int(crowd) for value, alone in zip(values, found["1"], strict=True))
        median, share = sorted(values)[len(values) // 2], shares[len(shares) // 2]
        print(f"| {crowd} | {median:.1f} | {share:.2f} [{shares[0]:.2f}–{shares[-1]:.2f}] |")
    told = f"{A_WORKER} answers a worker, a network that takes {SECONDS * 1000:.0f} ms"
    print(f"\n{told}, {ROUNDS} rounds, {os.cpu_count()} cores.")


async def _run(folder: Path, url: str, crowd: int) -> float:
    count = crowd * A_WORKER
    network = Network(count)
    server = await asyncio.start_server(network.serve, HOST, 0)
    config = _config(folder, url, server.sockets[0].getsockname()[1])
    await migrate.upgrade(url)
    async with opened(load(config), observer=Silent()) as app:
        await _have_answers_wait(app, count)
        with _workers(folder, config, crowd):
            await _wait_alive(app, crowd)
            await steer.resume(app.bridge, None, "bench")
            await asyncio.wait_for(network.done.wait(), 120)
    server.close()
    counted = network.moments[WARM : count - WARM]
    return (len(counted) - 1) / (counted[-1] - counted[0])


async def _have_answers_wait(app: App, count: int) -> None:
    """Take complaints in and have them judged while nobody may speak."""
    await steer.pause(app.bridge, None, "bench")
    account, worker = app.bridge.connected["acme", "forum"].account, app.worker()
    await worker.start()
    now = datetime.now(UTC)
    async with app.store.writing() as uow:
        health = await uow.accounts.health("acme", "forum")
        arrivals = [Arrival(account, health, _complaint(n, now)) for n in range(count)]
        await take_in(uow, arrivals, origin=Origin.PUSH, now=now)
    await _until_waiting(app, count)
    await worker.stop()


async def _until_waiting(app: App, count: int) -> None:
    for _ in range(300):
        if await _waiting(app) == count:
            return
        await asyncio.sleep(0.2)
    raise RuntimeError("the answers do not come to wait")


def _complaint(n: int, now: datetime) -> Post:
    text = "@acme my parcel is three days late and nobody answers, this is terrible"
    return Post(f"p-{n}", Author(f"u-{n}", f"sam{n}", "Sam"), text, now, thread_id=f"p-{n}")


async def _waiting(app: App) -> int:
    async with app.engine.reading() as connection:
        query = sa.select(sa.func.count()).where(t.replies.c.state == "queued")
        return int((await connection.execute(query)).scalar_one())


async def _wait_alive(app: App, crowd: int) -> None:
    """Wait until every worker has gone through its start, which reads back what was said."""
    await asyncio.sleep(4 + crowd)
    for _ in range(150):
        if await _states(app) == {"active"}:
            return
        await asyncio.sleep(0.2)
    raise RuntimeError(f"the account is {await _states(app)}")


async def _states(app: App) -> set[str]:
    async with app.engine.reading() as connection:
        return set((await connection.execute(sa.select(t.accounts.c.state))).scalars())


@contextmanager
def _workers(folder: Path, config: Path, crowd: int) -> Iterator[None]:
    command = [sys.executable, "-m", "mentionbridge", "work", "-c", str(config)]
    log = (folder / "work.log").open("wb")
    running = [subprocess.Popen(command, stdout=log, stderr=log) for _ in range(crowd)]
    try:
        yield
    finally:
        for each in running:
            each.terminate()
        for each in running:
            each.wait(30)
        log.close()


def _config(folder: Path, url: str, port: int) -> Path:
    key = folder / "key"
    key.touch(0o600)
    key.write_bytes(Fernet.generate_key() + b"\n")
    path = folder / "bench.toml"
    path.write_text(f"""
[database]
url = "{url}"
[secrets]
key_file = "{key}"
[logs]
level = "error"
[net]
allow_networks = ["127.0.0.0/8"]
[brands.acme]
name = "Acme"
[brands.acme.topics.parcel]
name = "your parcel"
words = ["parcel"]
[brands.acme.accounts.forum]
platform = "push"
mode = "auto"
auto_from = 0.5
most_per_hour = 100000
[brands.acme.accounts.forum.options]
handle = "acme"
reply_url = "http://{HOST}:{port}/say"
secret = "{SECRET}"
honours_key = true
""")
    return path
