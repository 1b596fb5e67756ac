"""A whole bridge on a real loopback port, and a subscriber that hears its webhooks."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any, TypeVar

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mentionbridge.bootstrap import App, opened
from mentionbridge.bootstrap.doors import Server, server
from mentionbridge.ports.access import ALL_BRANDS, Scope
from mentionbridge.settings import Settings, load

T = TypeVar("T")


# Below what the system gives to whoever asks for any port, else some client's end could take it before our server does;
# each process begins elsewhere, for several may run at once.
_PORTS = range(12_000, 32_000)
_claims: list[socket.socket] = []
_next_ports = islice(cycle(_PORTS), os.getpid() * 97 % len(_PORTS), None)


def free_port() -> int:
    """Return a port that nobody listens on, and that this process will not return again soon."""
    return next(port for port in _next_ports if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return sys.platform != "linux" or _is_claimed(port)


def _is_claimed(port: int) -> bool:
    """Claim a port's number until this process ends: another test process may have probed the same one just now."""
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0mentionbridge-tests-port-{port}")
    except OSError:
        claim.close()
        return False
    _claims.append(claim)
    return True


def demo_settings(database_url: str, folder: Path, **sections: Any) -> Settings:
    """The demo's own config on another database, with a key file of its own."""
    from cryptography.fernet import Fernet

    import mentionbridge

    port, key = free_port(), folder / "key"
    if not key.exists():
        key.touch(0o600)
        key.write_bytes(Fernet.generate_key())
    address = {"host": "127.0.0.1", "port": port, "public_url": f"http://127.0.0.1:{port}"}
    sections = {
        "server": address,
        "database": {"url": database_url, "files": folder},
        "secrets": {"key_file": key},
        **sections,
    }
    return load(Path(mentionbridge.__file__).parent / "demo.toml", **sections)


@dataclass
class Running:
    """A bridge at work; `http` is signed in with every scope."""

    app: App
    url: str
    http: httpx.AsyncClient

    async def plays(self, method: str, path: str, **body: Any) -> Any:
        """Do something on the demo network as a person."""
        answer = await self.http.request(method, f"/p/demo/api/{path}", json=body or None)
        assert answer.status_code < 400, answer.text
        return answer.json() if answer.content else None

    async def reads(self, path: str, **params: Any) -> Any:
        """Read from the REST API."""
        answer = await self.http.get(f"/v1/{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()


@asynccontextmanager
async def running(settings: Settings, *, with_worker: bool = True) -> AsyncIterator[Running]:
    async with opened(settings, migrate=True) as app:
        web = server(app, with_worker=with_worker)
        serving = asyncio.create_task(web.serve())
        await asyncio.wait_for(web.up.wait(), 20)
        secret, _ = await app.tokens.create(
            "test", list(Scope), [ALL_BRANDS], list(settings_accounts(settings)), app.bridge.clock.now()
        )
        url = settings.server.public_url
        try:
            async with httpx.AsyncClient(base_url=url, headers={"authorization": f"Bearer {secret}"}) as http:
                yield Running(app, url, http)
        finally:
            web.should_exit = True
            await asyncio.wait_for(serving, 30)


def settings_accounts(settings: Settings) -> list[str]:
    return [account for brand in settings.brands.values() for account in brand.accounts]


@dataclass
class Subscriber:
    """A webhook receiver on loopback; answers with `answers` first, then 204. `during` happens once, unanswered yet."""

    url: str
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    during: Callable[[], Awaitable[None]] | None = None

    async def hear(self, request: Request) -> Response:
        self.heard.append((dict(request.headers), await request.body()))
        during, self.during = self.during, None
        if during is not None:
            await during()
        return Response(status_code=self.answers.pop(0) if self.answers else 204)


@asynccontextmanager
async def subscriber() -> AsyncIterator[Subscriber]:
    port = free_port()
    ear = Subscriber(f"http://127.0.0.1:{port}/feed")
    site = Starlette(routes=[Route("/feed", ear.hear, methods=["POST"])])
    web = Server(uvicorn.Config(site, port=port, log_config=None, lifespan="off"))
    serving = asyncio.create_task(web.serve())
    await asyncio.wait_for(web.up.wait(), 20)
    try:
        yield ear
    finally:
        web.should_exit = True
        await serving


async def eventually(look: Callable[[], Awaitable[T | None]], *, within: float = 20, what: str = "it") -> T:
    """Look again until there is something; fails with what was waited for."""
    deadline = asyncio.get_running_loop().time() + within
    while not (found := await look()):
        assert asyncio.get_running_loop().time() < deadline, f"{what} did not happen within {within} s"
        await asyncio.sleep(0.05)
    return found
