"""Visit: one browser at one address of the form, and the stories it may write into and prove itself for."""

from dataclasses import dataclass
from datetime import datetime

from mentionbridge.domain.account import Brand
from mentionbridge.domain.errors import NotFound
from mentionbridge.domain.handoff import SESSION_LIFE, FormSession, FormTerms, Handoff
from mentionbridge.domain.ticket import Ticket, TicketState
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.ports.store import UnitOfWork

OVER = (TicketState.SOLVED, TicketState.CLOSED)


@dataclass(frozen=True, slots=True)
class Where:
    """One address of the form: a brand's own, or with the token of an invitation."""

    brand: Brand
    terms: FormTerms
    handoff: Handoff | None = None


async def find(bridge: Bridge, *, token: str = "", brand_id: str = "") -> Where:
    """Return what stands at this address; raises NotFound for anything that leads nowhere (any more)."""
    handoff = None
    if token:
        async with bridge.store.reading() as uow:
            handoff = await uow.handoffs.at(token)
        if handoff is None or not handoff.is_open(bridge.clock.now()):
            raise NotFound("This link leads nowhere any more.")
        brand_id = handoff.brand_id
    brand = bridge.brands.get(brand_id)
    if brand is None or brand.form is None:
        raise NotFound("There is no form here.")
    return Where(brand, brand.form, handoff)


async def session_at(
    uow: UnitOfWork, where: Where, secret: str, now: datetime, *, hold: bool = False
) -> FormSession | None:
    """Return the session of this cookie, if it is one of this very address and its time is not over."""
    session = await uow.forms.at(where.brand.id, secret, hold=hold)
    here = where.handoff.id if where.handoff else None
    if session is None or session.handoff_id != here or now >= session.expires_at:
        return None
    return session


async def story_of(uow: UnitOfWork, where: Where, session: FormSession | None) -> Ticket | None:
    """Return the ticket a form writes into, wherever it was merged into meanwhile."""
    ticket_id = where.handoff.ticket_id if where.handoff else session.ticket_id if session else None
    for _ in range(20):
        ticket = await uow.tickets.get(where.brand.id, ticket_id) if ticket_id else None
        if ticket is None or ticket.merged_into is None:
            return ticket
        ticket_id = ticket.merged_into
    return None


async def proven_story(uow: UnitOfWork, where: Where, session: FormSession | None) -> Ticket | None:
    """Return the story a browser proves itself for: its own, or at a brand's own form the newest open of its handle."""
    if session is None or session.handoff_id is not None or session.proven_author is None:
        return await story_of(uow, where, session)
    stories = await uow.tickets.stories_of(session.brand_id, [session.proven_author], "", session.created_at)
    return next((ticket for ticket, _ in stories.alive if ticket.state not in OVER), None)


async def begin(bridge: Bridge, uow: UnitOfWork, where: Where, secret: str) -> FormSession:
    """Return this browser's session, made when it is the first time that it sends something."""
    now = bridge.clock.now()
    if (session := await session_at(uow, where, secret, now, hold=True)) is not None:
        return session
    session = FormSession(
        brand_id=where.brand.id,
        id=bridge.ids.new("frm"),
        digest=uow.handoffs.digest(secret),
        created_at=now,
        expires_at=now + SESSION_LIFE,
        handoff_id=where.handoff.id if where.handoff else None,
        ticket_id=where.handoff.ticket_id if where.handoff else None,
    )
    await uow.forms.add(session)
    return session
