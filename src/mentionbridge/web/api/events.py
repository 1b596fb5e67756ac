"""The feed by pull: the same facts the webhooks carry, in one order."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from mentionbridge.web import shapes
from mentionbridge.web.answers import READS
from mentionbridge.web.caller import Reader
from mentionbridge.web.lists import Limit, door_of

router = APIRouter(prefix="/v1/events", tags=["events"])
After = Annotated[int, Query(ge=0, le=2**63 - 1, description="The `after` of the last answer, or 0 to start.")]


@router.get("", responses=READS, summary="Read the feed behind a position, oldest first")
async def list_events(request: Request, caller: Reader, after: After = 0, limit: Limit = 100) -> shapes.EventsShape:
    items = [shapes.event(view) for view in await door_of(request).desk.events(caller.brands, after, limit)]
    last = items[-1].position if items else after
    way_on = f"/v1/events?after={last}&limit={limit}" if len(items) == limit else None
    return shapes.EventsShape(items=items, after=last, next=way_on)
