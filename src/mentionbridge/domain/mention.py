"""What people say in public (and in private) that concerns a brand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Surface(StrEnum):
    """Who can read a line: everybody, the two parties, or only the team."""

    PUBLIC = "public"
    PRIVATE = "private"
    INTERNAL = "internal"


class Visibility(StrEnum):
    """How widely a post is shown on its network, widest first."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    FOLLOWERS = "followers"
    DIRECT = "direct"

    @property
    def surface(self) -> Surface:
        """Followers-only and direct posts are private surfaces."""
        return Surface.PUBLIC if self in (Visibility.PUBLIC, Visibility.UNLISTED) else Surface.PRIVATE

    def no_wider_than(self, other: "Visibility") -> "Visibility":
        """Return the narrower of the two."""
        order = list(Visibility)
        return max(self, other, key=order.index)


class Origin(StrEnum):
    """How a mention reached us; proof of handle counts only from poll, stream and signed hook."""

    POLL = "poll"
    STREAM = "stream"
    HOOK = "hook"
    PUSH = "push"
    IMPORT = "import"
    REPLAY = "replay"

    @property
    def fetched(self) -> bool:
        """True when the network itself vouches for the words."""
        return self in (Origin.POLL, Origin.STREAM, Origin.HOOK)


@dataclass(frozen=True, slots=True)
class Author:
    """Who posted, by the network's immutable id; handle and name are only labels."""

    external_id: str
    handle: str
    name: str = ""
    followers: int | None = None
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class MediaLink:
    """A picture or film as the network offers it."""

    url: str
    type: str = "image"
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """One post or private message as an adapter understood it.

    `thread_id` is the root of the public conversation, or the conversation of a private message. `ref` holds what the
    network's API needs to answer or re-read the post (JSON-able); `raw` is the payload as received, purgeable.
    `addressed` are the network ids of those it calls on: whoever it names and whoever it answers; empty when untold.
    """

    external_id: str
    author: Author
    text: str
    created_at: datetime
    thread_id: str
    parent_id: str | None = None
    permalink: str | None = None
    lang: str | None = None
    visibility: Visibility = Visibility.PUBLIC
    media: Sequence[MediaLink] = ()
    metrics: Mapping[str, int] = field(default_factory=dict)
    tagged: bool = True
    is_repost: bool = False
    is_quote: bool = False
    quoted_id: str | None = None
    edit_version: str = ""
    addressed: Sequence[str] = ()
    ref: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Above:
    """A post above a mention in its thread, as the network showed it; one that is gone says only that."""

    external_id: str | None = None
    author: Author | None = None
    text: str = ""
    permalink: str | None = None
    occurred_at: datetime | None = None

    @property
    def deleted(self) -> bool:
        """True for a post the network shows no more."""
        return self.author is None


@dataclass(frozen=True, slots=True)
class Deleted:
    """The network says this post is gone."""

    external_id: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something arrived that we could not understand; it is kept as it came."""

    body: bytes
    reason: str


Item = Post | Deleted | Unreadable


class MentionState(StrEnum):
    """Where a mention stands on its way down the corridor."""

    RECEIVED = "received"
    JUDGED = "judged"


@dataclass(frozen=True, slots=True)
class Mention:
    """A stored post that concerns us."""

    brand_id: str
    id: str
    platform: str
    account_id: str
    author_id: str
    author: Author
    external_id: str
    thread_id: str
    parent_id: str | None
    text: str
    lang: str | None
    visibility: Visibility
    permalink: str | None
    occurred_at: datetime
    received_at: datetime
    origin: Origin
    tagged: bool
    is_repost: bool
    is_quote: bool
    silent: bool
    state: MentionState
    edit_version: str
    ref: Mapping[str, Any]
    metrics: Mapping[str, int]
    addressed: Sequence[str] = ()
    ticket_id: str | None = None
    quoted_id: str | None = None
    deleted_at: datetime | None = None
    redacted: bool = False

    @property
    def surface(self) -> Surface:
        """Where these words were said."""
        return self.visibility.surface
