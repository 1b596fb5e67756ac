"""The feed by pull and as a stream: the same facts the webhooks carry, in one order."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from mentionbridge.kit.cursor import BadCursor
from mentionbridge.web import shapes
from mentionbridge.web.answers import READS
from mentionbridge.web.caller import Reader
from mentionbridge.web.endpoint_shapes import Type
from mentionbridge.web.lists import Limit, Narrow, door_of
from mentionbridge.web.problem import Problem
from mentionbridge.web.stream import EventStream, Tail

router = APIRouter(prefix="/v1/events", tags=["events"])
_MOST = 2**63 - 1
After = Annotated[int, Query(ge=0, le=_MOST, description="The `after` of the last answer, or 0 to start.")]
From = Annotated[int | None, Query(ge=0, le=_MOST, description="Begin behind this position instead of now.")]
Types = Annotated[list[Type] | None, Query(max_length=100, description="Only these types; repeat for more.")]
LastId = Annotated[str | None, Header(description="The `id` of the last event you saw; it goes on behind it.")]


@router.get("", responses=READS, summary="Read the feed behind a position, oldest first")
async def list_events(
    request: Request,
    caller: Reader,
    after: After = 0,
    types: Types = None,
    ticket_id: Narrow = None,
    limit: Limit = 100,
) -> shapes.EventsShape:
    found = await door_of(request).feed.page(caller.brands, after, limit, types or (), ticket_id)
    _must_exist(after, found.head)
    narrowed = [("types", each) for each in types or ()] + ([("ticket_id", ticket_id)] if ticket_id else [])
    way_on = f"/v1/events?{urlencode([('after', found.after), ('limit', limit), *narrowed])}" if found.more else None
    items = [shapes.event(view) for view in found.items]
    return shapes.EventsShape(items=items, after=found.after, head=found.head, next=way_on)


@router.get(
    "/stream",
    responses=READS,
    response_class=EventStream,
    status_code=200,
    summary="Hear the feed as it happens (server-sent events)",
)
async def stream_events(
    request: Request, caller: Reader, after: From = None, types: Types = None, last_event_id: LastId = None
) -> Response:
    tail: Tail = request.app.state.tail
    start = _place(last_event_id) if last_event_id is not None else after
    if start is not None:
        _must_exist(start, await door_of(request).feed.head())
    seat = tail.seat()
    return EventStream(
        door_of(request), tail, caller, request.headers.get("authorization"), start, tuple(types or ()), seat
    )


def _must_exist(after: int, head: int) -> None:
    """Raise a problem for a position this feed never had: whoever waits behind it would wait for ever."""
    if after > head:
        raise Problem(
            "beyond_the_end",
            f"The feed ends at {head}, so nothing was ever at {after}: the database is another one, or was restored. "
            "Read again from 0, and keep what you know of already.",
            head=head,
        )


def _place(last_event_id: str) -> int:
    if not (last_event_id.isascii() and last_event_id.isdecimal() and int(last_event_id[:20]) <= _MOST):
        raise BadCursor("Last-Event-ID is none of ours")
    return int(last_event_id)
