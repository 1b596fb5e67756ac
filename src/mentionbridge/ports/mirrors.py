"""What the heart asks of memory about helpdesks: which ticket mirrors which, and what has been carried between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mentionbridge.domain.helpdesk import Carried, DeskHealth, LineState, Mirror, MirrorState, Story


@dataclass(frozen=True, slots=True)
class External:
    """A desk's own ticket that mirrors one of ours; `desk` is the name it goes by with us, `actor` who said so."""

    brand_id: str
    ticket_id: str
    desk: str
    external_id: str
    url: str | None
    actor: str
    at: datetime


class Mirrors(Protocol):
    """Which ticket of which desk mirrors which of ours, and how far it has come."""

    async def claim(self, external: External) -> External:
        """Bind a desk's ticket to ours, once; returns the binding, as first made when it was made before.

        Raises NotAllowed("external_taken") when our ticket has another mirror at this desk, or the desk's ticket
        mirrors another of ours; NotFound when we have no such ticket.
        """

    async def externals(self, brand_id: str, ticket_id: str) -> Sequence[External]:
        """Return this ticket's mirrors, by desk."""

    async def external(self, brand_id: str, ticket_id: str, desk: str) -> External | None: ...
    async def mirrored_by(self, brand_id: str, desk: str, external_id: str) -> str | None:
        """Return which of our tickets this ticket of the desk mirrors."""

    async def rebind(self, external: External, external_id: str, url: str | None) -> bool:
        """Follow a merge at the desk; False when that ticket of theirs mirrors another of ours."""

    async def want(self, brand_id: str, ticket_id: str, desk: str, sequence: int, now: datetime) -> None:
        """There is something to tell this desk, up to `sequence`; the mirror's row is made on first sight."""

    async def look_at(self, brand_id: str, desk: str, external_ids: Sequence[str], now: datetime) -> int:
        """Something changed at the desk: look at those of its tickets that mirror ours; returns how many do."""

    async def get(self, brand_id: str, mirror_id: str) -> Mirror | None: ...
    async def parked(self, brand_id: str, desk: str) -> Sequence[Mirror]:
        """Return the mirrors that wait for a person."""

    async def retry(self, brand_id: str, desk: str, now: datetime) -> int:
        """Try every parked or gone mirror of this desk again now; returns how many there were."""

    async def story(self, brand_id: str, ticket_id: str) -> Story | None:
        """Return a ticket with its timeline and replies as they stand now."""

    async def carried(self, mirror: Mirror) -> Sequence[Carried]:
        """Return every line that went, or may have gone, either way."""

    async def begin(self, mirror: Mirror, marker: str, now: datetime) -> None:
        """Write down that a line is about to leave; one that may have left before keeps its first time."""

    async def arrived(
        self,
        mirror: Mirror,
        marker: str,
        state: LineState,
        theirs: str | None,
        now: datetime,
        reason: str | None = None,
    ) -> None:
        """Write down what became of a line that left."""

    async def not_left(self, mirror: Mirror, marker: str) -> None:
        """Nothing left after all."""

    async def took(
        self, mirror: Mirror, line_id: str, state: LineState, ours: str | None, now: datetime, why: str
    ) -> bool:
        """Write down what became of a line of theirs; False when that is known already."""

    async def looking(self, mirror: Mirror) -> None:
        """We look now; whatever changes after this asks for another look."""

    async def settle(self, mirror: Mirror, reached: int, known: Mapping[str, str | None]) -> Mirror:
        """All is told up to `reached`; returns the row as it stands, with what was asked for meanwhile."""

    async def set_state(self, mirror: Mirror, state: MirrorState, reason: str, now: datetime) -> bool:
        """Park a mirror, or give it up; False when it stood so for the same reason."""


class Helpdesks(Protocol):
    """The configured desks as they are doing."""

    async def ensure(self, brand_id: str, desk: str, helpdesk: str, now: datetime) -> None:
        """Make the row on first sight."""

    async def health(self, brand_id: str, desk: str) -> DeskHealth: ...
    async def all(self, brand_ids: Sequence[str] | None = None) -> Sequence[DeskHealth]: ...
    async def due(self, brand_id: str, desk: str, at: datetime) -> None:
        """Ask this desk what changed, no later than `at`."""

    async def polled(self, brand_id: str, desk: str, cursor: str, now: datetime) -> None: ...
    async def failed(self, brand_id: str, desk: str, sentence: str) -> int:
        """Count one more failure in a row and return how many."""

    async def rest(self, brand_id: str, desk: str, until: datetime) -> None:
        """Claim no mirror of this desk until then."""

    async def well(self, brand_id: str, desk: str) -> None:
        """The desk answered: no failures any more, and no rest."""
