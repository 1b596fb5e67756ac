"""What passes between us and a helpdesk: a ticket of theirs that mirrors one of ours, and its lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mentionbridge.domain.capabilities import Support
from mentionbridge.domain.mention import Mention, Surface
from mentionbridge.domain.reply import Reply
from mentionbridge.domain.ticket import Entry, Priority, Ticket, TicketState


@dataclass(frozen=True, slots=True)
class DeskCapabilities:
    """What a kind of helpdesk can do.

    `hooks` means that it tells us of changes; `edits` that the words of a line of ours can be replaced there, so that
    what a customer takes back can be taken back everywhere. `longest_title` counts characters.
    """

    support: Support = Support.EXPERIMENTAL
    hooks: bool = False
    edits: bool = False
    longest_title: int = 200
    default_poll_seconds: float = 15.0
    default_look_seconds: float = 900.0


@dataclass(frozen=True, slots=True)
class StatusWords:
    """How our states are called at one desk.

    `theirs` names a status for each of our states; `ours` says what a status of theirs means here, and one without an
    entry changes nothing.
    """

    theirs: Mapping[TicketState, str]
    ours: Mapping[str, TicketState]


@dataclass(frozen=True, slots=True)
class DeskPerson:
    """Somebody who works at the desk, by their id there."""

    id: str
    name: str = ""

    def __str__(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class TheirLine:
    """One line of their ticket. `public` lines answer the customer, `internal` ones are notes among colleagues.

    `marker` is the name we gave a line of ours; `ours` is true for all that our own user there wrote.
    """

    id: str
    surface: Surface
    text: str
    at: datetime
    author: DeskPerson | None = None
    marker: str | None = None
    ours: bool = False


@dataclass(frozen=True, slots=True)
class TheirTicket:
    """Their ticket as it stands; `id` differs from the one asked for when it was merged into another."""

    id: str
    status: str
    url: str | None = None
    assignee: DeskPerson | None = None
    lines: Sequence[TheirLine] = ()


@dataclass(frozen=True, slots=True)
class TicketGone:
    """Their ticket was deleted, or is hidden from us."""

    reason: str


@dataclass(frozen=True, slots=True)
class NewTicket:
    """A ticket to make there: `key`, our own id, finds it again; `facts` are what its fields may hold."""

    key: str
    title: str
    text: str
    priority: Priority
    state: TicketState
    since: datetime
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Made:
    """Their ticket that mirrors ours, made now or found again by its key."""

    id: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line to append there; `marker` is its name, by which it is found again."""

    marker: str
    surface: Surface
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Changed:
    """Some of their tickets that changed, and the cursor that may be kept once that is noted."""

    ids: Sequence[str]
    cursor: str


@dataclass(frozen=True, slots=True)
class DeskFinding:
    """One thing a check looked at: whether it is well, and a sentence with the next step when it is not."""

    what: str
    ok: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What a desk's webhook call said: tickets to look at again, or (none named) that something changed."""

    ids: Sequence[str] = ()


class Way(StrEnum):
    """Which way a line went."""

    OUT = "out"
    IN = "in"


class LineState(StrEnum):
    """What became of a line on its way."""

    SENDING = "sending"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Carried:
    """One line that went, or may have gone, between a ticket of ours and its mirror.

    Outward, `key` is its marker and `theirs` its id there; inward, `key` is their line's id and `ours` what it became.
    """

    way: Way
    key: str
    state: LineState
    at: datetime
    theirs: str | None = None
    reason: str | None = None


class MirrorState(StrEnum):
    """How a mirror is doing: `parked` is tried again now and then, `gone` not until a person says so."""

    LIVE = "live"
    PARKED = "parked"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Mirror:
    """One ticket of ours at one desk: `wanted` is the newest thing to tell, `reached` what has been told.

    `known` is what both sides agreed on last: their `status`, our `state` and their `assignee`.
    """

    brand_id: str
    id: str
    ticket_id: str
    desk: str
    state: MirrorState
    wanted: int
    reached: int
    look: bool
    known: Mapping[str, str | None]
    reason: str | None = None
    parked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One entry of our timeline with its words as they stand now."""

    entry: Entry
    mention: Mention | None = None
    reply: Reply | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """All a mirror is made from: the ticket, its timeline in order, and every reply it has."""

    ticket: Ticket
    told: Sequence[Told]
    replies: Sequence[Reply]


@dataclass(frozen=True, slots=True)
class DeskHealth:
    """How a configured desk is doing, and how many of its mirrors wait for a person."""

    brand_id: str
    id: str
    helpdesk: str
    failures: int
    last_error: str | None
    last_polled_at: datetime | None
    resting_until: datetime | None
    cursor: str | None = None
    mirrors: int = 0
    behind: int = 0
    parked: int = 0
