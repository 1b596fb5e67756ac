"""A call-back: when we said we would ring, and how often we have tried."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mentionbridge.domain.handoff import Proof

MOST_TRIES = 3
SLOTS_SHOWN = 12


class CallState(StrEnum):
    """A call is open until somebody was reached, until we give up, or until nobody wants it any more."""

    OPEN = "open"
    REACHED = "reached"
    GIVEN_UP = "given_up"
    NOT_WANTED = "not_wanted"


class Outcome(StrEnum):
    """What became of one attempt; `not_wanted` is no ringing: the customer needs none any more."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    WRONG_NUMBER = "wrong_number"
    NOT_WANTED = "not_wanted"


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at which somebody is there to ring."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt."""

    at: datetime
    outcome: Outcome
    actor: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call somebody asked for in the form; `lane` is its place among the calls of one slot while it is open.

    `commitment_id` is the word we gave, `proof` how sure we were of who asked.
    """

    brand_id: str
    id: str
    ticket_id: str
    session_id: str
    commitment_id: str
    phone: str
    starts_at: datetime
    ends_at: datetime
    state: CallState
    proof: Proof
    created_at: datetime
    lane: int | None = None
    tried: Sequence[Tried] = ()
    ended_at: datetime | None = None
    redacted: bool = False
