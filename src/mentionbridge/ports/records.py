"""What the heart asks of the company's own records, and of memory about having asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from mentionbridge.domain.handoff import Proof
from mentionbridge.domain.mention import Author
from mentionbridge.domain.record import Held, RecordCheck


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """What the records say; `account` is their own name for what the customer holds."""

    held: Held
    account: str | None = None


class Records(Protocol):
    """The company's records, at an address of the operator's."""

    async def ask(self, check: RecordCheck, proof: Proof, platform: str, author: Author | None) -> RecordAnswer:
        """Ask whether whoever gave these details holds an account; `author` is whose handle was proved.

        Raises PlatformDown or NoAnswer when nothing usable came back and asking again may help.
        """

    async def aclose(self) -> None:
        """Let go of connections."""


class RecordChecks(Protocol):
    """Looks into the records: those that wait, and what came of them."""

    async def add(self, check: RecordCheck, due: datetime | None) -> None:
        """Keep a check; without `due` it waits for proof."""

    async def get(self, brand_id: str, check_id: str) -> RecordCheck | None: ...
    async def release(self, brand_id: str, session_id: str, proof: Proof, now: datetime) -> None:
        """Let those checks of a browser go that waited for no more proof than this."""

    async def written(self, brand_id: str, session_id: str, since: datetime) -> int:
        """Return how many checks a browser has caused since then."""

    async def change(self, check: RecordCheck, **facts: Any) -> None: ...
    async def of_ticket(self, brand_id: str, ticket_id: str) -> Sequence[RecordCheck]:
        """Return a ticket's checks, the first one first."""
