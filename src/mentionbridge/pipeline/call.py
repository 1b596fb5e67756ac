"""Call back: a slot somebody is there for, a word given with it, and every attempt until the customer is reached."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mentionbridge.domain.call import Call, CallState, Outcome, Slot
from mentionbridge.domain.commitment import Commitment, CommitmentState
from mentionbridge.domain.errors import NotFound, WrongValue
from mentionbridge.domain.events import EventType
from mentionbridge.domain.handoff import FormSession, FormTerms
from mentionbridge.domain.ticket import Ticket
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.promise import kept, made
from mentionbridge.pipeline.timeline import write
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.rules import calls as rules

MOST_A_STORY = 3
WHAT = "a call back"
_BY = "the form"
_SAYS = {
    Outcome.REACHED: "reached",
    Outcome.NO_ANSWER: "no answer",
    Outcome.BUSY: "busy",
    Outcome.WRONG_NUMBER: "the number is somebody else's or nobody's",
    Outcome.NOT_WANTED: "no call is wanted any more",
}


async def offered(bridge: Bridge, uow: UnitOfWork, brand_id: str, terms: FormTerms, now: datetime) -> Sequence[Slot]:
    """Return the slots a browser may choose from now, by the brand's clock; none where nobody is there to ring."""
    if terms.calls.at_once == 0:
        return ()
    taken = await uow.calls.taken(brand_id, now)
    hours = bridge.timing_of(brand_id).hours
    return [rules.by_the_wall(slot, hours) for slot in rules.free_slots(hours, terms.calls, now, taken)]


async def book(
    bridge: Bridge,
    uow: UnitOfWork,
    terms: FormTerms,
    session: FormSession,
    ticket: Ticket,
    phone: str,
    starts_at: datetime,
    now: datetime,
) -> Call:
    """Give the word that we ring in this slot; raises WrongValue when it is not free, or without a number."""
    if not phone:
        raise WrongValue("no_phone")
    slots = await offered(bridge, uow, ticket.brand_id, terms, now)
    slot = next((each for each in slots if each.starts_at == starts_at), None)
    mine = await uow.calls.open_ones(ticket.brand_id, session_id=session.id)
    of_story = await uow.calls.open_ones(ticket.brand_id, ticket_id=ticket.id)
    if slot is None or mine or len(of_story) >= MOST_A_STORY:
        raise WrongValue("slot_taken")
    word = _word(bridge, ticket, slot, now)
    asked = Call(
        brand_id=ticket.brand_id,
        id=bridge.ids.new("cal"),
        ticket_id=ticket.id,
        session_id=session.id,
        commitment_id=word.id,
        phone=phone,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        state=CallState.OPEN,
        proof=session.proves(now),
        created_at=now,
    )
    booked = await uow.calls.book(asked, terms.calls.at_once)
    if booked is None:
        raise WrongValue("slot_taken")
    await made(uow, word, now, _BY)
    await write(uow, bridge.ids, ticket, "call", _BY, now, reason=f"a call was asked for, {_at(booked)}")
    times = {"starts_at": booked.starts_at.isoformat(), "ends_at": booked.ends_at.isoformat()}
    await _tell(uow, EventType.CALL_BOOKED, booked, now, **times, proof=booked.proof)
    return booked


def _word(bridge: Bridge, ticket: Ticket, slot: Slot, now: datetime) -> Commitment:
    return Commitment(
        brand_id=ticket.brand_id,
        id=bridge.ids.new("cmt"),
        ticket_id=ticket.id,
        author_id=ticket.author_id,
        what=WHAT,
        due_at=slot.ends_at,
        state=CommitmentState.OPEN,
        made_by=_BY,
        made_at=now,
    )


def _at(call: Call) -> str:
    return f"{call.starts_at:%Y-%m-%d %H:%M}–{call.ends_at:%H:%M} UTC"


async def attempt(bridge: Bridge, brand_id: str, call_id: str, outcome: Outcome, actor: str) -> Call:
    """Note what became of an attempt; whoever rings has kept our word, whether or not anybody answers."""
    async with bridge.store.writing() as uow:
        now, call = bridge.clock.now(), await uow.calls.get(brand_id, call_id)
        if call is None:
            raise NotFound(f"There is no call {call_id}.")
        call = rules.tried(call, outcome, now, actor)
        await uow.calls.keep(call)
        await kept(uow, brand_id, call.commitment_id, actor, now)
        ticket = await uow.tickets.hold(brand_id, call.ticket_id)
        await write(uow, bridge.ids, ticket, "call", actor, now, reason=f"{_SAYS[outcome]} (attempt {len(call.tried)})")
        if call.state is not CallState.OPEN:
            facts = {"outcome": call.state, "tries": len(call.tried), "actor": actor}
            await _tell(uow, EventType.CALL_ENDED, call, now, **facts)
    return call


async def _tell(uow: UnitOfWork, type_: EventType, call: Call, now: datetime, **facts: Any) -> None:
    await uow.events.add(type_, call.brand_id, now, ticket_id=call.ticket_id, call_id=call.id, **facts)
