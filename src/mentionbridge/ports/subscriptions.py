"""Webhook endpoints as their owners see them: what they asked for, and how the telling goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from mentionbridge.domain.endpoint import Mode
from mentionbridge.ports.desk import Slice

Brands = Sequence[str]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a subscriber asks for; empty lists ask for all."""

    url: str
    types: Sequence[str] = ()
    topics: Sequence[str] = ()
    severities: Sequence[str] = ()
    mode: Mode = Mode.PLAIN


@dataclass(frozen=True, slots=True)
class Subscription:
    """A webhook endpoint as its owner sees it; a secret is shown only when it is made.

    `resting_until` while it is left in peace after failures; `recovered_to` and `recover_until` are positions of the
    feed while it recovers.
    """

    brand_id: str
    id: str
    url: str
    types: Sequence[str]
    topics: Sequence[str]
    severities: Sequence[str]
    mode: str
    created_at: datetime
    previous_until: datetime | None = None
    disabled_at: datetime | None = None
    disabled_because: str | None = None
    failing_since: datetime | None = None
    resting_until: datetime | None = None
    recovered_to: int | None = None
    recover_until: int | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
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


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One line of a delivery's ledger."""

    at: datetime
    status: int | None
    detail: str


class Subscriptions(Protocol):
    """Webhook endpoints. What belongs to another brand, or was deleted, is None (or False)."""

    async def create(self, brand_id: str, wish: Wish, now: datetime) -> tuple[str, Subscription]:
        """Make an endpoint and return its signing secret, which is shown this once."""

    async def list(self, brands: Brands) -> Sequence[Subscription]: ...
    async def get(self, brands: Brands, endpoint_id: str) -> Subscription | None: ...
    async def change(
        self, brands: Brands, endpoint_id: str, changes: Mapping[str, Any], now: datetime
    ) -> Subscription | None:
        """Change fields of its `Wish`; at another address it starts without a past."""

    async def rotate(
        self, brands: Brands, endpoint_id: str, overlap: timedelta, now: datetime
    ) -> tuple[str, Subscription] | None:
        """Make a new secret; the old one signs beside it for `overlap`."""

    async def enable(self, brands: Brands, endpoint_id: str, now: datetime) -> Subscription | None:
        """Tell it again, also of what it was owed when it was disabled, at once and without a past."""

    async def delete(self, brands: Brands, endpoint_id: str, now: datetime) -> bool:
        """Stop delivering and drop the secrets; what was delivered stays in the ledger."""

    async def deliveries(
        self, brands: Brands, endpoint_id: str, filters: Mapping[str, str], cursor: str | None, limit: int
    ) -> Slice[Delivery] | None:
        """Return the endpoint's deliveries, newest first; `filters` may name a state."""

    async def attempts(self, brands: Brands, endpoint_id: str, delivery_id: str) -> Sequence[DeliveryAttempt] | None:
        """Return the last attempts at one delivery, newest first."""

    async def redeliver(self, brands: Brands, endpoint_id: str, delivery_id: str, now: datetime) -> Delivery | None:
        """Bring one event again, whatever became of it; raises NotAllowed when the endpoint is disabled."""

    async def recover(self, brands: Brands, endpoint_id: str, since: datetime, now: datetime) -> Subscription | None:
        """Bring what happened since then and was never owed or is a dead letter; raises NotAllowed when disabled."""
