"""What the heart asks of memory about calls that customers asked for."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from mentionbridge.domain.call import Call


class Calls(Protocol):
    """Calls, and the slots they take."""

    async def book(self, call: Call, at_once: int) -> Call | None:
        """Store a call in a free lane of its slot; None when all of them are taken by now."""

    async def get(self, brand_id: str, call_id: str) -> Call | None:
        """Return a call, its row held until the transaction ends."""

    async def keep(self, call: Call) -> None: ...
    async def taken(self, brand_id: str, since: datetime) -> Mapping[datetime, int]:
        """Return how many open calls begin when, from a moment on."""

    async def open_ones(self, brand_id: str, *, session_id: str = "", ticket_id: str = "") -> Sequence[Call]:
        """Return the open calls of a browser, or of a ticket."""
