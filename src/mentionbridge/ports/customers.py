"""What the heart asks of memory about people."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from mentionbridge.domain.customer import Customer, Erased, Identity, Join
from mentionbridge.domain.mention import Mention


class Customers(Protocol):
    """People we know, and the authors they are."""

    async def add(self, mention: Mention, now: datetime) -> None:
        """Make the author of this mention, whose row is held and who is none yet, a customer."""

    async def ensure(self, mention: Mention, now: datetime) -> None:
        """Let the author of this mention be a customer; they are one of their own until somebody joins them."""

    async def add_author(self, brand_id: str, author_id: str, label: str, now: datetime) -> None:
        """Let this author be a customer of this label."""

    async def get(self, brand_id: str, customer_id: str) -> Customer | None:
        """Return a customer, their row held until the transaction ends."""

    async def identities(self, brand_id: str, customer_id: str) -> Sequence[Identity]: ...
    async def change(self, customer: Customer) -> None:
        """Keep a customer's name and importance."""

    async def join(self, join: Join) -> None:
        """Make `source` be `target`: their authors move, and the act is kept."""

    async def latest_join(self, brand_id: str, customer_id: str) -> Join | None:
        """Return the newest act that joined somebody to this customer or this customer to somebody, and stands."""

    async def separate(self, join: Join, actor: str, at: datetime) -> None:
        """Take an act back: the authors it moved are who they were."""

    async def erase(self, brand_id: str, customer_id: str, at: datetime) -> Erased:
        """Remove a customer's words and names wherever they are kept, and keep the counts."""

    async def met_on(self, brand_id: str, platform: str, after: str, limit: int) -> Sequence[str]:
        """Return customers who are known from this network and not erased, by id, from behind `after` on."""

    async def buried(self, brand_id: str, platform: str, external_ids: Sequence[str]) -> Collection[str]:
        """Return which of these posts were erased and must not come back."""

    async def purge_words(self, brand_id: str, before: datetime, limit: int) -> Sequence[Mention]:
        """Remove the words of mentions said before then whose story is closed or that had none; returns them."""

    async def purge_payloads(self, brand_id: str, before: datetime, limit: int) -> int:
        """Remove raw payloads that arrived before then; returns how many."""
