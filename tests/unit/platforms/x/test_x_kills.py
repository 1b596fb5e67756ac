"""A process that dies around any request: X knows no key, so nobody says it a second time, whatever came of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from contract.scripted import MemoryVault, OpenGate
from fakes.clock import HandClock
from fakes.x_server import FIRST, XServer
from mentionbridge.domain.account import Account, Mode
from mentionbridge.domain.errors import LoginNeeded
from mentionbridge.domain.mention import Post, Surface
from mentionbridge.domain.reply import ReplyIntent, Sent, Target
from mentionbridge.net.client import Http
from mentionbridge.platforms.plug import Tools
from mentionbridge.platforms.x import plug
from mentionbridge.platforms.x.platform import XPlatform

ACCOUNT = Account("acme", "acme-x", "x", Mode.AUTO, 60.0)
LIFE = range(1, 9)
"""More requests than one life makes from its sign-in to its last look."""


class Killed(BaseException):
    """The process is gone."""


class Mortal:
    """Answers until the request `dies_at`, before or after which the asker dies."""

    def __init__(self, server: XServer, dies_at: int, *, acted: bool) -> None:
        self.server, self.left, self.acted = server, dies_at, acted
        self.died: httpx.Request | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.left -= 1
        if self.left == 0:
            self.died = request
        if self.left == 0 and not self.acted:
            raise Killed
        answer = self.server.handle(request)
        if self.left == 0:
            raise Killed
        return answer


def living(vault: MemoryVault, clock: HandClock, handle: Callable[[httpx.Request], httpx.Response]) -> XPlatform:
    transport = httpx.MockTransport(handle)
    tools = Tools(
        clock=clock, http=lambda base: Http(base, clock=clock, transport=transport), public_url="http://b.test"
    )
    shared = plug.platform_options(client_id="c", client_secret="s", api_url="http://api.x.test")
    return plug.start(shared, tools).connect(ACCOUNT, plug.account_options(refresh_token=FIRST), vault)


async def asked(server: XServer, vault: MemoryVault, clock: HandClock) -> ReplyIntent:
    server.mention(11, "@acme my broadband is down")
    platform = living(vault, clock, server.handle)
    (post,) = [item async for page in platform.collect(None) for item in page.items if isinstance(item, Post)]
    author = (post.author.external_id, post.author.handle)
    target = Target(post.external_id, post.thread_id, *author, post.visibility, post.created_at, post.ref)
    said: Any = ("Your post has reached our team.", "en", target, clock.now())
    intent = ReplyIntent("rpl_1", "k-1", Surface.PUBLIC, post.visibility, *said)
    return replace(intent, prepared=dict(platform.prepare(intent)))


async def one_life(platform: XPlatform, intent: ReplyIntent, may_be_out: bool) -> bool:
    """Do what the reply machine does without a key: say it once, and from then on only look."""
    if not may_be_out:
        await platform.reply_rights(intent.target)
        await platform.send(intent, OpenGate())
    return isinstance(await platform.find_reply(intent), Sent)


def is_send(request: httpx.Request) -> bool:
    return (request.method, request.url.path) == ("POST", "/2/tweets")


@pytest.mark.parametrize("acted", [False, True])
async def test_killed_at_any_request_it_is_said_at_most_once_and_found_where_it_was_said(acted: bool) -> None:
    died, sends = 0, 0
    for first in LIFE:
        for second in LIFE:
            clock, server, vault = HandClock(), XServer(), MemoryVault("{}")
            intent = await asked(server, vault, clock)
            out = False
            for dies_at in (first, second):
                mortal = Mortal(server, dies_at, acted=acted)
                try:
                    await one_life(living(vault, clock, mortal), intent, out)
                except Killed:
                    died += 1
                    sends += mortal.died is not None and is_send(mortal.died)
                # `sending` is on disk before the request for it leaves; whoever died before that has said nothing.
                out = out or any(map(is_send, server.calls)) or (mortal.died is not None and is_send(mortal.died))
                clock.forward(60)
            said = len(server.own)
            assert said <= 1
            assert await one_life(living(vault, clock, server.handle), intent, out) or not said
            assert len(server.own) <= 1
    assert died >= 5 * len(LIFE)
    assert sends >= len(LIFE), "deaths that never met the send prove nothing"


async def test_killed_between_a_trade_and_its_keeping_the_account_asks_for_a_person_and_says_nothing() -> None:
    clock, server, vault = HandClock(), XServer(), MemoryVault("{}")
    intent = await asked(server, vault, clock)
    clock.forward(3 * 3600)
    mortal = Mortal(server, 1, acted=True)
    with pytest.raises(Killed):
        await one_life(living(vault, clock, mortal), intent, may_be_out=False)
    assert mortal.died is not None
    assert mortal.died.url.path == "/2/oauth2/token"
    with pytest.raises(LoginNeeded):
        await one_life(living(vault, clock, server.handle), intent, may_be_out=False)
    assert server.own == []


async def test_a_sign_in_that_is_lost_is_told_while_the_account_still_works() -> None:
    clock, server, vault = HandClock(), XServer(), MemoryVault("{}")
    healthy = await living(vault, clock, server.handle).probe()
    assert any("spare_refresh_token" in hint for hint in healthy.hints)
    clock.forward(4000)
    server.refresh = "taken by somebody else"
    told = await living(vault, clock, server.handle).probe()
    assert any("Sign in again now" in hint for hint in told.hints)
    clock.forward(3600)
    with pytest.raises(LoginNeeded):
        await living(vault, clock, server.handle).probe()
