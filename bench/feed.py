"""What the feed delivers, beside a bare client loop that posts the same bodies to the same receiver."""

import asyncio
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from cryptography.fernet import Fernet

from bench.load import HOST, rounds, table
from mentionbridge.domain.events import EventType
from mentionbridge.feed.delivery import HttpCourier
from mentionbridge.kit.clock import SystemClock
from mentionbridge.kit.ids import Ids
from mentionbridge.net.guard import AddressGuard
from mentionbridge.net.signing import new_secret
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.publish import publish
from mentionbridge.pipeline.relay import relay
from mentionbridge.ports.store import Queue
from mentionbridge.store import migrate
from mentionbridge.store import tables as t
from mentionbridge.store.engines import Engine
from mentionbridge.store.sealed import Sealer
from mentionbridge.store.unit_of_work import SqlStore

ENDPOINTS = 20
EVENTS = 100
ACCOUNTS = 4
"""The lines an endpoint is served in, which is as many as go to it at once."""
ROUNDS = 5
_TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"


class Receiver:
    """Takes every post and keeps one body, so that the bare loop posts the same."""

    def __init__(self) -> None:
        self.taken = 0
        self.body = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                self.body = await reader.readexactly(int(length))
                self.taken += 1
                writer.write(_TAKEN)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            writer.transport.abort()


class Silent:
    """Watches and says nothing."""

    def saw(self, moment: str, **facts: Any) -> None:
        return None


def main() -> None:
    """Measure in turns and print."""
    bodies: list[bytes] = []
    measures: dict[str, Callable[[], float]] = {
        "the feed: claimed, rendered, signed, guarded, posted, settled": lambda: asyncio.run(_feed(bodies)),
        "a bare client loop": lambda: asyncio.run(_bare(bodies[-1])),
    }
    table(rounds(measures, ROUNDS), "a bare client loop", "deliveries/s")


async def _feed(bodies: list[bytes]) -> float:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, HOST, 0)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder)}/bench.sqlite"
        await migrate.upgrade(url)
        clock, sealer = SystemClock(), Sealer([Fernet.generate_key()])
        store = SqlStore(Engine(url), clock, Ids(clock), sealer)
        courier = HttpCourier(AddressGuard(["127.0.0.0/8"]), clock)
        bridge = _bridge(store, courier, clock)
        await _owe(store, sealer, f"http://{HOST}:{server.sockets[0].getsockname()[1]}")
        while await publish(bridge):
            pass
        began = time.perf_counter()
        await _deliver(bridge)
        took = time.perf_counter() - began
        await courier.aclose()
        await store.engine.aclose()
    server.close()
    _check(receiver)
    bodies.append(receiver.body)
    return receiver.taken / took


def _check(receiver: Receiver) -> None:
    if receiver.taken != ENDPOINTS * EVENTS:
        raise RuntimeError(f"{receiver.taken} deliveries instead of {ENDPOINTS * EVENTS}")


async def _deliver(bridge: Bridge) -> None:
    while True:
        async with bridge.store.writing() as uow:
            leases = await uow.claims.take(Queue.DELIVER, ENDPOINTS, 60)
        if not leases:
            return
        await relay(bridge, leases)


async def _owe(store: SqlStore, sealer: Sealer, url: str) -> None:
    row = {"brand_id": "acme", "types": [], "created_at": datetime.now(UTC)}
    rows = [
        {**row, "id": f"whk_{n}", "url": f"{url}/{n}", "secret": sealer.seal(new_secret())} for n in range(ENDPOINTS)
    ]
    async with store.engine.writing() as connection:
        await connection.execute(sa.insert(t.endpoints), rows)
    async with store.writing() as uow:
        for n in range(EVENTS):
            account = f"account-{n % ACCOUNTS}"
            await uow.events.add(EventType.ACCOUNT_PAUSED, "acme", datetime.now(UTC), account_id=account, actor="Kim")


def _bridge(store: SqlStore, courier: HttpCourier, clock: SystemClock) -> Bridge:
    nothing: Any = None
    return Bridge(
        store=store,
        clock=clock,
        ids=store.ids,
        judge=nothing,
        courier=courier,
        media=nothing,
        observer=Silent(),
        brands={},
        connected={},
    )


async def _bare(body: bytes) -> float:
    """Post as many times, over as many clients with as many requests at once, with nothing kept."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, HOST, 0)
    url = f"http://{HOST}:{server.sockets[0].getsockname()[1]}"
    headers = {"content-type": "application/json", "webhook-id": "evt_0", "webhook-timestamp": "0"}
    clients = [httpx.AsyncClient(trust_env=False) for _ in range(ENDPOINTS)]

    async def line(client: httpx.AsyncClient, n: int) -> None:
        for _ in range(EVENTS // ACCOUNTS):
            (await client.post(f"{url}/{n}", content=body, headers=headers)).raise_for_status()

    began = time.perf_counter()
    await asyncio.gather(*(line(client, n) for n, client in enumerate(clients) for _ in range(ACCOUNTS)))
    took = time.perf_counter() - began
    for client in clients:
        await client.aclose()
    server.close()
    _check(receiver)
    return receiver.taken / took
