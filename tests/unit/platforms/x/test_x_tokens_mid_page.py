"""A sign-in that ends between two pages, and clocks that do not agree: no mention is lost, nobody is locked out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from contract.scripted import MemoryVault
from fakes.clock import HandClock
from fakes.x_server import FIRST, XServer
from mentionbridge.domain.account import Account, Mode
from mentionbridge.domain.errors import LoginNeeded
from mentionbridge.domain.mention import Post
from mentionbridge.net.client import Http
from mentionbridge.platforms.plug import Tools
from mentionbridge.platforms.x import plug
from mentionbridge.platforms.x.platform import XPlatform
from mentionbridge.ports.platform import Page

NOW = datetime(2026, 11, 22, 9, 20, tzinfo=UTC)
MENTIONS = ("GET", "/2/users/1000000001/mentions")
ALL = ["1", "2", "3", "4", "5"]


@pytest.fixture
def server() -> XServer:
    """Five mentions on three pages."""
    server = XServer(page_size=2)
    for number in range(1, 6):
        server.mention(number, f"@acme {number}")
    return server


def connected(server: XServer, clock: HandClock, vault: MemoryVault, first: str = FIRST) -> XPlatform:
    transport = httpx.MockTransport(server.handle)
    tools = Tools(
        clock=clock, http=lambda base: Http(base, clock=clock, transport=transport), public_url="http://b.test"
    )
    network = plug.start(plug.platform_options(client_id="c", client_secret="s", api_url="http://api.x.test"), tools)
    options = plug.account_options(refresh_token=first, messages=False)
    return network.connect(Account("acme", "acme-x", "x", Mode.AUTO, 60.0), options, vault)


def on_second_page(server: XServer, happens: Callable[[], Any]) -> None:
    """Let something happen at X after the first page left and before the second is asked for."""

    def first(request: httpx.Request) -> httpx.Response:
        answer = server._answer(request)
        happens()
        return answer

    server.faults[MENTIONS] = [first]


async def walked(platform: XPlatform, pages: list[Page]) -> list[str]:
    """Read from the start; `pages` holds what came, also when the walk breaks off."""
    found: list[str] = []
    async for page in platform.collect(None):
        pages.append(page)
        found += [item.external_id for item in page.items if isinstance(item, Post)]
    return sorted(found)


async def test_a_token_that_runs_out_between_two_pages_is_renewed_and_the_walk_goes_on(server: XServer) -> None:
    platform = connected(server, HandClock(NOW), MemoryVault("{}"))
    await platform.probe()
    on_second_page(server, lambda: setattr(server, "access", "run out"))
    pages: list[Page] = []
    assert await walked(platform, pages) == ALL
    assert [page.cursor is not None for page in pages] == [False, False, True]
    assert server.trades == 2


async def test_a_sign_in_revoked_between_two_pages_asks_for_a_person_and_loses_nothing(server: XServer) -> None:
    clock, vault = HandClock(NOW), MemoryVault("{}")
    platform = connected(server, clock, vault)
    await platform.probe()

    def revoke() -> None:
        server.access = server.refresh = "revoked"

    on_second_page(server, revoke)
    pages: list[Page] = []
    with pytest.raises(LoginNeeded, match="sign the account in again"):
        await walked(platform, pages)
    assert [(len(page.items), page.cursor) for page in pages] == [(2, None)], "no place is kept before the last page"
    server.refresh = "signed-in-again"
    assert await walked(connected(server, clock, vault, "signed-in-again"), []) == ALL


@pytest.mark.parametrize("hours", [-72, 72])
async def test_a_clock_that_jumps_costs_a_renewal_at_most_and_locks_nobody_out(server: XServer, hours: int) -> None:
    clock, vault = HandClock(NOW), MemoryVault("{}")
    await connected(server, clock, vault).probe()
    there = HandClock(NOW + timedelta(hours=hours))
    assert await walked(connected(server, there, vault), []) == ALL
    server.access = "run out"
    assert await walked(connected(server, there, vault), []) == ALL
    assert server.trades <= 3
