"""Pictures that came with mentions."""

from fastapi import APIRouter, Request, Response

from mentionbridge.web.answers import READS_ONE, Answers
from mentionbridge.web.caller import Reader
from mentionbridge.web.lists import door_of
from mentionbridge.web.problem import Problem

router = APIRouter(prefix="/v1/media", tags=["mentions"])
_SHOWN_INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_BYTES: Answers = {200: {"content": {"image/*": {}}, "description": "The picture"}}


@router.get("/{media_id}", responses={**READS_ONE, **_BYTES}, response_class=Response, summary="Read a kept picture")
async def read_media(request: Request, caller: Reader, media_id: str) -> Response:
    found = await door_of(request).desk.media(caller.brands, media_id)
    if found is None:
        raise Problem("not_found", "There is no such picture, or it is not kept (yet).")
    inline = found.mime in _SHOWN_INLINE
    headers = {
        "Content-Disposition": "inline" if inline else "attachment",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, max-age=300",
    }
    return Response(found.body, 200, headers, found.mime if inline else "application/octet-stream")
