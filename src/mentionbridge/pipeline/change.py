"""Change: what a person, a desk or the bridge itself changes about a ticket, told in its timeline and to the feed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from mentionbridge.domain.account import Brand
from mentionbridge.domain.errors import WrongValue
from mentionbridge.domain.events import EventType
from mentionbridge.domain.ticket import Hand, Ticket, TicketState
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.resolve import propose_closing, take_back_closing
from mentionbridge.pipeline.timeline import held, write
from mentionbridge.pipeline.watch import priority_changed, state_changed
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.rules.resolving import closes

CHANGEABLE = ("state", "priority", "team", "place", "topic", "assignee_id", "assignee_name", "tags", "solved_with")
_TOLD = {
    TicketState.SOLVED: EventType.TICKET_SOLVED,
    TicketState.CLOSED: EventType.TICKET_CLOSED,
}
_OVER = frozenset(_TOLD)


async def change(
    bridge: Bridge, brand_id: str, ticket_id: str, facts: Mapping[str, Any], actor: str, seen: int | None = None
) -> Ticket:
    """Give a ticket other facts, some of `CHANGEABLE`; what is not named stays.

    Raises NotFound, Stale, WrongValue, and NotAllowed for a move that a person may not make.
    """
    _check_names(bridge.brand(brand_id), facts)
    async with bridge.store.writing() as uow:
        ticket = await held(uow, brand_id, ticket_id, seen)
        await _check_answer(uow, ticket, facts.get("solved_with"))
        await apply(bridge, uow, ticket, facts, actor)
        return await uow.tickets.hold(brand_id, ticket_id)


def _check_names(brand: Brand, facts: Mapping[str, Any]) -> None:
    known = {"team": [team.key for team in brand.teams], "place": [place.key for place in brand.places]}
    known["topic"] = [topic.key for topic in brand.topics]
    for kind, keys in known.items():
        if facts.get(kind) is not None and facts[kind] not in keys:
            there = ", ".join(sorted(keys)) or "none"
            raise WrongValue(f"`{kind}` must name one of the config's, which are: {there}.")


async def _check_answer(uow: UnitOfWork, ticket: Ticket, reply_id: str | None) -> None:
    if reply_id is None:
        return
    answer = await uow.replies.get(ticket.brand_id, reply_id)
    if answer is None or not closes(answer) or answer.ticket_id == ticket.id:
        raise WrongValue("`answer_id` must name a public answer of another story; `GET /v1/answers` lists them.")


async def apply(
    bridge: Bridge, uow: UnitOfWork, ticket: Ticket, facts: Mapping[str, Any], actor: str, by: Hand = Hand.PERSON
) -> Ticket:
    """Change a held ticket in the caller's transaction; changes nothing, and tells nothing, when all is so already."""
    now = bridge.clock.now()
    changed = [name for name, value in facts.items() if _differs(ticket, name, value)]
    if not changed:
        return ticket
    after = ticket
    if "state" in changed:
        after = await uow.tickets.set_state(ticket, facts["state"], now, by)
        await state_changed(bridge, uow, ticket, after.state, now)
        await _close_in_public(bridge, uow, ticket, after, now)
    values = {name: facts[name] for name in changed if name != "state"}
    if "priority" in values:
        values |= {"priority_by": actor, "priority_reasons": (f"set by {actor}",)}
    if values:
        after = await uow.tickets.change(after, now, **values)
    if "priority" in values:
        await priority_changed(bridge, uow, after, now)
    await write(uow, bridge.ids, after, "changed", actor, now, reason=_in_words(ticket, after, changed))
    type_ = _type(ticket, after)
    told: dict[str, Any] = {"answer_id": after.solved_with} if after.solved_with != ticket.solved_with else {}
    await uow.events.add(
        type_,
        ticket.brand_id,
        now,
        ticket_id=ticket.id,
        account_id=ticket.account_id,
        changed=changed,
        actor=actor,
        **told,
    )
    bridge.observer.saw(str(type_), id=ticket.id, changed=changed, actor=actor)
    return after


async def _close_in_public(bridge: Bridge, uow: UnitOfWork, before: Ticket, after: Ticket, now: datetime) -> None:
    if after.state is TicketState.SOLVED:
        await propose_closing(bridge, uow, after, now)
    elif before.state in _OVER and after.state not in _OVER:
        await take_back_closing(uow, after, "the ticket is open again", now)


def _differs(ticket: Ticket, name: str, value: Any) -> bool:
    if name == "priority" and ticket.priority_by is None:
        # The same priority, given by a person, is theirs from now on.
        return True
    had = getattr(ticket, name)
    return bool(tuple(had) != tuple(value)) if name == "tags" else bool(had != value)


def _type(before: Ticket, after: Ticket) -> EventType:
    if before.state is after.state:
        return EventType.TICKET_UPDATED
    reopened = EventType.TICKET_REOPENED if before.state in _OVER else EventType.TICKET_UPDATED
    return _TOLD.get(after.state, reopened)


def _in_words(before: Ticket, after: Ticket, changed: Sequence[str]) -> str:
    named = [name for name in changed if name != "assignee_id" or "assignee_name" not in changed]
    parts = (f"{name.removesuffix('_name')}: {_word(before, name)} → {_word(after, name)}" for name in named)
    return "; ".join(parts)


def _word(ticket: Ticket, name: str) -> str:
    value = getattr(ticket, name)
    if name == "tags":
        return ", ".join(value) or "none"
    return "none" if value is None else str(value)
