"""How an event reaches a webhook subscriber."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A subscriber: where, which types (empty: all), and the secrets that sign (two during rotation)."""

    brand_id: str
    id: str
    url: str
    types: tuple[str, ...]
    secrets: tuple[str, ...]
    disabled_at: datetime | None = None
    failing_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What one attempt came to: a 2xx is `ok`; `gone` (410) disables; `retry_at` when the subscriber named a time."""

    ok: bool
    status: int | None
    detail: str
    gone: bool = False
    retry_at: datetime | None = None


class Courier(Protocol):
    """Signs and posts one event to one endpoint."""

    async def deliver(
        self, endpoint: Endpoint, event_id: str, type_: str, occurred_at: datetime, data: Mapping[str, Any]
    ) -> DeliveryResult:
        """Make one attempt; never raises for anything the other side does."""
