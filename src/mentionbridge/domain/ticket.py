"""One customer's story, its states and the moves between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mentionbridge.domain.errors import NotAllowed
from mentionbridge.domain.mention import Surface


class TicketState(StrEnum):
    """`new → open → pending → solved → closed`."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    SOLVED = "solved"
    CLOSED = "closed"


class Priority(StrEnum):
    """How soon a person should look."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Outcome(StrEnum):
    """What the customer says of a story we called solved."""

    CONFIRMED = "confirmed"
    DENIED = "denied"


class Hand(StrEnum):
    """Who moves a ticket: the customer by speaking, a person of the team, their helpdesk, or the bridge by itself."""

    CUSTOMER = "customer"
    PERSON = "person"
    DESK = "desk"
    BRIDGE = "bridge"


_T = TicketState
_TEAM = frozenset({Hand.PERSON, Hand.DESK})
_SPOKEN = _TEAM | {Hand.CUSTOMER}
MOVES: Mapping[TicketState, Mapping[TicketState, frozenset[Hand]]] = {
    _T.NEW: {_T.OPEN: _TEAM, _T.PENDING: _TEAM, _T.SOLVED: _TEAM},
    _T.OPEN: {_T.PENDING: _TEAM, _T.SOLVED: _TEAM},
    _T.PENDING: {_T.OPEN: _SPOKEN, _T.SOLVED: _TEAM},
    _T.SOLVED: {_T.OPEN: _SPOKEN, _T.CLOSED: _TEAM | {Hand.BRIDGE}},
    _T.CLOSED: {_T.OPEN: _SPOKEN},
}
"""From each state, where a ticket may go and by whose hand. What the customer says reopens only within
`REOPEN_WINDOW`; a merged ticket is closed beside this table, and only undoing the merge opens it again."""

SAME_TOPIC_WINDOW = timedelta(hours=72)
REOPEN_WINDOW = timedelta(days=7)
CLOSE_AFTER = timedelta(days=7)
"""So long after it was solved, and nobody said more, a ticket is closed."""


def check_move(old: TicketState, new: TicketState, by: Hand = Hand.PERSON) -> None:
    """Raise NotAllowed unless a ticket may go from `old` to `new` by this hand."""
    if by in MOVES[old].get(new, ()):
        return
    may = ", ".join(sorted(state for state, hands in MOVES[old].items() if by in hands)) or "nothing else"
    raise NotAllowed("ticket_move", f"A ticket that is {old} cannot become {new}; from here it may become {may}.")


@dataclass(frozen=True, slots=True)
class Ticket:
    """One story of one customer, linked to its public thread.

    `priority_by` is the person who set the priority; the bridge then leaves it alone. `merged_into` names the ticket
    that holds everything this one held. `outcome` is what the customer said since it was last solved, and
    `solved_with` the public answer of another story that solved it.
    """

    brand_id: str
    id: str
    account_id: str
    platform: str
    author_id: str
    thread_id: str
    state: TicketState
    priority: Priority
    topic: str | None
    surface: Surface
    opened_because: str
    occurred_at: datetime
    received_at: datetime
    updated_at: datetime
    sequence: int
    permalink: str | None = None
    previous_id: str | None = None
    closed_at: datetime | None = None
    solved_at: datetime | None = None
    merged_into: str | None = None
    team: str | None = None
    place: str | None = None
    assignee_id: str | None = None
    assignee_name: str | None = None
    tags: Sequence[str] = ()
    priority_reasons: Sequence[str] = ()
    priority_by: str | None = None
    outcome: Outcome | None = None
    outcome_at: datetime | None = None
    solved_with: str | None = None
    incident_id: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a ticket's timeline; its words are joined from the mention or reply when rendered.

    `text` holds the words of an internal note, which are nowhere else.
    """

    brand_id: str
    id: str
    ticket_id: str
    sequence: int
    kind: str
    surface: Surface
    occurred_at: datetime
    received_at: datetime
    mention_id: str | None = None
    reply_id: str | None = None
    reason: str | None = None
    actor: str | None = None
    text: str | None = None
    redacted: bool = False
