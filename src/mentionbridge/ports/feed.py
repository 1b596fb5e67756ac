"""How an event reaches a webhook subscriber."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from mentionbridge.domain.endpoint import DeliveryResult, Endpoint


class Courier(Protocol):
    """Signs and posts one event to one endpoint."""

    async def deliver(
        self, endpoint: Endpoint, event_id: str, type_: str, occurred_at: datetime, data: Mapping[str, Any]
    ) -> DeliveryResult:
        """Make one attempt; never raises for anything the other side does."""
