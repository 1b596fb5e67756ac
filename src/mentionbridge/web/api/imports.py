"""Imports: what a desk brings along becomes tickets, and nobody is answered."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from mentionbridge.domain.mention import Origin
from mentionbridge.web.answers import WRITES
from mentionbridge.web.api.mentions import A_BATCH, PushResults, push_all
from mentionbridge.web.caller import Ingester
from mentionbridge.web.once import OnceRoute

router = APIRouter(prefix="/v1/import", tags=["mentions"], route_class=OnceRoute)


@router.post(
    "",
    responses=WRITES,
    response_model=PushResults,
    openapi_extra=A_BATCH,
    summary="Import up to 200 mentions as tickets; nobody is answered",
)
async def import_mentions(request: Request, caller: Ingester) -> Response:
    """As a push, but each item opens a ticket or joins its story's, whatever we judge it to be."""
    return await push_all(request, caller, Origin.IMPORT)
