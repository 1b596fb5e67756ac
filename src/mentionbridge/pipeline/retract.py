"""Retract: take back what we said in public, one reply or all that a template said since a moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mentionbridge.domain.errors import NotAllowed, NotFound
from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import Surface
from mentionbridge.domain.reply import Reply, ReplyState
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.ledger import tell
from mentionbridge.ports.platform import Retractor, retractor_of

MOST = 200
"""So many are taken back in one go; whoever has more asks again."""


@dataclass(frozen=True, slots=True)
class Said:
    """What was said: the public replies of a brand sent since then, by one template, by one account, or both."""

    brand_id: str
    since: datetime
    template: str | None = None
    account_id: str | None = None


async def to_retract(bridge: Bridge, said: Said) -> Sequence[Reply]:
    """Return what a retraction would take back, oldest first; at most `MOST`."""
    async with bridge.store.reading() as uow:
        return await uow.replies.said_since(said.brand_id, said.since, said.template, said.account_id, MOST)


async def retract(bridge: Bridge, brand_id: str, reply_id: str, actor: str, reason: str) -> Reply:
    """Delete one reply at its network and keep it in the ledger; again changes nothing.

    Killed in between it is gone and still counts as sent: asked again, the network finds nothing to delete and it is
    settled. Raises NotFound, PlatformError, and NotAllowed with not_sent, said_in_private, cannot_retract or refused.
    """
    async with bridge.store.reading() as uow:
        reply = await uow.replies.get(brand_id, reply_id)
    if reply is None:
        raise NotFound(f"There is no reply {reply_id}.")
    if reply.state is ReplyState.RETRACTED:
        return reply
    external_id, retractor = _takes_back(bridge, reply)
    refused = await retractor.retract(external_id)
    now = bridge.clock.now()
    async with bridge.store.writing() as uow:
        outcome = "refused" if refused else "retracted"
        detail = f"{refused.kind}: {refused.detail}" if refused else f"{reason} ({actor})"
        await uow.replies.note(brand_id, reply_id, "retract", outcome, detail, now)
        if refused is None:
            reply = await uow.replies.move(reply, ReplyState.RETRACTED, now, reason=reason)
            await tell(uow, EventType.REPLY_RETRACTED, reply, now, actor=actor)
    bridge.observer.saw(f"reply.retract.{outcome}", id=reply_id, account=reply.account_id, actor=actor)
    if refused is not None:
        raise NotAllowed("refused", f"The network does not take it back ({refused.detail}); delete it in its own app.")
    return reply


def _takes_back(bridge: Bridge, reply: Reply) -> tuple[str, Retractor]:
    if reply.state is not ReplyState.SENT or not reply.external_id:
        raise NotAllowed("not_sent", f"A reply that is {reply.state} cannot be taken back; only what is sent can.")
    if reply.surface is not Surface.PUBLIC:
        raise NotAllowed("said_in_private", "What was said in private cannot be taken back.")
    retractor = retractor_of(bridge.at(reply.brand_id, reply.account_id).platform)
    if retractor is None:
        raise NotAllowed("cannot_retract", "This network takes nothing back through its API; delete it in its own app.")
    return reply.external_id, retractor
