"""A message we send, as a state machine, and what a network can answer to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from mentionbridge.domain.errors import NotAllowed
from mentionbridge.domain.mention import Mention, Surface, Visibility
from mentionbridge.domain.wording import Kind


class ReplyState(StrEnum):
    """Where a reply stands; see `MOVES` for the ways between."""

    DRAFT = "draft"
    AWAITING_APPROVAL = "awaiting_approval"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_SENT = "not_sent"
    MANUAL = "manual"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    RETRACTED = "retracted"


S = ReplyState
MOVES: dict[ReplyState, frozenset[ReplyState]] = {
    S.DRAFT: frozenset({S.AWAITING_APPROVAL, S.QUEUED, S.CANCELLED, S.EXPIRED}),
    S.AWAITING_APPROVAL: frozenset({S.QUEUED, S.REJECTED, S.EXPIRED, S.CANCELLED}),
    S.QUEUED: frozenset(
        {S.SENDING, S.REFUSED, S.FAILED, S.MANUAL, S.CANCELLED, S.EXPIRED, S.AWAITING_APPROVAL, S.SENT}
    ),
    # Back to `queued` only by the worker that holds the row and knows that no byte has left; to `manual` when the
    # network said that it takes this from a person only.
    S.SENDING: frozenset({S.SENT, S.REFUSED, S.FAILED, S.UNKNOWN, S.QUEUED, S.MANUAL}),
    # Back to `queued` only under a network key that is still alive: repeating cannot say it twice.
    S.UNKNOWN: frozenset({S.SENT, S.NOT_SENT, S.QUEUED}),
    S.MANUAL: frozenset({S.SENT, S.CANCELLED}),
    S.SENT: frozenset({S.RETRACTED}),
    S.NOT_SENT: frozenset(),
    S.REFUSED: frozenset(),
    S.FAILED: frozenset(),
    S.REJECTED: frozenset(),
    S.EXPIRED: frozenset(),
    S.CANCELLED: frozenset(),
    S.RETRACTED: frozenset(),
}
SAID = frozenset({S.SENDING, S.SENT, S.UNKNOWN, S.RETRACTED})
"""States in which our words are, or may be, out."""


def check_move(old: ReplyState, new: ReplyState) -> None:
    """Raise NotAllowed unless a reply may go from `old` to `new`."""
    if new not in MOVES[old]:
        raise NotAllowed("reply_move", f"A reply that is {old} cannot become {new}.")


class Purpose(StrEnum):
    """Why we speak; an acknowledgement is unique by (ticket, author, purpose)."""

    ACKNOWLEDGE = "acknowledge"
    MESSAGE = "message"
    HANDOFF = "handoff"
    PROOF = "proof"
    RESOLVE = "resolve"
    BROADCAST = "broadcast"


@dataclass(frozen=True, slots=True)
class Link:
    """A span of the text, in code points, that leads to `url`; plugs write it the network's own way."""

    start: int
    end: int
    url: str


@dataclass(frozen=True, slots=True)
class Target:
    """The post we answer, with what the network's API needs (`ref`)."""

    external_id: str
    thread_id: str
    author_external_id: str
    author_handle: str
    visibility: Visibility
    occurred_at: datetime
    ref: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, mention: Mention) -> "Target":
        """The post a mention is, as something to answer."""
        return cls(
            external_id=mention.external_id,
            thread_id=mention.thread_id,
            author_external_id=mention.author.external_id,
            author_handle=mention.author.handle,
            visibility=mention.visibility,
            occurred_at=mention.occurred_at,
            ref=mention.ref,
        )


