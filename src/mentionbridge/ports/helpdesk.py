"""What the heart asks of a helpdesk. One `Helpdesk` is one configured desk."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from mentionbridge.domain.helpdesk import (
    Changed,
    DeskCapabilities,
    DeskFinding,
    Heard,
    Made,
    NewLine,
    NewTicket,
    StatusWords,
    TheirTicket,
    TicketGone,
)
from mentionbridge.ports.platform import HookRequest, SendGate


class Helpdesk(Protocol):
    """One desk.

    Every method may raise RateLimited(until), LoginNeeded, PlatformDown (the desk surely did not act), NoAnswer or
    OddAnswer (it may have acted), and DeskRefused (it declined, and a person must change something).
    """

    @property
    def capabilities(self) -> DeskCapabilities: ...
    @property
    def words(self) -> StatusWords:
        """How our states are called there."""

    async def check(self) -> Sequence[DeskFinding]:
        """Look at credentials, queue, key field and states; changes nothing there."""

    def preview(self, ticket: NewTicket) -> Mapping[str, Any]:
        """Return what `create` would send. Pure."""

    async def find(self, ticket: NewTicket) -> Made | None:
        """Look for the mirror of this ticket by its key; never makes one."""

    async def create(self, ticket: NewTicket, gate: SendGate) -> Made:
        """Make a mirror, after `find` found none."""

    async def read(self, external_id: str, *, known: Collection[str] = ()) -> TheirTicket | TicketGone:
        """Return their ticket with its lines, oldest first; lines whose ids are `known` may come without words."""

    async def append(self, external_id: str, line: NewLine, gate: SendGate) -> str:
        """Append one line and return its id there."""

    async def replace(self, external_id: str, line_id: str, line: NewLine, gate: SendGate) -> None:
        """Give a line of ours other words, where `capabilities.edits`."""

    async def set_status(self, external_id: str, status: str, gate: SendGate) -> None:
        """Set a status and read it back; raises DeskRefused when it did not take."""

    def changes(self, cursor: str | None) -> AsyncIterator[Changed]:
        """Walk the ids of tickets that changed after `cursor` to the end; None begins with the present."""

    async def aclose(self) -> None:
        """Let go of connections."""


class DeskHook(Protocol):
    """How a desk tells us of changes. What it says is only a hint: the desk itself is asked before anything is done."""

    def verify(self, request: HookRequest, now: datetime) -> str | None:
        """Check its signature or secret in constant time; None when good, else why not."""

    def hear(self, body: bytes) -> Heard:
        """Read which tickets to look at; never raises. Pure."""
