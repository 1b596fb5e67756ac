"""Note: a person's words to the team, which no customer ever reads."""

from datetime import datetime

from mentionbridge.domain.events import EventType
from mentionbridge.domain.ticket import Entry
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.timeline import held, write
from mentionbridge.ports.store import UnitOfWork


async def note(bridge: Bridge, brand_id: str, ticket_id: str, text: str, actor: str, seen: int | None = None) -> Entry:
    """Write a note into a ticket's timeline. Raises NotFound, Stale, NotAllowed."""
    async with bridge.store.writing() as uow:
        await held(uow, brand_id, ticket_id, seen)
        return await note_down(bridge, uow, brand_id, ticket_id, text, actor)


async def note_down(
    bridge: Bridge,
    uow: UnitOfWork,
    brand_id: str,
    ticket_id: str,
    text: str,
    actor: str,
    said_at: datetime | None = None,
) -> Entry:
    """Write a note in the caller's transaction; `said_at` is when its author wrote it."""
    now = bridge.clock.now()
    ticket = await uow.tickets.hold(brand_id, ticket_id)
    entry = await write(uow, bridge.ids, ticket, "note", actor, now, text=text, occurred_at=said_at)
    type_ = EventType.TICKET_UPDATED
    account = ticket.account_id
    await uow.events.add(type_, brand_id, now, ticket_id=ticket_id, account_id=account, changed=["notes"], actor=actor)
    return entry
