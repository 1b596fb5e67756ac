"""The real thing in processes of its own: a network, a bridge that is killed and restarted, and a wire between them."""

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from cryptography.fernet import Fernet

from mentionbridge.kit.clock import SystemClock
from mentionbridge.store import tables as t
from mentionbridge.store.engines import Engine
from mentionbridge.store.sealed import Sealer

REPLY = b"/replies"
Moment = Callable[[], Awaitable[None]]


@dataclass
class Wire:
    """A TCP relay in front of the network; `before` and `after` happen around the next reply that passes."""

    upstream: tuple[str, int]
    port: int = 0
    before: Moment | None = None
    after: Moment | None = None
    after_rights: Moment | None = None
    replies: int = 0
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        there = await asyncio.open_connection(*self.upstream)
        asked = _Asked()
        try:
            pumps = [self._out(reader, there[1], asked), self._back(there[0], writer, asked)]
            await asyncio.gather(*pumps)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            for each in (writer, there[1]):
                each.close()
                with contextlib.suppress(ConnectionError):
                    await each.wait_closed()

    async def close(self) -> None:
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _out(self, reader: asyncio.StreamReader, there: asyncio.StreamWriter, asked: "_Asked") -> None:
        while chunk := await reader.read(65536):
            asked.note(chunk)
            if asked.reply:
                await self._once("before")
            there.write(chunk)
            await there.drain()
        there.close()

    async def _back(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: "_Asked") -> None:
        while chunk := await there.read(65536):
            if asked.reply:
                asked.reply = False
                self.replies += 1
                await self._once("after")
            writer.write(chunk)
            await writer.drain()
            if asked.rights:
                asked.rights = False
                await self._once("after_rights")

    async def _once(self, name: str) -> None:
        moment: Moment | None = getattr(self, name)
        if moment is not None:
            setattr(self, name, None)
            await moment()


@dataclass
class _Asked:
    reply: bool = False
    rights: bool = False

    def note(self, chunk: bytes) -> None:
        line = chunk.split(b"\r\n", 1)[0]
        self.reply = self.reply or (line.startswith(b"POST ") and REPLY in line)
        self.rights = self.rights or b"/rights" in line


@dataclass(eq=False)
class Process:
    """A process we started, ended by its id alone."""

    command: list[str]
    log: Path
    child: subprocess.Popen[bytes] | None = None
    deaths: int = 0

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(self.command, stdout=log, stderr=log, env=_environment())

    @property
    def alive(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def send(self, number: int) -> None:
        if self.child is not None and self.child.poll() is None:
            os.kill(self.child.pid, number)

    def kill(self) -> None:
        """kill -9, and wait until it is dead."""
        assert self.child is not None
        self.send(signal.SIGKILL)
        self.child.wait(10)
        self.deaths += 1

    def end(self) -> None:
        if self.alive:
            self.send(signal.SIGCONT)
            self.kill()


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("MENTIONBRIDGE")}


@dataclass
class Town:
    """The network's process and the wire to it."""

    url: str
    secret: str
    wire: Wire
    http: httpx.AsyncClient

    async def says(self, who: str, text: str, **more: Any) -> str:
        answer = await self.http.post(f"/api/people/{who}/posts", json={"text": text, **more})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def answers(self, post_id: str) -> list[dict[str, Any]]:
        """What everybody sees us say below a post."""
        shown = (await self.http.get(f"/api/threads/{post_id}")).json()["posts"]
        return [post for post in shown if post["author"]["handle"] == "acme"]


def _started(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment())


@asynccontextmanager
async def network(folder: Path, *, keys: bool = True, webhook: str | None = None) -> AsyncIterator[Town]:
    """`python -m mentionbridge.platforms.demo` behind a wire."""
    command = [sys.executable, "-m", "mentionbridge.platforms.demo", "--data", str(folder / "network")]
    command += [] if keys else ["--no-keys"]
    command += ["--webhook", webhook] if webhook else []
    child = _started(command)
    try:
        assert child.stdout is not None
        told = json.loads(await asyncio.to_thread(child.stdout.readline))
        host, port = told["url"].removeprefix("http://").split(":")
        wire = Wire((host, int(port)))
        server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
        wire.port = server.sockets[0].getsockname()[1]
        try:
            async with httpx.AsyncClient(base_url=told["url"], timeout=20) as http:
                yield Town(told["url"], told["secret"], wire, http)
        finally:
            server.close()
            await wire.close()
            await server.wait_closed()
    finally:
        child.kill()
        child.wait(10)
        if child.stdout is not None:
            child.stdout.close()


def write_config(folder: Path, url: str, town: Town, *, port: int, name: str = "config", wire: int = 0) -> Path:
    """A config with leases of two seconds."""
    key = folder / "key"
    if not key.exists():
        key.touch(0o600)
        key.write_bytes(Fernet.generate_key() + b"\n")
    path = folder / f"{name}.toml"
    path.write_text(f"""
[server]
port = {port}
public_url = "http://127.0.0.1:{port}"
[database]
url = "{url}"
[secrets]
key_file = "{key}"
[worker]
lease_seconds = 2
tick_seconds = 0.1
grace_seconds = 1
[net]
allow_networks = ["127.0.0.0/8"]
[platforms.demo]
url = "http://127.0.0.1:{wire or town.wire.port}"
secret = "{town.secret}"
[brands.acme]
name = "Acme"
[brands.acme.topics.broadband]
name = "your broadband"
words = ["broadband", "internet"]
[brands.acme.accounts.acme]
platform = "demo"
poll_seconds = 0.3
""")
    return path


def bridge(folder: Path, command: str, config: Path) -> Process:
    argv = [sys.executable, "-m", "mentionbridge", command, "--config", str(config)]
    return Process(argv, folder / f"{config.stem}.log")


async def subscribe_processes(folder: Path, url: str, feed: str) -> None:
    """An endpoint for everything there is to tell, as the API would write it."""
    engine, sealer = Engine(url), Sealer([(folder / "key").read_bytes().strip()])
    row = {"brand_id": "acme", "id": "whk_1", "url": feed, "types": []}
    async with engine.writing() as connection:
        sealed = sealer.seal("whsec_c2VjcmV0")
        await connection.execute(sa.insert(t.endpoints).values(**row, secret=sealed, created_at=SystemClock().now()))
    await engine.aclose()


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    """Look into the database from outside."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=10)) as connection:
            return connection.execute(query).fetchall()
    import psycopg

    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


async def wait_until(true: Callable[[], object], within: float, what: str) -> None:
    deadline = time.monotonic() + within
    while not await asyncio.to_thread(true):
        assert time.monotonic() < deadline, f"{what} did not happen within {within} s"
        await asyncio.sleep(0.1)
