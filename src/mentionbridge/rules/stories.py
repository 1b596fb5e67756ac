"""Which story do these words belong to? Pure: facts in, a way to join and its reason out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mentionbridge.domain.mention import Surface
from mentionbridge.domain.ticket import REOPEN_WINDOW, SAME_TOPIC_WINDOW, Ticket, TicketState


class Way(StrEnum):
    """How a mention meets its ticket."""

    JOIN = "join"
    REOPEN = "reopen"
    OPEN = "open"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Telling:
    """One mention as far as stories care: who, where, about what, when, and whether it may open a ticket."""

    thread_id: str
    surface: Surface
    topic: str | None
    occurred_at: datetime
    opens_ticket: bool


@dataclass(frozen=True, slots=True)
class Story:
    """What to do, with which ticket (or which earlier one to link), and why in words a person can read."""

    way: Way
    ticket: Ticket | None
    reason: str


def place(telling: Telling, in_thread: Ticket | None, open_tickets: Sequence[tuple[Ticket, datetime]]) -> Story:
    """Find the story of a mention among this person's ticket in the thread and their tickets not yet closed."""
    if in_thread is not None:
        return _in_thread(telling, in_thread)
    if telling.surface is Surface.PRIVATE and open_tickets:
        return Story(Way.JOIN, open_tickets[0][0], "a private message of the same person")
    if telling.opens_ticket:
        return _same_topic(telling, open_tickets) or Story(Way.OPEN, None, "the first we hear of this")
    return Story(Way.NONE, None, "not a matter for a ticket")


def _in_thread(telling: Telling, ticket: Ticket) -> Story:
    if ticket.state is TicketState.SOLVED:
        return Story(Way.REOPEN, ticket, "the same person in the same thread, after it was solved")
    if ticket.closed_at is None:
        return Story(Way.JOIN, ticket, "the same person in the same thread")
    if telling.occurred_at - ticket.closed_at <= REOPEN_WINDOW:
        return Story(Way.REOPEN, ticket, "the same person in the same thread, soon after it was closed")
    return Story(Way.OPEN, ticket, "the same thread, but its ticket was closed more than a week ago")


def _same_topic(telling: Telling, open_tickets: Sequence[tuple[Ticket, datetime]]) -> Story | None:
    for ticket, last_said_at in open_tickets:
        near = abs(telling.occurred_at - last_said_at) <= SAME_TOPIC_WINDOW
        if near and ticket.topic == telling.topic and ticket.surface is telling.surface:
            way = Way.REOPEN if ticket.state is TicketState.SOLVED else Way.JOIN
            return Story(way, ticket, "the same person on the same topic within 72 hours")
    return None
