"""A connection that stays open, by which a network tells at once what a poll would find later."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Loss(StrEnum):
    """What ended a stream: the connection broke, the network refused it, or it asked us to wait."""

    BROKEN = "broken"
    REFUSED = "refused"
    LIMITED = "limited"


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long to wait before connecting anew, in seconds: `first`, then each time `step` more, or twice as long.

    Never longer than `most`.
    """

    first: float
    most: float
    step: float | None = None


@dataclass(frozen=True, slots=True)
class StreamHealth:
    """How an account's stream is: connected `since` (None: not now), `lost` so many times, and why the last time."""

    brand_id: str
    account_id: str
    since: datetime | None
    heard_at: datetime | None
    lost: int
    last_error: str | None
