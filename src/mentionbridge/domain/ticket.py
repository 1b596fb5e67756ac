"""One customer's story, its states and the moves between them."""

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


MOVES: dict[TicketState, frozenset[TicketState]] = {
    TicketState.NEW: frozenset({TicketState.OPEN, TicketState.PENDING, TicketState.SOLVED}),
    TicketState.OPEN: frozenset({TicketState.PENDING, TicketState.SOLVED}),
    TicketState.PENDING: frozenset({TicketState.OPEN, TicketState.SOLVED}),
    TicketState.SOLVED: frozenset({TicketState.OPEN, TicketState.CLOSED}),
    TicketState.CLOSED: frozenset({TicketState.OPEN}),
}

SAME_TOPIC_WINDOW = timedelta(hours=72)
REOPEN_WINDOW = timedelta(days=7)


def check_move(old: TicketState, new: TicketState) -> None:
    """Raise NotAllowed unless a ticket may go from `old` to `new`."""
    if new not in MOVES[old]:
        may = ", ".join(sorted(MOVES[old]))
        raise NotAllowed("ticket_move", f"A ticket that is {old} cannot become {new}; from here it may become {may}.")


@dataclass(frozen=True, slots=True)
class Ticket:
    """One story of one customer, linked to its public thread."""

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


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a ticket's timeline; its words are joined from the mention or reply when rendered."""

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
