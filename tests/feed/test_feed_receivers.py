"""The receivers we show to others take what we send, and nothing else."""

import asyncio
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fakes.running import free_port
from mentionbridge.domain.endpoint import DeliveryResult, Endpoint
from mentionbridge.feed.delivery import HttpCourier
from mentionbridge.kit.clock import SystemClock
from mentionbridge.net.guard import AddressGuard
from mentionbridge.net.signing import new_secret

EXAMPLES = Path(__file__).parents[2] / "examples"
SECRET, NEXT = new_secret(), new_secret()
NODE = shutil.which("node")


class LateClock(SystemClock):
    """A sender whose clock is ten minutes slow, or whose words were kept and sent again."""

    def now(self) -> datetime:
        return datetime.now(UTC) - timedelta(minutes=10)


@dataclass
class Receiver:
    process: asyncio.subprocess.Process
    endpoint: Endpoint

    async def told(self) -> str:
        assert self.process.stdout is not None
        return (await asyncio.wait_for(self.process.stdout.readline(), 10)).decode().strip()


@asynccontextmanager
async def receiver(*command: str) -> AsyncIterator[Receiver]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *command, SECRET, str(port), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(20):
            while not await asyncio.to_thread(_answers, port):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        yield Receiver(process, Endpoint("acme", "whk_1", f"http://127.0.0.1:{port}/", (), (SECRET,)))
    finally:
        process.kill()
        await process.wait()
        process._transport.close()  # type: ignore[attr-defined]


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def bring(to: Endpoint, event_id: str = "evt_1", clock: SystemClock | None = None) -> DeliveryResult:
    courier = HttpCourier(AddressGuard(["127.0.0.0/8"]), clock or SystemClock())
    data = {"brand_id": "acme", "ticket_id": "tkt_1", "sequence": 7, "mention": {"text": "Grüße, 電話が来ない"}}
    result = await courier.deliver(to, event_id, "ticket.opened", datetime.now(UTC), data)
    await courier.aclose()
    return result


async def check(*command: str) -> None:
    async with receiver(*command) as there:
        assert (await bring(there.endpoint)).status == 204
        assert await there.told() == "ticket.opened tkt_1 7"
        assert (await bring(replace(there.endpoint, secrets=(NEXT,)))).status == 401
        assert (await bring(there.endpoint, clock=LateClock())).status == 401
        assert (await bring(there.endpoint)).status == 204, "again, under the same id"
        assert (await bring(replace(there.endpoint, secrets=(NEXT, SECRET)), "evt_2")).status == 204
        assert await there.told() == "ticket.opened tkt_1 7"


async def test_the_python_receiver_takes_ours_and_nothing_else() -> None:
    await check(sys.executable, str(EXAMPLES / "receiver.py"))


@pytest.mark.skipif(NODE is None, reason="there is no Node here; `make test-live` runs it")
async def test_the_javascript_receiver_takes_ours_and_nothing_else() -> None:
    await check(str(NODE), str(EXAMPLES / "receiver.js"))


@pytest.mark.live
async def test_the_javascript_receiver_on_a_machine_that_must_have_node() -> None:
    assert NODE is not None, "the live run needs Node 20"
    await check(NODE, str(EXAMPLES / "receiver.js"))


@pytest.mark.parametrize("name", ["receiver.py", "receiver.js"])
def test_a_receiver_fits_on_a_page(name: str) -> None:
    assert len((EXAMPLES / name).read_text(encoding="utf-8").splitlines()) < 40
