"""Calls: whom to ring, when, and what became of it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from mentionbridge.domain.call import Call, CallState
from mentionbridge.web import shapes
from mentionbridge.web.answers import READS, READS_ONE, WRITES
from mentionbridge.web.asked_of_tickets import CallAttempt
from mentionbridge.web.caller import Caller, Reader, Replier
from mentionbridge.web.lists import Cursor, Limit, Narrow, door_of, given, listed
from mentionbridge.web.once import OnceRoute
from mentionbridge.web.problem import Problem

router = APIRouter(prefix="/v1/calls", tags=["calls"], route_class=OnceRoute)


@router.get("", responses=READS, summary="List the calls that customers asked for, newest first")
async def list_calls(
    request: Request,
    caller: Reader,
    state: Annotated[CallState | None, Query()] = None,
    ticket_id: Narrow = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> shapes.Listed[shapes.CallShape]:
    filters = given(state=state, ticket_id=ticket_id)
    found = await door_of(request).desk.calls(caller.brands, filters, cursor, limit)
    return listed(request, found, shapes.call, limit, filters)  # type: ignore[no-any-return]


@router.get("/{call_id}", responses=READS_ONE, summary="Read one call: the number, the slot, and every attempt")
async def read_call(request: Request, caller: Reader, call_id: str) -> shapes.CallShape:
    return shapes.call(await _find(request, caller, call_id))


@router.post("/{call_id}/attempts", responses=WRITES, status_code=201, summary="Say what became of an attempt to ring")
async def attempt_call(request: Request, caller: Replier, call_id: str, asked: CallAttempt) -> shapes.CallShape:
    door, call = door_of(request), await _find(request, caller, call_id)
    made = await door.attempt_call(call.brand_id, call_id, asked.outcome, caller.actor(asked.person))
    door.wake()
    return shapes.call(made)


async def _find(request: Request, caller: Caller, call_id: str) -> Call:
    found = await door_of(request).desk.call(caller.brands, call_id)
    if found is None:
        raise Problem("not_found", "There is no such call.")
    return found
