"""Tell anew: whoever was told a time must hear of another one; a draft for a person to approve, nothing by itself."""

from dataclasses import replace
from datetime import datetime

from mentionbridge.domain.commitment import Commitment
from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import Mention
from mentionbridge.domain.reply import Reply, ReplyState
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.pipeline.ledger import drop, tell
from mentionbridge.pipeline.say import Saying, made, name_of
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.rules.phrasings import message, spoken

WHY = "a promised time was moved; they were told the earlier one"
_WAITS = (ReplyState.DRAFT, ReplyState.AWAITING_APPROVAL)


async def tell_anew(
    bridge: Bridge, uow: UnitOfWork, moved: Commitment, was: datetime, actor: str, now: datetime
) -> Reply | None:
    """Draft an answer to the post in whose answer they were told; the draft of an earlier move is dropped.

    None when nobody was told, or when what they said is gone or its account no longer ours.
    """
    told = await uow.replies.get(moved.brand_id, moved.reply_id) if moved.reply_id else None
    if told is None or told.state is not ReplyState.SENT:
        return None
    await _drop_earlier(uow, moved, told, now)
    mention = await uow.mentions.get(told.brand_id, told.mention_id)
    connected = bridge.find(told.brand_id, told.account_id)
    if mention is None or mention.deleted_at is not None or connected is None:
        return None
    return await _draft(bridge, uow, connected, mention, told, moved, was, actor, now)


async def _drop_earlier(uow: UnitOfWork, moved: Commitment, told: Reply, now: datetime) -> None:
    for turn in range(1, len(moved.earlier)):
        before = await uow.replies.under(told.brand_id, told.ticket_id, name_of(_once(moved, turn)))
        if before is not None and before.state in _WAITS:
            await drop(uow, before, "the time was moved again", now)


async def _draft(
    bridge: Bridge,
    uow: UnitOfWork,
    connected: Connected,
    mention: Mention,
    told: Reply,
    moved: Commitment,
    was: datetime,
    actor: str,
    now: datetime,
) -> Reply:
    once = _once(moved, len(moved.earlier))
    text = _words(bridge, connected, moved, was, mention.lang)
    saying = Saying(told.brand_id, told.ticket_id, text, actor, once, told.surface)
    ready = made(bridge, connected, told.ticket_id, mention, saying, told.surface, now)
    draft = replace(ready, state=ReplyState.AWAITING_APPROVAL, approved_by=None, due=None, reason=WHY)
    await uow.replies.add(draft, name_of(once))
    await tell(uow, EventType.REPLY_DRAFTED, draft, now, state=draft.state, reason=WHY)
    return draft


def _once(moved: Commitment, turn: int) -> str:
    return f"{moved.id} moved {turn}"


def _words(bridge: Bridge, connected: Connected, moved: Commitment, was: datetime, heard: str | None) -> str:
    lang = spoken(heard, bridge.brand(moved.brand_id).lang)
    zone = bridge.timing_of(moved.brand_id).hours.zone
    before, after = (f"{at.astimezone(zone):%d.%m.%Y %H:%M}" for at in (was, moved.due_at))
    whole = message("moved", lang, what=moved.what, before=before, after=after)
    fits = connected.platform.count(whole) <= connected.platform.capabilities.max_length
    return whole if fits else message("moved_short", lang, before=before, after=after)
