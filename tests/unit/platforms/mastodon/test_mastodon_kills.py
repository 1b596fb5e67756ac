"""A process that dies around any request: whoever comes after it says the reply exactly once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from fakes.clock import HandClock
from fakes.mastodon_server import BEGIN, HOST, TOKEN, MastodonServer
from mentionbridge.domain.account import Account, Mode
from mentionbridge.domain.mention import Post, Surface, Visibility
from mentionbridge.domain.reply import NotFound, ReplyIntent, Sent, Target
from mentionbridge.net.client import Http
from mentionbridge.platforms.mastodon import plug
from mentionbridge.platforms.mastodon.plug import AccountOptions, PlatformOptions
from mentionbridge.platforms.plug import Tools
from mentionbridge.ports.platform import Platform

ACCOUNT = Account("acme", "fedi", "mastodon", Mode.AUTO, 15)
FIRST_LIFE, NEXT_LIFE = range(5, 9), range(1, 15)
"""The requests around the first send, and all of a life that looks before it repeats."""


class Killed(BaseException):
    """The process is gone."""


class OpenGate:
    def check(self) -> None:
        return None


def living(server: MastodonServer, clock: HandClock, handle: Callable[[httpx.Request], httpx.Response]) -> Platform:
    transport = httpx.MockTransport(handle)
    tools = Tools(clock=clock, http=lambda base: Http(base, clock=clock, transport=transport), public_url="http://b")
    options = AccountOptions(server=f"https://{HOST}", token=TOKEN)
    return plug.start(PlatformOptions(), tools).connect(ACCOUNT, options, None)  # type: ignore[arg-type]


def mortal(server: MastodonServer, dies_at: int, *, acted: bool) -> Callable[[httpx.Request], httpx.Response]:
    """Answer until the request `dies_at`, before or after which the asker dies."""
    left = dies_at

    def handle(request: httpx.Request) -> httpx.Response:
        nonlocal left
        left -= 1
        if left == 0 and not acted:
            raise Killed
        answer = server.handle(request)
        if left == 0:
            raise Killed
        return answer

    return handle


async def one_life(platform: Platform, intent: ReplyIntent, may_be_out: bool) -> bool:
    """Do what the reply machine does: look, say it where it was not seen and the key holds, and look again."""
    if may_be_out:
        found = await platform.find_reply(intent)
        await platform.probe()
        if isinstance(found, Sent) or not platform.capabilities.keyed:
            return isinstance(found, Sent)
    await platform.reply_rights(intent.target)
    await platform.send(intent, OpenGate())
    return isinstance(await platform.find_reply(intent), Sent)


async def asked(server: MastodonServer, clock: HandClock, surface: Surface) -> ReplyIntent:
    server.mention("help")
    platform = living(server, clock, server.handle)
    (post,) = [item async for page in platform.collect(None) for item in page.items]
    assert isinstance(post, Post)
    author = (post.author.external_id, post.author.handle)
    target = Target(post.external_id, post.thread_id, *author, post.visibility, post.created_at, post.ref)
    shown = post.visibility if surface is Surface.PUBLIC else Visibility.DIRECT
    intent = ReplyIntent("rpl_1", "k-1", surface, shown, "Sorry to hear that.", "en", target, clock.now())
    return replace(intent, prepared=dict(platform.prepare(intent)))


@pytest.mark.parametrize("acted", [False, True])
@pytest.mark.parametrize("surface", [Surface.PUBLIC, Surface.PRIVATE])
async def test_killed_at_any_request_in_two_lives_it_is_said_once(surface: Surface, acted: bool) -> None:
    died = 0
    for first in FIRST_LIFE:
        for second in NEXT_LIFE:
            clock = HandClock(BEGIN)
            server = MastodonServer(now=clock.now)
            intent = await asked(server, clock, surface)
            for life, dies_at in enumerate((first, second)):
                try:
                    await one_life(living(server, clock, mortal(server, dies_at, acted=acted)), intent, life > 0)
                except Killed:
                    died += 1
                clock.forward(60)
            assert await one_life(living(server, clock, server.handle), intent, may_be_out=True)
            assert len(server.ours) == 1
    assert died > len(NEXT_LIFE)


async def test_without_a_key_what_may_be_out_is_never_said_again() -> None:
    for dies_at in FIRST_LIFE:
        for acted in (False, True):
            clock = HandClock(BEGIN)
            server = MastodonServer(now=clock.now, version="2.7.2 (compatible; Other 1.0)")
            intent = await asked(server, clock, Surface.PUBLIC)
            try:
                await one_life(living(server, clock, mortal(server, dies_at, acted=acted)), intent, may_be_out=False)
            except Killed:
                said = len(server.ours)
                clock.forward(timedelta(hours=2).total_seconds())
                await one_life(living(server, clock, server.handle), intent, may_be_out=True)
                assert len(server.ours) == said
            assert len(server.ours) <= 1


async def test_what_we_said_is_found_long_after_its_key_has_died() -> None:
    clock = HandClock(BEGIN)
    server = MastodonServer(now=clock.now)
    intent = await asked(server, clock, Surface.PUBLIC)
    platform = living(server, clock, server.handle)
    await platform.send(intent, OpenGate())
    clock.forward(timedelta(hours=2).total_seconds())
    assert isinstance(await platform.find_reply(intent), Sent)
    del server.statuses[server.ours[-1]["id"]]
    assert isinstance(await platform.find_reply(intent), NotFound)
