"""Templates: how our public sentences would read, before anybody reads them."""

from fastapi import APIRouter, Request

from mentionbridge.domain.errors import SetupError
from mentionbridge.domain.wording import Kind
from mentionbridge.pipeline.preview import Wanted
from mentionbridge.web import shapes
from mentionbridge.web.answers import WRITES
from mentionbridge.web.asked import TemplatePreview
from mentionbridge.web.caller import Reader
from mentionbridge.web.lists import door_of
from mentionbridge.web.once import OnceRoute
from mentionbridge.web.problem import Problem

router = APIRouter(prefix="/v1/templates", tags=["templates"], route_class=OnceRoute)


@router.post(
    "/preview", responses=WRITES, summary="Word an occasion on each account, in the phrasings in use or in another"
)
async def preview(request: Request, caller: Reader, asked: TemplatePreview) -> shapes.Listed[shapes.PreviewShape]:
    """Nothing is kept and nothing is said."""
    if asked.brand not in caller.brands:
        raise Problem("unknown_brand", "This token knows no such brand.")
    wanted = Wanted(
        brand_id=asked.brand,
        kind=Kind(asked.kind),
        lang=asked.lang,
        topic=asked.topic,
        place=asked.place,
        news=asked.news,
        text=asked.text,
        account_id=asked.account_id,
    )
    try:
        found = door_of(request).preview(wanted)
    except SetupError as error:
        raise Problem("invalid", str(error)) from error
    items = [shapes.PreviewShape.model_validate(each) for each in found]
    return shapes.Listed[shapes.PreviewShape](items=items)
