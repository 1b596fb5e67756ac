"""Scripted networks for the driver of deaths: what survives is the network's server, our vault and the subscriber."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from contract.scripted import MemoryVault
from fakes.bluesky_script import SERVICE, Network, Repository, note, shown
from fakes.chaos_outside import Subscriber
from fakes.clock import HandClock
from fakes.mastodon_server import HOST, TOKEN, MastodonServer
from fakes.x_server import FIRST, XServer
from mentionbridge.domain.account import Account, Mode
from mentionbridge.net.client import Http
from mentionbridge.platforms import bluesky, mastodon, x
from mentionbridge.platforms.plug import Tools
from mentionbridge.ports.platform import Hook, Platform

Fuse = Callable[[str], None]
A_MONTH = 30 * 86_400


@dataclass
class Abroad:
    """A network spoken to by HTTP alone; a process may die before and after each of its requests."""

    clock: HandClock = field(default_factory=HandClock)
    subscriber: Subscriber = field(default_factory=Subscriber)
    told: int = 0

    @property
    @abstractmethod
    def account(self) -> Account: ...
    @abstractmethod
    async def handle(self, request: httpx.Request) -> httpx.Response: ...
    @abstractmethod
    def plugged(self, tools: Tools) -> Platform: ...
    @abstractmethod
    def complains(self, text: str) -> None: ...
    @abstractmethod
    def adds(self, text: str) -> None:
        """The same person answers their own complaint and calls on us."""

    @abstractmethod
    def answers(self) -> list[str]:
        """Return what everything we have said answers."""

    def owed(self) -> list[tuple[int, bytes]]:
        return []

    def connects(self, fuse: Fuse) -> tuple[Account, Platform, Hook | None]:
        async def handle(request: httpx.Request) -> httpx.Response:
            fuse("before a request")
            answer = await self.handle(request)
            fuse("after a request")
            return answer

        transport = httpx.MockTransport(handle)
        tools = Tools(
            clock=self.clock,
            http=lambda base: Http(base, clock=self.clock, transport=transport),
            public_url="http://bridge.test",
        )
        return self.account, self.plugged(tools), None


@dataclass
class Fediverse(Abroad):
    """A Mastodon server: it has a key, for an hour."""

    server: MastodonServer = field(default_factory=MastodonServer)
    account = Account("acme", "acme", "mastodon", Mode.AUTO, 1.0)

    def __post_init__(self) -> None:
        self.server.now = self.clock.now

    async def handle(self, request: httpx.Request) -> httpx.Response:
        return self.server.handle(request)

    def plugged(self, tools: Tools) -> Platform:
        options = mastodon.plug.account_options(server=f"https://{HOST}", token=TOKEN)
        return mastodon.plug.start(mastodon.plug.platform_options(), tools).connect(
            self.account, options, MemoryVault("{}")
        )

    def complains(self, text: str) -> None:
        self.first = self.server.mention(text)["id"]

    def adds(self, text: str) -> None:
        self.server.mention(text, in_reply_to_id=self.first)

    def answers(self) -> list[str]:
        return [str(status["in_reply_to_id"]) for status in self.server.ours]


@dataclass
class Birds(Abroad):
    """X: it has no key, and refuses the same words twice."""

    server: XServer = field(default_factory=lambda: XServer(seconds=A_MONTH))
    vault: MemoryVault = field(default_factory=lambda: MemoryVault("{}"))
    account = Account("acme", "acme", "x", Mode.AUTO, 1.0)
    first = "11"

    async def handle(self, request: httpx.Request) -> httpx.Response:
        return self.server.handle(request)

    def plugged(self, tools: Tools) -> Platform:
        shared = x.plug.platform_options(client_id="c", client_secret="s", api_url="http://api.x.test")
        options = x.plug.account_options(refresh_token=FIRST)
        return x.plug.start(shared, tools).connect(self.account, options, self.vault)

    def complains(self, text: str) -> None:
        self.server.mention(11, f"@acme {text}", created_at=self._now())

    def adds(self, text: str) -> None:
        below = {"conversation_id": "11", "referenced_tweets": [{"type": "replied_to", "id": "11"}]}
        self.server.mention(12, f"@acme {text}", created_at=self._now(), **below)

    def answers(self) -> list[str]:
        return [str(post["referenced_tweets"][0]["id"]) for post in self.server.own]

    def _now(self) -> str:
        return self.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Skies(Abroad):
    """Bluesky: a record has the key we give it, for ever."""

    server: Network = field(default_factory=Network)
    vault: MemoryVault = field(default_factory=lambda: MemoryVault("{}"))
    account = Account("acme", "acme", "bluesky", Mode.AUTO, 1.0)

    def __post_init__(self) -> None:
        self.repository, self.notes = Repository(self.server), list[dict[str, Any]]()
        self.server.answers |= {
            "getAuthorFeed": {"feed": []},
            "listNotifications": lambda asked: {"notifications": self.notes[::-1]},
            "getPosts": lambda asked: {
                "posts": [shown(noted) for noted in self.notes if noted["uri"] in asked.query["uris"]]
            },
        }

    async def handle(self, request: httpx.Request) -> httpx.Response:
        return await self.server.handle(request)

    def plugged(self, tools: Tools) -> Platform:
        options = bluesky.plug.account_options(identifier="acme.example", app_password="invented", service=SERVICE)
        return bluesky.plug.start(bluesky.plug.platform_options(), tools).connect(self.account, options, self.vault)

    @property
    def first(self) -> str:
        return str(self.notes[0]["uri"])

    def complains(self, text: str) -> None:
        self.notes.append(note(1, self.clock.now(), text=f"@acme.example {text}"))

    def adds(self, text: str) -> None:
        above = {"uri": self.first, "cid": self.notes[0]["cid"]}
        added = note(2, self.clock.now(), text=f"@acme.example {text}")
        added["record"]["reply"] = {"root": above, "parent": above}
        self.notes.append(added)

    def answers(self) -> list[str]:
        return [str(record["reply"]["parent"]["uri"]) for record in self.repository.records.values()]
