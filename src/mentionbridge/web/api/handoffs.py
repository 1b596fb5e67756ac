"""Hand-offs: how a customer was led into private, how far, and what was proved."""

from typing import Annotated

from fastapi import APIRouter, Body, Request

from mentionbridge.domain.ticket import Ticket
from mentionbridge.web import shapes
from mentionbridge.web.answers import READS_ONE, WRITES
from mentionbridge.web.asked import Acted
from mentionbridge.web.caller import Caller, Reader, Replier
from mentionbridge.web.door import Door
from mentionbridge.web.lists import door_of
from mentionbridge.web.once import OnceRoute
from mentionbridge.web.problem import Problem

router = APIRouter(prefix="/v1/tickets", tags=["tickets"], route_class=OnceRoute)


@router.get("/{ticket_id}/handoff", responses=READS_ONE, summary="Read how far a ticket's customer came into private")
async def read_handoff(request: Request, caller: Reader, ticket_id: str) -> shapes.HandoffsShape:
    door = door_of(request)
    return await _told(door, await _ticket(door, caller, ticket_id))


@router.post("/{ticket_id}/handoff/revoke", responses=WRITES, summary="End a ticket's open invitations")
async def revoke_handoff(
    request: Request, caller: Replier, ticket_id: str, asked: Annotated[Acted | None, Body()] = None
) -> shapes.HandoffsShape:
    door = door_of(request)
    ticket = await _ticket(door, caller, ticket_id)
    await door.revoke(ticket.brand_id, ticket.id, caller.actor(asked.person if asked else None))
    return await _told(door, ticket)


async def _ticket(door: Door, caller: Caller, ticket_id: str) -> Ticket:
    found = await door.desk.ticket(caller.brands, ticket_id)
    if found is None:
        raise Problem("not_found", "There is no such ticket.")
    return found.ticket


async def _told(door: Door, ticket: Ticket) -> shapes.HandoffsShape:
    asked = await door.record_checks(ticket.brand_id, ticket.id)
    return shapes.handoffs(await door.invitations(ticket.brand_id, ticket.id), asked)
