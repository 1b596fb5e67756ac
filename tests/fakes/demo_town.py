"""A demo network under test: its parts by hand, a browser for its pages, and a bridge that hears its webhooks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount

from fakes.clock import HandClock
from mentionbridge.domain.account import Account, Mode
from mentionbridge.domain.mention import Surface, Visibility
from mentionbridge.domain.reply import Link, ReplyIntent, Target
from mentionbridge.net.client import Http
from mentionbridge.platforms.demo.hook import DemoHook
from mentionbridge.platforms.demo.platform import DemoPlatform
from mentionbridge.platforms.demo.plug import AccountOptions, DemoNetwork, PlatformOptions, plug
from mentionbridge.platforms.plug import Tools

ACME = Account("acme", "acme", "demo", Mode.AUTO, 1.0)
PUBLIC = "http://bridge.test"


class NoVault:
    """The demo network has no rotating secret."""

    async def read(self) -> tuple[str | None, int]:
        return None, 0

    async def swap(self, secret: str | None, version: int) -> bool:
        return False


@dataclass
class Bridge:
    """What the other end of the webhook saw; `answers` are the statuses it gives, then 204."""

    calls: list[httpx.Request] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def hear(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        return httpx.Response(self.answers.pop(0) if self.answers else 204)


@dataclass
class Town:
    """A running network with the brand @acme in it."""

    network: DemoNetwork
    platform: DemoPlatform
    hook: DemoHook
    browser: httpx.AsyncClient
    bridge: Bridge
    clock: HandClock

    async def says(self, who: str, text: str, **more: Any) -> str:
        """Post as a person and return the id."""
        return (await self.plays("POST", f"people/{who}/posts", text=text, **more))["id"]

    async def plays(self, method: str, path: str, **body: Any) -> Any:
        """Call the people's API and return the JSON."""
        answer = await self.browser.request(method, f"/p/demo/api/{path}", json=body or None)
        assert answer.status_code < 400, answer.text
        return answer.json() if answer.content else None


class Gate:
    """Lets everything out."""

    def check(self) -> None:
        return None


@asynccontextmanager
async def town(
    data_dir: Path | None = None, *, bridge: Bridge | None = None, clock: HandClock | None = None, **options: Any
) -> AsyncIterator[Town]:
    """Start a network, mounted under /p/demo as the bridge does it."""
    bridge, clock = bridge or Bridge(), clock or HandClock()
    tools = Tools(
        clock=clock,
        http=lambda base: Http(base, clock=clock, transport=httpx.MockTransport(bridge.hear)),
        public_url=PUBLIC,
        data_dir=data_dir,
    )
    network = plug.start(PlatformOptions(**{"push": False, **options}), tools)
    platform = network.connect(ACME, AccountOptions(), NoVault())
    host = Starlette(routes=[Mount("/p/demo", network.pages())])
    browser = httpx.AsyncClient(transport=httpx.ASGITransport(host), base_url=PUBLIC)
    try:
        yield Town(network, platform, network.hook(ACME, AccountOptions()), browser, bridge, clock)
    finally:
        await browser.aclose()
        await platform.aclose()
        await network.aclose()


def reply_to(
    clock: HandClock,
    post_id: str,
    text: str = "Sorry to hear that, Sam.",
    *,
    key: str = "k-1",
    author: str = "u-2",
    visibility: Visibility = Visibility.PUBLIC,
    surface: Surface = Surface.PUBLIC,
    parent_visibility: Visibility = Visibility.PUBLIC,
    thread_id: str | None = None,
    links: tuple[Link, ...] = (),
) -> ReplyIntent:
    """Return a reply as the pipeline would queue it."""
    past = clock.now() - timedelta(minutes=1)
    target = Target(post_id, thread_id or post_id, author, "sam", parent_visibility, past, {"id": post_id})
    return ReplyIntent("rpl_1", key, surface, visibility, text, "en", target, clock.now(), links)


async def collected(platform: DemoPlatform, cursor: str | None = None) -> tuple[list[Any], str | None]:
    """Walk everything after a cursor; returns the items and the last cursor."""
    items: list[Any] = []
    async for page in platform.collect(cursor):
        items += page.items
        cursor = page.cursor
    return items, cursor


async def eventually(done: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until something has come true."""
    for _ in range(int(seconds / 0.002)):
        if done():
            return
        await asyncio.sleep(0.002)
    raise AssertionError("it did not come true in time")
