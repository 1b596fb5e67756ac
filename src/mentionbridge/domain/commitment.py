"""A word we gave: what we said would be done, to whom, by when, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CommitmentState(StrEnum):
    """A word is open until it is kept; once missed it stays missed, also when it is kept late."""

    OPEN = "open"
    KEPT = "kept"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class EarlierDue:
    """A time that was promised before it was moved; `missed` tells that it had passed by then."""

    due_at: datetime
    moved_at: datetime
    moved_by: str
    reason: str
    missed: bool


@dataclass(frozen=True, slots=True)
class Commitment:
    """One promise to one person; `reply_id` is the message in which they were told, if they were.

    `earlier` holds every time it was due before, oldest first.
    """

    brand_id: str
    id: str
    ticket_id: str
    author_id: str
    what: str
    due_at: datetime
    state: CommitmentState
    made_by: str
    made_at: datetime
    owner: str | None = None
    reply_id: str | None = None
    warned_at: datetime | None = None
    kept_at: datetime | None = None
    missed_at: datetime | None = None
    earlier: Sequence[EarlierDue] = ()
    redacted: bool = False
