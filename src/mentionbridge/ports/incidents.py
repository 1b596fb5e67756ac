"""What the heart asks of memory about incidents, and who has been told of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mentionbridge.domain.incident import Incident


@dataclass(frozen=True, slots=True)
class Untold:
    """A member's ticket, and its author, who has not heard the newest news."""

    ticket_id: str
    author_id: str


class Incidents(Protocol):
    """Waves of complaints, and what everybody in them was told, once."""

    async def add(self, incident: Incident) -> None: ...
    async def take_in(self, incident: Incident) -> int:
        """Make the unfinished tickets that an open incident covers its members; returns how many joined."""

    async def hold(self, brand_id: str, incident_id: str) -> Incident:
        """Return an incident, its row held until the transaction ends; raises NotFound."""

    async def get(self, brand_id: str, incident_id: str) -> Incident | None: ...
    async def keep(self, incident: Incident) -> None: ...
    async def open_ones(self, brand_id: str) -> Sequence[Incident]: ...
    async def telling(self, limit: int) -> Sequence[Incident]:
        """Return incidents whose members wait to be told, of every brand."""

    async def overdue(self, now: datetime) -> Sequence[Incident]:
        """Return open incidents whose time is over, of every brand."""

    async def untold(self, incident: Incident, limit: int) -> Sequence[Untold]:
        """Return members who have neither been told the newest news nor been left out, the oldest tickets first."""

    async def note_told(self, incident: Incident, author_id: str, person: Sequence[str], reply_id: str | None) -> bool:
        """Note in which reply an author hears the newest news, or that they are left out of it and all that follow.

        False when that was noted already for any of the `person`'s authors, who are held by the caller.
        """

    async def told_in(self, incident: Incident, person: Sequence[str]) -> Sequence[str]:
        """Return the replies that told any of these authors earlier news, oldest first."""

    async def ring(self, incident: Incident) -> None:
        """Let its members be looked at for somebody who has not been told."""
