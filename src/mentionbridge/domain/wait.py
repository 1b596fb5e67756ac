"""How long a customer waits for a person's answer, by two clocks: the wall's and the desk's working hours."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class WaitKind(StrEnum):
    """For the first answer a person gives in a story, or for the next one."""

    FIRST = "first"
    NEXT = "next"


class WaitEnd(StrEnum):
    """How a wait ended; one that ends without an answer stays in every denominator."""

    ANSWERED = "answered"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class Wait:
    """One stretch from a customer's words to a person's answer.

    It starts when the words were said in public, not when we heard of them. `target` and `used` are working time; it
    runs since `running_since`, or stands still (the ticket is pending) when that is None. `due_at` is the wall-clock
    moment at which the target will have been used up. `wall` and `worked` are how long it took, once it has ended.
    """

    brand_id: str
    id: str
    ticket_id: str
    kind: WaitKind
    started_at: datetime
    target: timedelta
    used: timedelta
    running_since: datetime | None
    due_at: datetime | None
    warned_at: datetime | None = None
    breached_at: datetime | None = None
    ended_at: datetime | None = None
    end: WaitEnd | None = None
    wall: timedelta | None = None
    worked: timedelta | None = None
