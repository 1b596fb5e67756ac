"""A server that answers by script, and a platform connected to it."""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

import httpx

from contract.folders import Folder
from fakes.clock import HandClock
from mentionbridge.domain.mention import Post
from mentionbridge.net.client import Http
from mentionbridge.platforms.plug import Network, Tools
from mentionbridge.ports.platform import Platform

_EVER = datetime.min.replace(tzinfo=UTC)
Fail = Callable[[httpx.Request], httpx.Response]


class Server:
    """Plays a folder's exchanges; `sends` are the requests that speak, as they were written."""

    def __init__(self, folder: Folder) -> None:
        self.sends: list[httpx.Request] = []
        self.unmatched: list[str] = []
        self.on_send: list[Mapping[str, Any] | Fail] = []
        self.on_read: Mapping[str, Any] | Fail | None = None
        self.page: Any = None
        self.folder = folder

    def handle(self, request: httpx.Request) -> httpx.Response:
        if _matches(self.folder.told("send"), request):
            self.sends.append(request)
            return _play(self.on_send.pop(0), request)
        line = next((line for line in self.folder.told("always") if _matches(line, request)), None)
        if self.on_read is not None and not (line and line.get("kept")):
            return _play(self.on_read, request)
        if _matches(collect := self.folder.exchanges.get("collect", {}), request):
            page = collect["json"] if self.page is None else self.page
            # Not `json=`, which refuses the Infinity a sloppy network may send and Python reads.
            return httpx.Response(200, text=json.dumps(page), headers={"content-type": "application/json"})
        if line is None:
            self.unmatched.append(f"{request.method} {request.url.path}")
            return httpx.Response(404, json={})
        return _play(line, request)

    def check(self) -> None:
        """Fail when something was asked that the script has no line for."""
        assert not self.unmatched, (
            f"exchanges.json of {self.folder.name} has no line in `always` for: {', '.join(self.unmatched)}"
        )


class MemoryVault:
    """A vault in memory."""

    def __init__(self, secret: Any) -> None:
        self._secret = secret if secret is None or isinstance(secret, str) else json.dumps(secret)
        self._version = 0 if secret is None else 1

    async def read(self) -> tuple[str | None, int]:
        return self._secret, self._version

    async def swap(self, secret: str | None, version: int) -> bool:
        if version != self._version:
            return False
        self._secret, self._version = secret, version + 1
        return True


@dataclass
class Stage:
    """A server and the platform that talks to it."""

    server: Server
    platform: Platform
    network: Network
    clock: HandClock


@asynccontextmanager
async def on_stage(folder: Folder) -> AsyncIterator[Stage]:
    """Connect the folder's platform to its scripted server."""
    server, clock = Server(folder), HandClock(folder.now)
    transport = httpx.MockTransport(server.handle)
    tools = Tools(
        clock=clock, http=lambda base: Http(base, clock=clock, transport=transport), public_url="http://bridge.test"
    )
    network = folder.plug.start(folder.plug.platform_options(**folder.told("platform_options")), tools)
    given = folder.told("account_options")
    account = replace(folder.account, options=given)
    options = folder.plug.account_options(**given)
    platform = network.connect(account, options, MemoryVault(folder.exchanges.get("vault")))
    try:
        yield Stage(server, platform, network, clock)
    finally:
        await platform.aclose()
        await network.aclose()


async def said_in_thread(stage: Stage) -> Sequence[Post]:
    """Ask what the author of the folder's `target` said in its thread, at any time."""
    target = stage.server.folder.told("target")
    return await stage.platform.said_in_thread(target["author_external_id"], target["thread_id"], _EVER)


class OpenGate:
    """Lets everything out."""

    def check(self) -> None:
        return None


def breaks(error: type[httpx.TransportError]) -> Fail:
    """Fail the way a network does."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise error("scripted", request=request)

    return fail


def _matches(line: Mapping[str, Any], request: httpx.Request) -> bool:
    return bool(line) and line["method"] == request.method and fnmatchcase(request.url.path, line["path"])


def _play(answer: Mapping[str, Any] | Fail, request: httpx.Request) -> httpx.Response:
    if callable(answer):
        return answer(request)
    headers = dict(answer.get("headers", {}))
    if "text" in answer:
        return httpx.Response(answer["status"], headers=headers, text=answer["text"])
    return httpx.Response(answer["status"], headers=headers, json=answer.get("json"))
