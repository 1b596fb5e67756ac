"""Tasks: what the network lets only a person post; it is done when a person says so, or when our post appears."""

from mentionbridge.domain.errors import NotAllowed, NotFound
from mentionbridge.domain.reply import Reply, ReplyState
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.steer import settle_by_hand


async def finish_task(
    bridge: Bridge, brand_id: str, reply_id: str, actor: str, *, posted: bool = True, permalink: str | None = None
) -> Reply:
    """Note that a person posted it, where, or that nobody will. Raises NotFound, and NotAllowed when it is done."""
    async with bridge.store.reading() as uow:
        reply = await uow.replies.get(brand_id, reply_id)
    if reply is None or reply.task_opened_at is None:
        raise NotFound("There is no such task.")
    if reply.state is not ReplyState.MANUAL:
        raise NotAllowed("task_done", f"This task is done: the reply is {reply.state}.")
    return await settle_by_hand(
        bridge, brand_id, reply_id, sent=posted, external_id=None, actor=actor, permalink=permalink
    )
