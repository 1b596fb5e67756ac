"""Tickets: list them, read one, read its timeline."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response

from mentionbridge.domain.ticket import Priority, TicketState
from mentionbridge.ports.desk import Line
from mentionbridge.web import shapes, told
from mentionbridge.web.answers import READS, READS_ONE, Answers
from mentionbridge.web.caller import Reader
from mentionbridge.web.lists import Cursor, Limit, Narrow, door_of, given, listed
from mentionbridge.web.problem import Problem

router = APIRouter(prefix="/v1/tickets", tags=["tickets"])
_MISSING = "There is no such ticket."
_UNCHANGED: Answers = {304: {"description": "Not changed since the version named by If-None-Match"}}


Asked = Annotated[
    str | None,
    Query(max_length=200, description='Words, "phrases" and beginnings* that a story must hold, all of them.'),
]


@router.get("", responses=READS, summary="List tickets, or those whose story holds some words, newest first")
async def list_tickets(
    request: Request,
    caller: Reader,
    state: Annotated[TicketState | None, Query()] = None,
    priority: Annotated[Priority | None, Query()] = None,
    team: Narrow = None,
    assignee_id: Annotated[str | None, Query(max_length=128)] = None,
    tag: Narrow = None,
    topic: Narrow = None,
    place: Narrow = None,
    account_id: Narrow = None,
    author_id: Narrow = None,
    customer_id: Narrow = None,
    q: Asked = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> shapes.Listed[shapes.TicketShape]:
    asked = {"state": state, "priority": priority, "team": team, "assignee_id": assignee_id, "tag": tag, "topic": topic}
    filters = given(**asked, place=place, account_id=account_id, author_id=author_id, customer_id=customer_id)
    if q is not None:
        hits = await door_of(request).desk.search(caller.brands, q, filters, cursor, limit)
        return listed(request, hits, told.hit, limit, {"q": q, **filters})  # type: ignore[no-any-return]
    found = await door_of(request).desk.tickets(caller.brands, filters, cursor, limit)
    return listed(request, found, told.ticket, limit, filters)  # type: ignore[no-any-return]


@router.get(
    "/{ticket_id}",
    responses={**READS_ONE, **_UNCHANGED},
    response_model=shapes.TicketShape,
    summary="Read one ticket; its ETag grows with its sequence",
)
async def read_ticket(
    request: Request,
    response: Response,
    caller: Reader,
    ticket_id: str,
    if_none_match: Annotated[str | None, Header()] = None,
) -> shapes.TicketShape | Response:
    view = await door_of(request).desk.ticket(caller.brands, ticket_id)
    if view is None:
        raise Problem("not_found", _MISSING)
    etag = f'"{view.ticket.sequence}"'
    if if_none_match is not None and etag in (each.strip().removeprefix("W/") for each in if_none_match.split(",")):
        return Response(status_code=304, headers={"ETag": etag})
    response.headers["ETag"] = etag
    return shapes.ticket(view)


@router.get("/{ticket_id}/timeline", responses=READS_ONE, summary="Read a ticket's story, in the order it was said")
async def read_timeline(
    request: Request, caller: Reader, ticket_id: str, cursor: Cursor = None, limit: Limit = 100
) -> shapes.Listed[shapes.LineShape]:
    door = door_of(request)
    found = await door.desk.timeline(caller.brands, ticket_id, cursor, limit)
    if found is None:
        raise Problem("not_found", _MISSING)

    def line(told: Line) -> shapes.LineShape:
        return shapes.line(told, door.brands.get(told.entry.brand_id))

    return listed(request, found, line, limit, {})  # type: ignore[no-any-return]
