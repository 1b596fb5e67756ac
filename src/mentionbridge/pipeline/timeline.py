"""Timeline: a ticket as it stands, held for whoever changes it, and a line for what the team or the bridge did."""

from datetime import datetime

from mentionbridge.domain.errors import NotAllowed, Stale
from mentionbridge.domain.mention import Surface
from mentionbridge.domain.ticket import Entry, Ticket
from mentionbridge.kit.ids import Ids
from mentionbridge.ports.store import UnitOfWork


async def held(uow: UnitOfWork, brand_id: str, ticket_id: str, seen: int | None) -> Ticket:
    """Hold a ticket that may be changed; `seen` is the number its caller read it at.

    Raises NotFound, Stale, and NotAllowed for a ticket that is part of another.
    """
    ticket = await uow.tickets.hold(brand_id, ticket_id)
    check(ticket, seen)
    return ticket


def check_seen(ticket: Ticket, seen: int | None) -> None:
    """Raise Stale when the caller has not seen the ticket as it is."""
    if seen is not None and ticket.sequence != seen:
        raise Stale(f"The ticket has changed since you read it: it is at {ticket.sequence} now; read it again.")


def check(ticket: Ticket, seen: int | None) -> None:
    """Raise Stale when the caller has not seen the ticket as it is, NotAllowed when it is part of another now."""
    check_seen(ticket, seen)
    if ticket.merged_into is not None:
        raise NotAllowed(
            "merged", f"This ticket was merged into {ticket.merged_into}; take that one, or undo the merge."
        )


async def write(
    uow: UnitOfWork,
    ids: Ids,
    ticket: Ticket,
    kind: str,
    actor: str,
    now: datetime,
    *,
    reason: str | None = None,
    text: str | None = None,
    occurred_at: datetime | None = None,
) -> Entry:
    """Add an internal line: what was done and why, or the words of a note."""
    entry = Entry(
        brand_id=ticket.brand_id,
        id=ids.new("ent"),
        ticket_id=ticket.id,
        sequence=await uow.tickets.next_sequence(ticket.brand_id, ticket.id, now),
        kind=kind,
        surface=Surface.INTERNAL,
        occurred_at=occurred_at or now,
        received_at=now,
        reason=reason,
        actor=actor,
        text=text,
    )
    await uow.tickets.add_entry(entry)
    return entry
