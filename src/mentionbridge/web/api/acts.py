"""What a team does to tickets: change, note, solve, merge, split, undo, one at a time or many."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Request

from mentionbridge.domain.act import Act
from mentionbridge.domain.ticket import Priority, TicketState
from mentionbridge.web import shapes
from mentionbridge.web.answers import WRITES, problems
from mentionbridge.web.asked_of_tickets import BulkChange, ChangedTicket, Merge, NewNote, Solved, Split, Undo
from mentionbridge.web.caller import Caller, Replier
from mentionbridge.web.door import Door
from mentionbridge.web.lists import door_of
from mentionbridge.web.once import OnceRoute
from mentionbridge.web.problem import Problem, as_problem

router = APIRouter(prefix="/v1/tickets", tags=["tickets"], route_class=OnceRoute)
ACTS = {**WRITES, **problems(404, 409, 412, 413, 415, 422)}
IfMatch = Annotated[
    str | None, Header(description="The ticket's ETag as you read it; when it has changed since, 412 and nothing done.")
]
_ETAG = re.compile(r'"(\d{1,10})"')


@router.patch(
    "/{ticket_id}", responses=ACTS, summary="Change a ticket's state, priority, team, assignee, topic or tags"
)
async def change_ticket(
    request: Request, caller: Replier, ticket_id: str, asked: ChangedTicket, if_match: IfMatch = None
) -> shapes.TicketShape:
    """What is left out stays; null empties what may be empty."""
    door = door_of(request)
    brand_id = await _brand_of(door, caller, ticket_id)
    await door.change_ticket(brand_id, ticket_id, _facts(asked), caller.actor(asked.person), _seen(if_match))
    return await _ticket(door, caller, ticket_id)


@router.post("/{ticket_id}/notes", responses=ACTS, status_code=201, summary="Write a note that only the team reads")
async def note(
    request: Request, caller: Replier, ticket_id: str, asked: NewNote, if_match: IfMatch = None
) -> shapes.TicketShape:
    door = door_of(request)
    brand_id = await _brand_of(door, caller, ticket_id)
    await door.note(brand_id, ticket_id, asked.text, caller.actor(asked.person), _seen(if_match))
    return await _ticket(door, caller, ticket_id)


@router.post("/{ticket_id}/solve", responses=ACTS, summary="Say that a ticket is solved")
async def solve(
    request: Request,
    caller: Replier,
    ticket_id: str,
    asked: Annotated[Solved | None, Body()] = None,
    if_match: IfMatch = None,
) -> shapes.TicketShape:
    """A closing answer is proposed in public to each who told it there, unless the account says otherwise."""
    door = door_of(request)
    brand_id = await _brand_of(door, caller, ticket_id)
    actor = caller.actor(asked.person if asked else None)
    with_answer = {"solved_with": asked.answer_id} if asked and asked.answer_id else {}
    facts = {"state": TicketState.SOLVED, **with_answer}
    await door.change_ticket(brand_id, ticket_id, facts, actor, _seen(if_match))
    return await _ticket(door, caller, ticket_id)


@router.post("/{ticket_id}/merge", responses=ACTS, summary="Merge this ticket into another")
async def merge(
    request: Request, caller: Replier, ticket_id: str, asked: Merge, if_match: IfMatch = None
) -> shapes.ActShape:
    """The other ticket gets everything; this one is closed and names it, until that is undone."""
    door = door_of(request)
    brand_id = await _brand_of(door, caller, ticket_id)
    await _brand_of(door, caller, asked.into)
    actor = caller.actor(asked.person)
    return _done(door, await door.merge(brand_id, ticket_id, asked.into, actor, asked.reason, _seen(if_match)))


@router.post("/{ticket_id}/split", responses=ACTS, summary="Move lines of a ticket to a new one")
async def split(
    request: Request, caller: Replier, ticket_id: str, asked: Split, if_match: IfMatch = None
) -> shapes.ActShape:
    """`target_id` of the answer is the new ticket."""
    door = door_of(request)
    brand_id = await _brand_of(door, caller, ticket_id)
    actor = caller.actor(asked.person)
    return _done(door, await door.split(brand_id, ticket_id, asked.entries, actor, asked.reason, _seen(if_match)))


@router.post("/{ticket_id}/undo", responses=ACTS, summary="Undo a merge or split of this ticket, the newest if unnamed")
async def undo(
    request: Request,
    caller: Replier,
    ticket_id: str,
    asked: Annotated[Undo | None, Body()] = None,
    if_match: IfMatch = None,
) -> shapes.ActShape:
    door = door_of(request)
    brand_id = await _brand_of(door, caller, ticket_id)
    act_id, actor = (asked.act_id, caller.actor(asked.person)) if asked else (None, caller.actor(None))
    return _done(door, await door.undo(brand_id, ticket_id, act_id, actor, _seen(if_match)))


@router.post("/bulk", responses=WRITES, summary="Change up to 200 tickets alike, with a result for each")
async def change_many(request: Request, caller: Replier, asked: BulkChange) -> shapes.BulkShape:
    """Each is changed or refused by itself."""
    door = door_of(request)
    facts, actor = _facts(asked.change), caller.actor(asked.person)
    return shapes.BulkShape(results=[await _one(door, caller, each, facts, actor) for each in asked.tickets])


async def _one(
    door: Door, caller: Caller, ticket_id: str, facts: Mapping[str, Any], actor: str
) -> shapes.BulkResultShape:
    try:
        brand_id = await _brand_of(door, caller, ticket_id)
        changed = await door.change_ticket(brand_id, ticket_id, facts, actor, None)
    except Exception as error:
        problem = as_problem(error)
        return shapes.BulkResultShape(
            id=ticket_id, status="refused", code=problem.code, detail=problem.detail, retryable=problem.kind.retryable
        )
    return shapes.BulkResultShape(id=ticket_id, status="changed", sequence=changed.sequence)


def _facts(asked: ChangedTicket) -> dict[str, Any]:
    told = asked.model_dump(exclude_unset=True, exclude={"actor"})
    if "assignee" in told:
        person = told.pop("assignee") or {"id": None, "name": None}
        told |= {"assignee_id": person.get("id") or person["name"], "assignee_name": person["name"]}
    kinds = {"state": TicketState, "priority": Priority}
    if any(told.get(name, "") is None for name in (*kinds, "tags")):
        raise Problem("invalid", "`state`, `priority` and `tags` cannot be null; leave out what stays.")
    return told | {name: kind(told[name]) for name, kind in kinds.items() if name in told}


def _seen(if_match: str | None) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    found = _ETAG.fullmatch(if_match.strip().removeprefix("W/"))
    if found is None:
        raise Problem("stale", "`If-Match` is no ETag of a ticket; read the ticket and send the one it came with.")
    return int(found[1])


async def _brand_of(door: Door, caller: Caller, ticket_id: str) -> str:
    view = await door.desk.ticket(caller.brands, ticket_id)
    if view is None:
        raise Problem("not_found", "There is no such ticket.")
    return view.ticket.brand_id


async def _ticket(door: Door, caller: Caller, ticket_id: str) -> shapes.TicketShape:
    view = await door.desk.ticket(caller.brands, ticket_id)
    if view is None:
        raise Problem("not_found", "There is no such ticket.")
    door.wake()
    return shapes.ticket(view)


def _done(door: Door, act: Act) -> shapes.ActShape:
    door.wake()
    return shapes.ActShape.model_validate(act)