@dataclass(frozen=True, slots=True)
class ReplyIntent:
    """All a plug needs to send one reply, and to send it again without saying it twice.

    `key` is derived from (account, external id, purpose) and survives a lost database. `prepared` is what the plug's
    own `prepare` returned when the reply was queued (record key, creation time …); it is stored before any send.
    """

    reply_id: str
    key: str
    surface: Surface
    visibility: Visibility
    text: str
    lang: str | None
    target: Target
    created_at: datetime
    links: Sequence[Link] = ()
    prepared: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """A stored reply with its ledger facts; once it was a person's to post, with the facts of that task.

    `kind` is the occasion whose template worded it, if one did. `released` is why a person let these very words out in
    public although they hold what was said in private.
    """

    brand_id: str
    id: str
    ticket_id: str
    account_id: str
    platform: str
    mention_id: str
    author_id: str
    purpose: Purpose
    surface: Surface
    state: ReplyState
    text: str
    lang: str | None
    links: Sequence[Link]
    key: str
    visibility: Visibility
    prepared: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    due: datetime | None = None
    reason: str | None = None
    author_of_words: str | None = None
    approved_by: str | None = None
    template: str | None = None
    model_version: str | None = None
    attempts: int = 0
    looks: int = 0
    first_sent_at: datetime | None = None
    parked_at: datetime | None = None
    sent_at: datetime | None = None
    external_id: str | None = None
    permalink: str | None = None
    evidence: str | None = None
    mention_edit_version: str = ""
    redacted: bool = False
    task_opened_at: datetime | None = None
    task_done_at: datetime | None = None
    task_done_by: str | None = None
    kind: Kind | None = None
    released: str | None = None

    @property
    def by_itself(self) -> bool:
        """True when neither the words nor the decision to say them were a person's."""
        return self.approved_by is None and self.author_of_words is None

    @property
    def task_id(self) -> str:
        """What it is called as a task."""
        return "tsk_" + self.id.partition("_")[2]

    @property
    def may_be_out(self) -> bool:
        """True once a request for these words may have left; they then stay as they are until their fate is known."""
        return self.first_sent_at is not None

    def intent(self, mention: Mention) -> ReplyIntent:
        """Return all a plug needs to send this reply to the mention it answers."""
        return ReplyIntent(
            reply_id=self.id,
            key=self.key,
            surface=self.surface,
            visibility=self.visibility,
            text=self.text,
            lang=self.lang,
            target=Target.of(mention),
            created_at=self.created_at,
            links=self.links,
            prepared=self.prepared,
        )


class Refusal(StrEnum):
    """Why a network would not let us say it; none of these is worth a blind retry."""

    TARGET_GONE = "target_gone"
    TARGET_CLOSED = "target_closed"
    BLOCKED = "blocked"
    NOT_SUMMONED = "not_summoned"
    WINDOW_CLOSED = "window_closed"
    TOO_LONG = "too_long"
    INVALID = "invalid"
    DUPLICATE = "duplicate"
    PERMISSION = "permission"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Sent:
    """The network took it, now."""

    external_id: str
    permalink: str | None = None
    evidence: str = "accepted"


@dataclass(frozen=True, slots=True)
class AlreadySent:
    """The network had it from us before."""

    external_id: str
    permalink: str | None = None
    evidence: str = "key"


@dataclass(frozen=True, slots=True)
class Refused:
    """The network said no; `until` when the no has an end."""

    kind: Refusal
    detail: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not be out: only reading our own posts, a key or a person can tell."""

    detail: str = ""


Outcome = Sent | AlreadySent | Refused | Unknown


@dataclass(frozen=True, slots=True)
class NotFound:
    """We looked among our own posts and did not see it (yet)."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class OwnPost:
    """Something our account said, read back from the network."""

    external_id: str
    parent_id: str | None
    thread_id: str
    text: str
    created_at: datetime
    permalink: str | None = None
    surface: Surface = Surface.PUBLIC


@dataclass(frozen=True, slots=True)
class ReplyRight:
    """What we may say to one post on one surface: allowed, or why not, and until when."""

    surface: Surface
    allowed: bool
    reason: str | None = None
    refusal: Refusal | None = None
    until: datetime | None = None
