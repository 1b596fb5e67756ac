"""What lists share: the cursor, the limit, and the way on."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from fastapi import Query, Request, Response
from pydantic_core import to_json

from mentionbridge.ports.desk import Slice
from mentionbridge.web.door import Door

T = TypeVar("T")
S = TypeVar("S")
Cursor = Annotated[str | None, Query(max_length=1000, description="From `next`; leave it out to start.")]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Narrow = Annotated[str | None, Query(max_length=64)]


def door_of(request: Request) -> Door:
    """Return what this app was made with."""
    door: Door = request.app.state.door
    return door


def given(**filters: str | None) -> dict[str, str]:
    """Keep the filters that were given."""
    return {name: value for name, value in filters.items() if value is not None}


def listed(request: Request, found: Slice[T], shape: Callable[[T], S], limit: int, filters: Mapping[str, str]) -> Any:
    """Answer a part of a list with the address of the next part.

    The shapes are written out here: told what they are once more, the framework would check and copy all of it again.
    """
    way_on = None
    if found.cursor is not None:
        way_on = f"{request.url.path}?{urlencode({**filters, 'limit': limit, 'cursor': found.cursor})}"
    told = {"items": [shape(item) for item in found.items], "next": way_on}
    return Response(to_json(told), media_type="application/json")
