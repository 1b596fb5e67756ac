"""Threads: the public conversations, by the network's own ids."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from mentionbridge.web import shapes
from mentionbridge.web.answers import READS_ONE
from mentionbridge.web.caller import Reader
from mentionbridge.web.lists import door_of
from mentionbridge.web.problem import Problem

router = APIRouter(prefix="/v1/threads", tags=["threads"])
Platform = Annotated[str | None, Query(max_length=64, description="Where two networks have a thread of this id.")]


@router.get(
    "/{thread_id:path}/reply-rights",
    responses=READS_ONE,
    summary="Ask the network what may be said to a thread's newest post, and until when",
)
async def reply_rights(
    request: Request, caller: Reader, thread_id: str, platform: Platform = None
) -> shapes.RightsShape:
    """`thread_id` is the network's own, as mentions and tickets tell it."""
    door = door_of(request)
    mine = {account.platform for (brand, _), account in door.accounts.items() if brand in caller.brands}
    platforms = sorted(mine) if platform is None else [platform]
    said = await door.desk.newest_in_thread(caller.brands, platforms, thread_id)
    account = door.accounts.get((said.brand_id, said.account_id)) if said is not None else None
    if said is None or account is None:
        raise Problem("not_found", "There is no such thread, or no account of ours is on its network.")
    told = await door.rights(said.brand_id, said.id)
    return shapes.rights(said, door.capabilities_of(account), told)
