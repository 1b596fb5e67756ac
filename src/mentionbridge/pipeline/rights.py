"""Rights: what may be said to a post, on which surface and until when, as its network tells it now."""

from collections.abc import Sequence

from mentionbridge.domain.errors import NotFound
from mentionbridge.domain.mention import Mention, Surface
from mentionbridge.domain.reply import Refusal, Refused, ReplyRight, Target
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.pipeline.spend import ANSWERING, keep_spend_of, spent_until
from mentionbridge.ports.platform import host_of

_GONE = "the post was deleted"
_SPENT = "what may be spent a day is spent"


async def rights(bridge: Bridge, brand_id: str, mention_id: str) -> Sequence[ReplyRight]:
    """Ask the network, one row a surface; raises NotFound, and PlatformError when the network cannot tell now."""
    async with bridge.store.reading() as uow:
        mention = await uow.mentions.get(brand_id, mention_id)
    if mention is None:
        raise NotFound("There is no such mention.")
    if mention.deleted_at is not None:
        return [ReplyRight(each, False, _GONE, Refusal.TARGET_GONE) for each in (Surface.PUBLIC, Surface.PRIVATE)]
    connected = bridge.at(brand_id, mention.account_id)
    if (until := await spent_until(bridge, connected, ANSWERING)) is not None:
        return [ReplyRight(each, False, _SPENT, Refusal.POLICY, until) for each in (Surface.PUBLIC, Surface.PRIVATE)]
    try:
        if (no := await brought_there(connected, mention)) is not None:
            return [ReplyRight(each, False, no.detail, no.kind, no.until) for each in (Surface.PUBLIC, Surface.PRIVATE)]
        return await connected.platform.reply_rights(Target.of(mention))
    finally:
        await keep_spend_of(bridge, connected)


async def brought_there(connected: Connected, mention: Mention) -> Refused | None:
    """A post that was only pushed to us need not be on its network; where that is ours, it comes to be there."""
    host = host_of(connected.platform)
    if host is None or mention.origin.fetched or mention.deleted_at is not None:
        return None
    return await host.host(mention)
