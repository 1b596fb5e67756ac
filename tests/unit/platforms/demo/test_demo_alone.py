"""The network by itself, in its own process, over real sockets: it survives kill -9, and its key still holds."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from fakes.demo_town import ACME, Gate, NoVault, collected, reply_to
from mentionbridge.domain.errors import PlatformDown
from mentionbridge.domain.reply import AlreadySent, Sent
from mentionbridge.kit.clock import SystemClock
from mentionbridge.net.client import Http
from mentionbridge.platforms.demo.plug import AccountOptions, PlatformOptions, plug
from mentionbridge.platforms.plug import Tools


@contextmanager
def _alone(folder: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    command = [sys.executable, "-m", "mentionbridge.platforms.demo", "--data", str(folder), "--secret", "s3", *more]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def tools() -> Tools:
    clock = SystemClock()
    return Tools(clock, lambda base: Http(base, clock=clock), "http://127.0.0.1:1")


async def _say(url: str, text: str) -> str:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        for _ in range(200):
            try:
                answer = await client.post("/api/people/sam/posts", json={"text": text})
            except httpx.ConnectError:
                await asyncio.sleep(0.02)
                continue
            assert answer.status_code == 201
            return str(answer.json()["id"])
    raise AssertionError("the network did not come up")


async def test_it_survives_kill_9_and_says_nothing_twice(tmp_path: Path, tools: Tools) -> None:
    with _alone(tmp_path) as (process, ready):
        network = plug.start(PlatformOptions(url=ready["url"], secret=ready["secret"]), tools)
        platform = network.connect(ACME, AccountOptions(), NoVault())
        post_id = await _say(ready["url"], "@acme my parcel is late")
        intent = reply_to(tools.clock, post_id)
        first = await platform.send(intent, Gate())
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with pytest.raises(PlatformDown):
            await platform.send(intent, Gate())
        await platform.aclose()
    port = ready["url"].rpartition(":")[2]
    with _alone(tmp_path, "--port", port) as (_, again):
        assert again["url"] == ready["url"]
        platform = network.connect(ACME, AccountOptions(), NoVault())
        second = await platform.send(intent, Gate())
        items, _ = await collected(platform)
        await platform.aclose()
    await network.aclose()
    assert isinstance(first, Sent)
    assert isinstance(second, AlreadySent)
    assert first.external_id == second.external_id
    assert [item.external_id for item in items] == [post_id]


async def test_by_itself_it_pushes_to_the_bridge_and_can_be_without_keys(tmp_path: Path, tools: Tools) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def bridge(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        await reader.readexactly(length)
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()
        writer.close()
        await heard.put(head)

    server = await asyncio.start_server(bridge, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with _alone(tmp_path, "--webhook", address, "--no-keys") as (_, ready):
        network = plug.start(PlatformOptions(url=ready["url"], secret=ready["secret"]), tools)
        platform = network.connect(ACME, AccountOptions(), NoVault())
        await _say(ready["url"], "@acme my parcel is late")
        await platform.probe()
        assert not platform.capabilities.keyed
        async with asyncio.timeout(5):
            head = await heard.get()
        await platform.aclose()
        await network.aclose()
    server.close()
    await server.wait_closed()
    assert head.startswith(b"POST /hooks/demo/acme ")
    assert b"demo-signature: t=" in head.lower()
