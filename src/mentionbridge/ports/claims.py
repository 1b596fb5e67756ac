"""Due rows, and our right to them for a while."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Queue(StrEnum):
    """The kinds of due row a worker claims."""

    POLL = "poll"
    HOOK = "hook"
    JUDGE = "judge"
    SEND = "send"
    SETTLE = "settle"
    DELIVER = "deliver"
    DELIVER_SLOW = "deliver_slow"
    RECHECK = "recheck"
    MEDIA = "media"
    WAIT = "wait"
    COMMITMENT = "commitment"
    MIRROR = "mirror"
    DESK = "desk"
    RECORDS = "records"


@dataclass(frozen=True, slots=True)
class Lease:
    """Our right to one row until `deadline` on the steady clock (`until` on the wall clock, as stored).

    `seconds` is how long it was taken for; a walk that still brings something keeps its row for as long again.
    """

    queue: Queue
    brand_id: str
    id: str
    token: str
    deadline: float
    until: datetime
    attempts: int
    seconds: float


class Claims(Protocol):
    """Due rows, leased."""

    async def due(self) -> Collection[Queue]:
        """Return the queues that hold something due and free: one look instead of a claim a queue."""

    async def take(self, queue: Queue, limit: int, seconds: float) -> Sequence[Lease]: ...
    async def check(self, lease: Lease, *, extend: float = 0) -> None:
        """Raise LeaseLost when the row is no longer ours; locks it, and gives it `extend` more seconds."""

    async def done(self, lease: Lease, due: datetime | None = None, *, fresh: bool = False, **facts: object) -> None:
        """Give the row back with these facts, due again at `due` or never; raises LeaseLost when it is not ours."""
