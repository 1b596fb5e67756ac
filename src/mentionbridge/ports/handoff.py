"""What the heart asks of memory about hand-offs and the browsers that followed them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from mentionbridge.domain.handoff import FormSession, Handoff, Line
from mentionbridge.kit.ids import Ids
from mentionbridge.ports.media import Picture


class Handoffs(Protocol):
    """Invitations into private."""

    def token(self, brand_id: str, name: str, turn: int) -> str:
        """Return the token of a form's address; the same again for the same name and turn."""

    def digest(self, token: str) -> str:
        """Return what knows a token or a code without telling it."""

    async def add(self, handoff: Handoff) -> bool:
        """Keep an invitation; False when this ticket has one of this turn."""

    async def at(self, token: str) -> Handoff | None:
        """Return the invitation behind a form's address."""

    async def get(self, brand_id: str, handoff_id: str) -> Handoff | None: ...
    async def of_ticket(self, brand_id: str, ticket_id: str) -> Sequence[Handoff]:
        """Return a ticket's invitations, the first one first."""

    async def offered(self, brand_id: str, reply_id: str, now: datetime) -> Handoff | None:
        """Note that the invitation this reply carries is out; None when it carries none."""

    async def change(self, handoff: Handoff, **facts: Any) -> Handoff: ...
    async def overdue(self, now: datetime, limit: int) -> Sequence[Handoff]:
        """Return invitations of every brand whose time is over and which nobody followed to the end."""


class Forms(Protocol):
    """Browsers that have sent us something, what they wrote, and their pictures."""

    @property
    def ids(self) -> Ids:
        """What names the lines that a proof leaves."""

    async def add(self, session: FormSession) -> None: ...
    async def at(self, brand_id: str, secret: str, *, hold: bool = False) -> FormSession | None:
        """Return the session whose cookie this is; on `hold` its row is held until the transaction ends."""

    async def get(self, brand_id: str, session_id: str, *, hold: bool = False) -> FormSession | None: ...
    async def by_code(self, brand_id: str, code: str) -> FormSession | None:
        """Return the session that was shown this code, its row held until the transaction ends."""

    async def change(self, session: FormSession, **facts: Any) -> FormSession: ...
    async def wrote(
        self, session: FormSession, ticket_id: str, entry_id: str, pictures: Sequence[tuple[str, Picture]], at: datetime
    ) -> None:
        """Note that a line of the timeline came from this browser, with its pictures by their ids."""

    async def lines(self, session: FormSession) -> Sequence[Line]:
        """Return what this browser wrote, oldest first."""

    async def written(self, brand_id: str, since: datetime, *, session_id: str = "", ticket_id: str = "") -> int:
        """Count the lines a browser wrote, or a ticket got, since then."""

    async def proven(self, brand_id: str, ticket_id: str) -> Sequence[FormSession]:
        """Return the sessions of a ticket in which somebody proved something."""
