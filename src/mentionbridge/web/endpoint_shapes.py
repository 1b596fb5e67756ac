"""Webhook endpoints over HTTP: what is asked of them, and how they are shown."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, Field

from mentionbridge.domain.endpoint import DeliveryResult, Mode
from mentionbridge.domain.events import EventType
from mentionbridge.domain.verdict import Severity
from mentionbridge.ports.subscriptions import Subscription, Wish
from mentionbridge.web.asked import Asked, Named, WebAddress, example
from mentionbridge.web.shapes import Shape

URL = "https://desk.example/hooks/mentionbridge"
LONGEST_OVERLAP_HOURS = 168


def _known_type(name: str) -> str:
    if name not in {str(each) for each in EventType}:
        raise ValueError("is not an event type; see `webhooks` in /openapi.json for those there are")
    return name


Type = Annotated[str, AfterValidator(_known_type)]
TopicKey = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
Types = Annotated[list[Type], Field(default_factory=list, max_length=100)]
Topics = Annotated[list[TopicKey], Field(default_factory=list, max_length=100)]
Severities = Annotated[list[Annotated[Severity, Field(strict=False)]], Field(default_factory=list, max_length=10)]
Wrapped = Annotated[Mode, Field(strict=False)]


class NewSubscription(Asked):
    """A webhook endpoint to make; empty lists ask for all. `brand` is needed only by tokens for several brands."""

    model_config = example(url=URL, types=["ticket.opened"], topics=[], severities=[], mode="plain", brand="acme")

    url: WebAddress
    types: Types
    topics: Topics
    severities: Severities
    mode: Wrapped = Mode.PLAIN
    brand: Named | None = None

    def wish(self) -> Wish:
        """Return it as the store knows it."""
        lists = {name: tuple(str(each) for each in getattr(self, name)) for name in ("types", "topics", "severities")}
        return Wish(self.url, mode=self.mode, **lists)


class ChangedSubscription(Asked):
    """What is to be different; what is left out stays."""

    model_config = example(url=URL, types=["ticket.opened", "reply.sent"], severities=["high"])

    url: WebAddress = ""
    types: Types
    topics: Topics
    severities: Severities
    mode: Wrapped = Mode.PLAIN

    def changes(self) -> dict[str, Any]:
        """Return the fields that were sent."""
        return self.model_dump(mode="json", include=self.model_fields_set)


class Rotation(Asked):
    """For how many hours the old secret still signs beside the new one; 0 ends it at once."""

    model_config = example(overlap_hours=24)

    overlap_hours: float = Field(24, ge=0, le=LONGEST_OVERLAP_HOURS)

    @property
    def overlap(self) -> timedelta:
        """The same as a time."""
        return timedelta(hours=self.overlap_hours)


class Recovery(Asked):
    """From when on everything that was never owed to this endpoint, or is a dead letter, is brought again."""

    model_config = example(since="2026-11-22T08:00:00Z")

    since: Annotated[AwareDatetime, Field(strict=False)]


class TryOut(Asked):
    """Which type's example is sent, once and marked `"test": true`."""

    model_config = example(type="ticket.opened")

    type: Type = str(EventType.TICKET_OPENED)


class SubscriptionShape(Shape):
    """A webhook endpoint; empty lists mean all.

    `previous_until` says how long the old secret still signs, `resting_until` how long we only wait after failures.
    While it recovers, `recovered_to` grows to `recover_until`, both positions of the feed.
    """

    id: str
    brand_id: str
    url: str
    types: Sequence[str]
    topics: Sequence[str]
    severities: Sequence[str]
    mode: str
    created_at: datetime
    previous_until: datetime | None
    disabled_at: datetime | None
    disabled_because: str | None
    failing_since: datetime | None
    resting_until: datetime | None
    recovered_to: int | None
    recover_until: int | None


class NewSubscriptionShape(SubscriptionShape):
    """A webhook endpoint with a new secret, which signs its deliveries and is shown this once."""

    secret: str


class DeliveryShape(Shape):
    """One event's way to one endpoint: `pending`, `delivered`, or `dead` after its last attempt."""

    id: str
    event_id: str
    event_type: str
    state: str
    attempts: int
    created_at: datetime
    due: datetime | None
    last_status: int | None
    last_detail: str | None
    delivered_at: datetime | None


class DeliveryAttemptShape(Shape):
    """One attempt; `status` is null when there was no answer."""

    at: datetime
    status: int | None
    detail: str


class TriedShape(Shape):
    """What the endpoint made of the test event."""

    ok: bool
    status: int | None
    detail: str


def subscription(made: Subscription) -> SubscriptionShape:
    return SubscriptionShape.model_validate(made)


def new_subscription(secret: str, made: Subscription) -> NewSubscriptionShape:
    return NewSubscriptionShape(**subscription(made).model_dump(), secret=secret)


def tried(result: DeliveryResult) -> TriedShape:
    return TriedShape.model_validate(result)
