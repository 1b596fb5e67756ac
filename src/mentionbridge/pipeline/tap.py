"""Tap: one touch in the form says whether what was called solved is solved."""

from datetime import datetime
from typing import Any

from mentionbridge.domain.errors import NotAllowed
from mentionbridge.domain.events import EventType
from mentionbridge.domain.ticket import Hand, Outcome, Ticket, TicketState
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.form import is_asked, keep_line
from mentionbridge.pipeline.resolve import note_outcome, take_back_closing
from mentionbridge.pipeline.visit import Where, begin, story_of
from mentionbridge.pipeline.watch import customer_waits, state_changed
from mentionbridge.ports.store import UnitOfWork

_SAYS = {Outcome.CONFIRMED: "It is solved.", Outcome.DENIED: "It is not solved."}
_WHY = "the customer says in the form that it is not solved"


async def tap(bridge: Bridge, where: Where, secret: str, outcome: Outcome) -> None:
    """Take a yes or a no to a solved story; without the proof it needs it is a line for the team and moves nothing.

    Raises NotAllowed(not_now) where nothing is asked, and what a line of the form raises.
    """
    now = bridge.clock.now()
    async with bridge.store.writing() as uow:
        session = await begin(bridge, uow, where, secret)
        ticket = await story_of(uow, where, session)
        if ticket is None or not is_asked(ticket):
            raise NotAllowed("not_now", "Nothing is asked here.")
        await keep_line(bridge, uow, session, ticket, _SAYS[outcome], now)
        if not session.proves(now).reaches(where.terms.needs.outcome):
            return
        ticket = await uow.tickets.hold(ticket.brand_id, ticket.id)
        noted = await note_outcome(bridge, uow, ticket, outcome, now)
        if outcome is Outcome.DENIED:
            await _open_again(bridge, uow, noted, now)


async def _open_again(bridge: Bridge, uow: UnitOfWork, ticket: Ticket, now: datetime) -> None:
    opened = await uow.tickets.set_state(ticket, TicketState.OPEN, now, Hand.CUSTOMER)
    await state_changed(bridge, uow, ticket, TicketState.OPEN, now)
    await take_back_closing(uow, ticket, _WHY, now)
    await customer_waits(bridge, uow, opened, now)
    about: dict[str, Any] = {"ticket_id": opened.id, "account_id": opened.account_id}
    await uow.events.add(
        EventType.TICKET_REOPENED, opened.brand_id, now, **about, reason=_WHY, changed=["state", "outcome"]
    )
