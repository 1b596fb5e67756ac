"""What the heart asks of a social network. One `Platform` is one connected account on one network."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol, cast, runtime_checkable

from mentionbridge.domain.account import Allowance, Identity
from mentionbridge.domain.capabilities import Capabilities
from mentionbridge.domain.mention import Item, Mention, Post
from mentionbridge.domain.reply import NotFound, Outcome, OwnPost, Refused, ReplyIntent, ReplyRight, Sent, Target
from mentionbridge.domain.stream import Loss, Pauses


@dataclass(frozen=True, slots=True)
class Page:
    """Some items, and the cursor that may be committed together with them.

    `cursor` is None while the walk could not be resumed behind this page (networks that list newest first give it only
    with the last page of a walk). Storing a cursor before every item in front of it is stored loses mentions.
    """

    items: Sequence[Item]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class PostRef:
    """A post we hold: its id and what the network's API needs to read it again."""

    external_id: str
    ref: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Gone:
    """The network no longer shows the post: deleted, or hidden from us."""

    reason: str = "deleted"


class SendGate(Protocol):
    """The last look before bytes leave: whoever writes to the socket calls it, and stops if it raises."""

    def check(self) -> None:
        """Raise LeaseLost when our time on this reply has run out."""


class Platform(Protocol):
    """One account on one network.

    Every method may raise RateLimited(until), LoginNeeded or PlatformDown. From `send` these mean that the network
    surely did not act; whatever leaves that open is returned as `Unknown`, never raised.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What this account can do, after `probe` narrowed it."""

    async def probe(self) -> Identity:
        """Ask the network who we are and what we may do."""

    def collect(self, cursor: str | None) -> AsyncIterator[Page]:
        """Walk every mention after `cursor` to its end; None means from the beginning the network still shows."""

    async def fetch(self, refs: Sequence[PostRef]) -> Mapping[str, Post | Gone]:
        """Read posts again, by external id; an id missing from the answer could not be told either way."""

    async def context(self, post: Post) -> Sequence[Post | Gone]:
        """Return the posts above this one in its thread, root first; deleted ones as Gone."""

    async def said_in_thread(self, author_id: str, thread_id: str, since: datetime) -> Sequence[Post]:
        """Return what this person has said in a public thread since then, oldest first; only if `follows_threads`."""

    async def reply_rights(self, target: Target) -> Sequence[ReplyRight]:
        """What we may say to this post now, one row a surface."""

    def count(self, text: str) -> int:
        """Length of `text` in the unit of `capabilities.max_length`."""

    def prepare(self, intent: ReplyIntent) -> Mapping[str, Any]:
        """Return what must be stored before the first send so that a repeat is byte for byte the same. Pure."""

    async def send(self, intent: ReplyIntent, gate: SendGate) -> Outcome:
        """Say it, once. `gate.check()` runs immediately before the request is written."""

    async def find_reply(self, intent: ReplyIntent) -> Sent | NotFound:
        """Look among our own posts for this very reply; never sends."""

    def own_posts(self, since: datetime) -> AsyncIterator[OwnPost]:
        """Read back what our account said since then, newest first."""

    def private_link(self) -> str | None:
        """Where a customer opens a private conversation with us, for use in a public invitation."""

    async def aclose(self) -> None:
        """Let go of connections."""


class Host(Protocol):
    """What a platform with the capability `hosts` offers besides."""

    async def host(self, mention: Mention) -> Refused | None:
        """Let a post exist that the network never saw; None when it is there, else why it cannot be.

        Repeating it changes nothing, and what the network says itself under this id stays as it is.
        """


def host_of(platform: Platform) -> Host | None:
    """Return who lets posts exist on this platform's network, if it can be done."""
    return cast(Host, platform) if platform.capabilities.hosts else None


class Retractor(Protocol):
    """What a platform with the capability `retracts` offers besides."""

    async def retract(self, external_id: str) -> Refused | None:
        """Delete a public reply of ours; None when it is gone, also when it was gone before, else why it stays."""


