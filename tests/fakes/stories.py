"""Tickets out of thin air, for rules that never see a database."""

from fakes.clock import START
from mentionbridge.domain.mention import Surface
from mentionbridge.domain.ticket import Priority, Ticket, TicketState


def a_ticket(state: TicketState = TicketState.NEW, *, topic: str | None = "parcel", **facts: object) -> Ticket:
    known = {
        "brand_id": "acme",
        "id": "tkt_1",
        "account_id": "acme",
        "platform": "demo",
        "author_id": "ath_1",
        "thread_id": "p-1",
        "state": state,
        "priority": Priority.NORMAL,
        "topic": topic,
        "surface": Surface.PUBLIC,
        "opened_because": "a complaint",
        "occurred_at": START,
        "received_at": START,
        "updated_at": START,
        "sequence": 1,
    }
    return Ticket(**{**known, **facts})  # type: ignore[arg-type]
