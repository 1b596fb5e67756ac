"""Ingest: a pushed mention, committed and answered, beside a FastAPI route without a database and bare ASGI.

Each server is its own uvicorn process on loopback; the client shares the machine's cores with it. Rounds take turns.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.load import HOST, post, rate, rounds, table

CONNECTIONS = 32
REQUESTS = 2_000
ROUNDS = 5
PORTS = {"bare ASGI": 8781, "FastAPI route, no database": 8782, "mentionbridge, committed": 8783}
BASELINE = "FastAPI route, no database"
APPS = {"bare ASGI": "bench.apps:bare", "FastAPI route, no database": "bench.apps:route"}


def main() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = {
            name: stack.enter_context(
                _process(["-m", "uvicorn", app, "--port", str(PORTS[name]), "--no-access-log"], PORTS[name])
            )
            for name, app in APPS.items()
        }
        token, servers["mentionbridge, committed"] = stack.enter_context(_bridge(folder))
        measures = {name: _measure(name, token) for name in PORTS}
        for measure in measures.values():
            measure()
        before = {name: _cpu_seconds(pid) for name, pid in servers.items()}
        table(rounds(measures, ROUNDS), BASELINE, "requests/s")
        spent = {name: _cpu_seconds(pid) - before[name] for name, pid in servers.items()}
    print("\n| what | the server's CPU ms a request | ratio |\n|---|---:|---:|")
    for name, seconds in spent.items():
        print(f"| {name} | {seconds / REQUESTS / ROUNDS * 1000:.2f} | {seconds / spent[BASELINE]:.1f} |")
    print(f"\n{CONNECTIONS} connections, {REQUESTS} requests a round, {ROUNDS} rounds, SQLite with synchronous FULL.")


def _cpu_seconds(pid: int) -> float:
    """What a process has spent, from Linux' own book (`/proc/PID/stat`, fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _measure(name: str, token: str):  # type: ignore[no-untyped-def]
    def once() -> float:
        stamp = time.time_ns()
        requests = [
            post("/v1/mentions", _body(f"b-{stamp}-{n}"), authorization=f"Bearer {token}") for n in range(REQUESTS)
        ]
        return asyncio.run(rate(PORTS[name], requests, CONNECTIONS, b'created"'))

    return once


def _body(external_id: str) -> bytes:
    mention = {
        "platform": "demo",
        "account": "acme",
        "external_id": external_id,
        "author": {"external_id": f"u-{hash(external_id) % 500}", "handle": "sam", "name": "Sam", "followers": 12},
        "text": "@acme my parcel is three days late and nobody answers",
        "created_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "thread_id": external_id,
    }
    return json.dumps({"mentions": [mention]}).encode()


@contextmanager
def _bridge(folder: Path) -> Iterator[tuple[str, int]]:
    port = PORTS["mentionbridge, committed"]
    environment = os.environ | {
        "MENTIONBRIDGE__DATABASE__URL": f"sqlite:///{folder}/bench.sqlite",
        "MENTIONBRIDGE__LOGS__LEVEL": "error",
        "MENTIONBRIDGE__SERVER__PORT": str(port),
    }
    config = str(Path(__file__).parent / "bench.toml")
    bridge = [sys.executable, "-m", "mentionbridge"]
    subprocess.run([*bridge, "migrate", "-c", config], env=environment, check=True, capture_output=True)
    command = [*bridge, "token", "create", "bench", "--scope", "ingest", "--account", "acme", "-c", config]
    token = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()
    with _process(["-m", "mentionbridge", "web", "-c", config], port, environment) as pid:
        yield token, pid


@contextmanager
def _process(arguments: list[str], port: int, environment: dict[str, str] | None = None) -> Iterator[int]:
    process = subprocess.Popen([sys.executable, *arguments], env=environment, stderr=subprocess.DEVNULL)
    try:
        _wait(port)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://{HOST}:{port}/healthz", timeout=1)
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"nothing answers on port {port}")
