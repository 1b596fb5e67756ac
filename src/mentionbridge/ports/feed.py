"""How an event reaches a webhook subscriber, and what the store keeps of that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from mentionbridge.domain.endpoint import Attempted, DeliveryResult, Endpoint, Health, Parcel
from mentionbridge.domain.events import Event
from mentionbridge.ports.claims import Lease
from mentionbridge.ports.desk import EventView


class Courier(Protocol):
    """Signs and posts one event to one endpoint."""

    async def deliver(
        self, endpoint: Endpoint, event_id: str, type_: str, occurred_at: datetime, data: Mapping[str, Any]
    ) -> DeliveryResult:
        """Make one attempt; never raises for anything the other side does."""

    async def refuses(self, url: str) -> str | None:
        """Say why nothing will ever be delivered to this address as its name stands now, or None."""


class Deliveries(Protocol):
    """Subscribers, and what is owed to them. An endpoint is what a worker claims; its deliveries stand in line."""

    async def subscribed(self) -> Sequence[Endpoint]:
        """Return every endpoint that is not disabled, without its secrets."""

    async def endpoint(self, brand_id: str, endpoint_id: str) -> Endpoint | None: ...
    async def claimed(self, leases: Sequence[Lease]) -> Mapping[str, Endpoint]:
        """Return the endpoints of these leases by id."""

    async def held(self, leases: Sequence[Lease]) -> Mapping[str, Endpoint]:
        """Lock the endpoints whose lease is still ours, and return them by id."""

    async def plan(self, owed: Sequence[tuple[Endpoint, Event]], now: datetime) -> None:
        """Owe each event to its endpoint, once, and wake the endpoints."""

    async def plan_again(self, endpoint: Endpoint, events: Sequence[Event], now: datetime) -> None:
        """Owe what was never owed or is a dead letter; what was delivered or still waits is left alone."""

    async def waiting(
        self, endpoints: Sequence[Endpoint], now: datetime, most: int, *, holds: int
    ) -> Mapping[str, Sequence[Parcel]]:
        """Return by endpoint up to `most` due deliveries in feed order, without those an earlier one holds back.

        An earlier one holds back its line while it waits for its next attempt and has had less than `holds`.
        """

    async def oldest(self, endpoint: Endpoint) -> Parcel | None:
        """Return the first delivery in feed order that still waits, due or not."""

    async def next_due(self, endpoints: Sequence[Endpoint], now: datetime, *, holds: int) -> Mapping[str, datetime]:
        """When each of these endpoints has something to be brought next; who is owed nothing lacks."""

    async def note(self, made: Sequence[tuple[Endpoint, Attempted]]) -> None:
        """Write attempts into the ledger, and where their deliveries stand now."""

    async def hurry(self, endpoint: Endpoint, now: datetime) -> None:
        """Make all that waits due now: the endpoint is back."""

    async def keep_health(self, healths: Sequence[tuple[Endpoint, Health]]) -> None: ...
    async def release(self, given: Sequence[tuple[Endpoint, datetime | None]]) -> None:
        """Give endpoints back, each due again at its time or when something new is owed."""

    async def let_go(self, brand_id: str, before: datetime, limit: int) -> int:
        """Remove deliveries planned before then that nobody waits for, and their attempts; returns how many."""

    async def recovered(self, endpoint: Endpoint, to: int | None) -> None:
        """Keep how far the recovery has come; None when it is through."""

    async def disable(self, endpoint: Endpoint, why: str, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class FeedPage:
    """A stretch of the feed, oldest first; go on behind `after`, at once when there is `more`. `head` is its end."""

    items: Sequence[EventView]
    after: int
    head: int

    @property
    def more(self) -> bool:
        """True when the feed goes on behind this page."""
        return self.after < self.head


class Feed(Protocol):
    """The feed as it is pulled."""

    async def page(
        self, brands: Sequence[str], after: int, limit: int, types: Sequence[str] = (), ticket_id: str | None = None
    ) -> FeedPage:
        """Return what stands behind `after`; a page that looks for little may be empty and still have more."""

    async def head(self) -> int:
        """Return the newest position."""