def retractor_of(platform: Platform) -> Retractor | None:
    """Return who takes our replies back on this platform's network, if it can be done."""
    return cast(Retractor, platform) if platform.capabilities.retracts else None


class Newest(Protocol):
    """What a platform with the capability `shows_newest` offers besides."""

    async def newest(self) -> Sequence[Item]:
        """Read one page of the newest mentions, whatever was read before; where pages cost money, a small one."""


def newest_of(platform: Platform) -> Newest | None:
    """Return who reads the newest mentions past our place, if it can be done."""
    return cast(Newest, platform) if platform.capabilities.shows_newest else None


class Replayer(Protocol):
    """What a platform with the capability `replays` offers besides."""

    async def replay(self, since: datetime, until: datetime) -> str:
        """Have the network push again what it pushed, or would have, between these; returns what came of asking.

        Asking twice is fine: what comes twice is one mention. Never raises a PlatformError.
        """


def replayer_of(platform: Platform) -> Replayer | None:
    """Return who has this platform's network push again, if it can be done."""
    return cast(Replayer, platform) if platform.capabilities.replays else None


class Streamer(Protocol):
    """What a platform with the capability `streams` offers besides. A poll finds all of it, too, only later."""

    def listen(self) -> AsyncIterator[Sequence[Item] | None]:
        """Connect, and yield what is heard until the connection is lost, however it is.

        Items that can be taken in as they are; none, when there is something new that a poll must read (also once when
        the connection stands, for what was said before); None, when the network is merely there. Raises
        PlatformDown, StreamRefused, RateLimited and LoginNeeded; a network that says nothing for too long is lost.
        """

    def pauses(self, loss: Loss) -> Pauses:
        """Return how the network wants to be connected anew."""


def streamer_of(platform: Platform) -> Streamer | None:
    """Return who listens to this platform's network, if it can be done."""
    return cast(Streamer, platform) if platform.capabilities.streams else None


@runtime_checkable
class Allowed(Protocol):
    """What a platform offers besides whose network says how much it still lets us ask."""

    def allowance(self) -> Allowance | None:
        """Return the tightest limit the network has told of that still holds."""


def allowance_of(platform: Platform) -> Allowance | None:
    """Return what this platform's network still lets us ask, if it says so."""
    return platform.allowance() if isinstance(platform, Allowed) else None


class Spender(Protocol):
    """What a platform with the capability `costs` offers besides: what its calls cost, in millionths of a dollar."""

    def spent(self) -> Mapping[tuple[date, str], int]:
        """Return what nobody has kept yet, by UTC day and by what it was for."""

    def kept(self, spent: Mapping[tuple[date, str], int]) -> None:
        """Forget what is kept elsewhere now."""

    def pushed(self, items: Sequence[Item]) -> None:
        """Count what the network charges for having pushed these to us."""


def spender_of(platform: Platform) -> Spender | None:
    """Return who tells what this platform's calls cost, if they cost anything."""
    return cast(Spender, platform) if platform.capabilities.costs else None


@dataclass(frozen=True, slots=True)
class HookRequest:
    """A platform's webhook call as it came over the wire; header names in lower case."""

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class HookAnswer:
    """What to answer to a handshake."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"


class Hook(Protocol):
    """How one account's platform pushes to us."""

    def handshake(self, request: HookRequest) -> HookAnswer | None:
        """Answer a challenge, or None when this is not one."""

    def verify(self, request: HookRequest, now: datetime) -> str | None:
        """Check signature and freshness on the raw bytes, in constant time; None when good, else why not."""

    def addressee(self, body: bytes) -> str | None:
        """Return the network id of the account a verified body says it is for; None when it says none. Never raises."""

    def parse(self, body: bytes) -> Sequence[Item]:
        """Read a verified body; what cannot be understood comes back as Unreadable. Never raises. Pure."""
