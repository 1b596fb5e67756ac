"""A webhook subscriber, what is owed to it, and how it is doing."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mentionbridge.domain.events import Event


class Mode(StrEnum):
    """How a body is wrapped: `{"type","timestamp","data"}`, or CloudEvents 1.0 in structured mode."""

    PLAIN = "plain"
    CLOUDEVENTS = "cloudevents"


class Lane(StrEnum):
    """Endpoints that keep us waiting are served apart, so that they hold up nobody else."""

    FAST = "fast"
    SLOW = "slow"


@dataclass(frozen=True, slots=True)
class Health:
    """How an endpoint is doing: failures in a row, since when, and until when it is left in peace."""

    failures: int = 0
    failing_since: datetime | None = None
    resting_until: datetime | None = None
    lane: Lane = Lane.FAST


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A subscriber: where, what it asked for (empty: all), and the secrets that sign (two during rotation).

    While it recovers, `recovered_to` is the feed's position up to which its deliveries are planned again, on the way to
    `recover_until`.
    """

    brand_id: str
    id: str
    url: str
    types: tuple[str, ...]
    secrets: tuple[str, ...]
    topics: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    mode: Mode = Mode.PLAIN
    health: Health = Health()
    disabled_at: datetime | None = None
    recovered_to: int | None = None
    recover_until: int | None = None


@dataclass(frozen=True, slots=True)
class About:
    """What an event is about, for filters: the topics and severities its ticket or mention was given."""

    topics: Collection[str] = ()
    severities: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What one attempt came to: a 2xx is `ok`; `gone` (410) disables; `retry_at` when the subscriber named a time."""

    ok: bool
    status: int | None
    detail: str
    gone: bool = False
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Parcel:
    """One event owed to one endpoint. What shares a `line` (a ticket, an account) is brought in the feed's order.

    `scheduled` is when its own timetable wants the next attempt; it may be tried earlier, which is then not counted.
    """

    id: str
    event: Event
    line: str
    attempts: int
    scheduled: datetime


@dataclass(frozen=True, slots=True)
class Attempted:
    """One attempt that was made, and what follows: another at `due`, or none."""

    parcel: Parcel
    result: DeliveryResult
    at: datetime
    attempts: int
    due: datetime | None

    @property
    def state(self) -> str:
        """Where the delivery stands now."""
        return "delivered" if self.result.ok else "pending" if self.due is not None else "dead"
