"""What survives when the bridge dies: the demo network with its people, the webhooks it still owes, the subscriber."""

import base64
import io
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from PIL import Image

from fakes.clock import HandClock
from fakes.demo_town import ACME, NoVault, Town, town
from mentionbridge.domain.account import Account
from mentionbridge.domain.endpoint import DeliveryResult, Endpoint
from mentionbridge.platforms.demo import render
from mentionbridge.platforms.demo.network import Network, Post
from mentionbridge.platforms.demo.plug import AccountOptions
from mentionbridge.ports.media import Picture
from mentionbridge.ports.platform import Hook, Platform

COMPLAINT = "@acme my broadband has been down since Tuesday and nobody answers"
FOLLOW_UP = "@acme still no broadband, it has been down for days now"


@dataclass
class Subscriber:
    """Receives events; what it received counts, whatever the sender learns of it."""

    heard: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)
    down: bool = False

    async def deliver(
        self, endpoint: Endpoint, event_id: str, type_: str, occurred_at: datetime, data: Mapping[str, Any]
    ) -> DeliveryResult:
        if self.down:
            return DeliveryResult(ok=False, status=503, detail="answered 503")
        self.heard.append((event_id, type_, data))
        return DeliveryResult(ok=True, status=204, detail="answered 204")

    def ids(self, type_: str) -> set[str]:
        return {event_id for event_id, heard, _ in self.heard if heard == type_}


class Album:
    """Hands out the same small picture for every address."""

    async def fetch(self, url: str) -> Picture:
        return Picture("image/png", _png(), 8, 8)


@dataclass
class Outside:
    """The world around the bridge; `keys` tells whether its network knows a repeated send."""

    town: Town
    clock: HandClock
    subscriber: Subscriber = field(default_factory=Subscriber)
    told: int = 0

    def connects(self, fuse: Callable[[str], None]) -> tuple[Account, Platform, Hook | None]:
        """Return our account, and the plug of a process that begins now; `fuse` is for what goes on inside of it."""
        return ACME, self.town.network.connect(ACME, AccountOptions(), NoVault()), self.town.hook

    @property
    def network(self) -> Network:
        return self.town.network._live.state

    async def says(self, who: str, text: str, **more: Any) -> str:
        return await self.town.says(who, text, **more)

    async def complains(self, who: str = "sam", text: str = COMPLAINT) -> str:
        """A complaint with a photo of the dead router."""
        picture = {"data": base64.b64encode(_png()).decode(), "alt": "a dark router"}
        return await self.says(who, text, picture=picture)

    async def answers_by_hand(self, post_id: str, text: str) -> str:
        """A person of the brand answers in the network's own app."""
        live = self.town.network._live
        post, _ = live.reply(live.adopt("acme", ""), post_id, text)
        return post.id

    def owed(self) -> list[tuple[int, bytes]]:
        """Return the webhook bodies nobody has taken yet, oldest first."""
        news = self.network.concerns("acme", self.told)
        pages = "http://bridge.test/p/demo"
        return [(one.seq, json.dumps(render.event(self.network, one, pages, reader="acme")).encode()) for one in news]

    def ours(self) -> list[Post]:
        """Return everything our account has said, deleted or not."""
        mine = self.network.person("acme")
        return [self.network.posts[one] for one in self.network.by_author[mine.id]] if mine else []

    def answers_to(self, post_id: str) -> list[Post]:
        """Return our answers below one post."""
        return [post for post in self.ours() if post.parent == post_id]


@asynccontextmanager
async def outside(*, keys: bool = True) -> AsyncIterator[Outside]:
    """A network in which @acme has been for a while."""
    clock = HandClock()
    async with town(clock=clock, keys=keys) as there:
        yield Outside(there, clock)


def _png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "black").save(out, "PNG")
    return out.getvalue()
