"""Take over: what the network itself shows outranks what somebody pushed or replayed under the same id."""

import json
from dataclasses import asdict
from datetime import datetime

from mentionbridge.domain.account import Account
from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import Mention, Origin
from mentionbridge.domain.reply import ReplyState
from mentionbridge.ports.store import Incoming, UnitOfWork
from mentionbridge.rules.patience import RECHECK_FOR, next_recheck

DISOWNED = "what was pushed under this post's id is not what the network shows: another author, place or audience"


def outranks(origin: Origin, mention: Mention) -> bool:
    """True when the network speaks for the first time about what others told us."""
    return origin.fetched and not mention.origin.fetched and mention.deleted_at is None


async def take_over(
    uow: UnitOfWork, account: Account, told: Mention, shown: Incoming, origin: Origin, now: datetime
) -> bool:
    """Make the mention what the network shows, in the caller's transaction; False when it changed no words.

    A story begun on pushed words goes on when author, thread and surface were true. Otherwise it keeps its ticket as
    history, and the post is judged anew as nobody's yet.
    """
    held = await uow.mentions.hold(told.brand_id, told.id)
    if held is None or not outranks(origin, held):
        return False
    post = shown.post
    place = (shown.author_id, post.thread_id, post.visibility.surface)
    true_story = (held.author_id, held.thread_id, held.surface) == place
    if not true_story and held.ticket_id is not None:
        await _disown(uow, account, held, now)
    anew = held.ticket_id is None or not true_story or held.text != post.text
    detached = not true_story
    mention = await uow.mentions.take_over(held, account, shown, origin, anew=anew, detached=detached, now=now)
    if anew:
        await _review(uow, mention, now)
    else:
        await uow.mentions.plan_recheck(mention, next_recheck(mention.occurred_at, now), now + RECHECK_FOR)
    if true_story and held.text == post.text:
        return False
    await uow.events.add(
        EventType.MENTION_EDITED,
        mention.brand_id,
        now,
        ticket_id=mention.ticket_id,
        account_id=mention.account_id,
        mention_id=mention.id,
    )
    return True


async def _review(uow: UnitOfWork, mention: Mention, now: datetime) -> None:
    """Whatever answered the pushed words is looked at again by a person."""
    for reply in await uow.replies.waiting_for_mention(mention.brand_id, mention.id):
        if reply.state is ReplyState.QUEUED and not reply.may_be_out:
            why = "the network shows other words than were pushed"
            await uow.replies.move(
                reply, ReplyState.AWAITING_APPROVAL, now, reason=why, due=None, lease_until=None, lease_token=None
            )


async def _disown(uow: UnitOfWork, account: Account, mention: Mention, now: datetime) -> None:
    """Leave the story that was told without this post: a line says why, and what was pushed is kept as it came."""
    await uow.inbox.keep_unreadable(account, mention.origin, _as_told(mention), DISOWNED, now)
    await uow.tickets.disown(mention, DISOWNED)
    for reply in await uow.replies.waiting_for_mention(mention.brand_id, mention.id):
        if not reply.may_be_out:
            await uow.replies.move(
                reply, ReplyState.CANCELLED, now, reason=DISOWNED, due=None, lease_until=None, lease_token=None
            )
            await uow.events.add(
                EventType.REPLY_CANCELLED, reply.brand_id, now, ticket_id=reply.ticket_id, reply_id=reply.id
            )
    await uow.events.add(
        EventType.TICKET_UPDATED,
        mention.brand_id,
        now,
        ticket_id=mention.ticket_id,
        account_id=mention.account_id,
        reason=DISOWNED,
    )


def _as_told(mention: Mention) -> bytes:
    told = {
        "external_id": mention.external_id,
        "author": asdict(mention.author),
        "text": mention.text,
        "thread_id": mention.thread_id,
        "parent_id": mention.parent_id,
        "visibility": mention.visibility,
        "created_at": mention.occurred_at.isoformat(),
    }
    return json.dumps(told).encode()
