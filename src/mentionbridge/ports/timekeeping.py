"""What the heart asks of memory about time: how long customers wait, and the words we gave them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from mentionbridge.domain.commitment import Commitment
from mentionbridge.domain.wait import Wait


class Waits(Protocol):
    """How long customers wait for a person's answer."""

    async def begin(self, wait: Wait, look_at: datetime | None) -> None: ...
    async def of_ticket(self, brand_id: str, ticket_id: str) -> Sequence[Wait]:
        """Return a story's waits, oldest first."""

    async def get(self, brand_id: str, wait_id: str) -> Wait | None: ...
    async def keep(self, wait: Wait, look_at: datetime | None) -> None:
        """Keep what has changed about a wait, and when to look at it next; whoever holds its row lets go."""


class Commitments(Protocol):
    """Words we gave."""

    async def make(self, commitment: Commitment, look_at: datetime | None) -> None: ...
    async def get(self, brand_id: str, commitment_id: str) -> Commitment | None:
        """Return a commitment, its row held until the transaction ends."""

    async def keep(self, commitment: Commitment, look_at: datetime | None) -> None:
        """Keep what has changed about a commitment, and when to look at it next; whoever holds its row lets go."""
