"""Commitments: words we gave, by when, and what became of them."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request

from mentionbridge.domain.commitment import Commitment, CommitmentState
from mentionbridge.web import shapes
from mentionbridge.web.answers import READS, READS_ONE, WRITES
from mentionbridge.web.asked import Acted, MovedCommitment, NewCommitment
from mentionbridge.web.caller import Caller, Reader, Replier
from mentionbridge.web.door import Door
from mentionbridge.web.lists import Cursor, Limit, Narrow, door_of, given, listed
from mentionbridge.web.once import OnceRoute
from mentionbridge.web.problem import Problem

router = APIRouter(prefix="/v1/commitments", tags=["commitments"], route_class=OnceRoute)
_MISSING = "There is no such commitment."


@router.get("", responses=READS, summary="List commitments, newest first")
async def list_commitments(
    request: Request,
    caller: Reader,
    state: Annotated[CommitmentState | None, Query()] = None,
    ticket_id: Narrow = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> shapes.Listed[shapes.CommitmentShape]:
    filters = given(state=state, ticket_id=ticket_id)
    found = await door_of(request).desk.commitments(caller.brands, filters, cursor, limit)
    return listed(request, found, shapes.commitment, limit, filters)  # type: ignore[no-any-return]


@router.post("", responses=WRITES, status_code=201, summary="Note a word given to a ticket's customer")
async def make_commitment(request: Request, caller: Replier, asked: NewCommitment) -> shapes.CommitmentShape:
    door = door_of(request)
    ticket = await door.desk.ticket(caller.brands, asked.ticket_id)
    if ticket is None:
        raise Problem("not_found", "There is no such ticket.")
    made = await door.promise(
        ticket.ticket.brand_id,
        asked.ticket_id,
        asked.what,
        asked.due_at,
        caller.actor(asked.person),
        owner=asked.owner,
        reply_id=asked.reply_id,
    )
    return _done(door, made)


@router.get("/{commitment_id}", responses=READS_ONE, summary="Read one commitment with every earlier time")
async def read_commitment(request: Request, caller: Reader, commitment_id: str) -> shapes.CommitmentShape:
    return shapes.commitment(await _find(door_of(request), caller, commitment_id))


@router.post("/{commitment_id}/keep", responses=WRITES, summary="Say that what was promised was done")
async def keep_commitment(
    request: Request, caller: Replier, commitment_id: str, asked: Annotated[Acted | None, Body()] = None
) -> shapes.CommitmentShape:
    door = door_of(request)
    brand_id = (await _find(door, caller, commitment_id)).brand_id
    return _done(door, await door.keep_promise(brand_id, commitment_id, caller.actor(asked.person if asked else None)))


@router.post(
    "/{commitment_id}/move", responses=WRITES, summary="Promise another time; whoever was told must hear of it"
)
async def move_commitment(
    request: Request, caller: Replier, commitment_id: str, asked: MovedCommitment
) -> shapes.CommitmentShape:
    door = door_of(request)
    brand_id = (await _find(door, caller, commitment_id)).brand_id
    actor = caller.actor(asked.person)
    return _done(door, await door.move_promise(brand_id, commitment_id, asked.due_at, actor, asked.reason))


async def _find(door: Door, caller: Caller, commitment_id: str) -> Commitment:
    found = await door.desk.commitment(caller.brands, commitment_id)
    if found is None:
        raise Problem("not_found", _MISSING)
    return found


def _done(door: Door, commitment: Commitment) -> shapes.CommitmentShape:
    door.wake()
    return shapes.commitment(commitment)
