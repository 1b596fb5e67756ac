"""Draft: words below a public post that a person lets out, in the operator's phrasings of an occasion."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from mentionbridge.domain.mention import Mention, Surface
from mentionbridge.domain.reply import Purpose, Reply, ReplyIntent, ReplyState, Target
from mentionbridge.domain.ticket import Ticket
from mentionbridge.domain.wording import Kind
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.pipeline.naming import key_of
from mentionbridge.pipeline.wording import in_fresh_words
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.rules.wording import Told


async def draft(
    bridge: Bridge,
    uow: UnitOfWork,
    connected: Connected,
    ticket: Ticket,
    mention: Mention,
    kind: Kind,
    purpose: Purpose,
    *,
    heard: str | None,
    reason: str,
    now: datetime,
    turn: Sequence[object] = (),
    news: str | None = None,
    link: str | None = None,
) -> tuple[Reply, bool]:
    """Draft an answer for who speaks the language `heard`; False when this thread has heard every phrasing already.

    `turn` names it among others of this purpose below the same post. Raises NotAllowed when no phrasing fits.
    """
    told = Told(ticket.topic, ticket.place, ticket_id=ticket.id, news=news)
    worded, fresh = await in_fresh_words(bridge, uow, connected, mention, kind, told, heard, link)
    intent = ReplyIntent(
        reply_id=bridge.ids.new("rpl"),
        key=key_of(connected.account, "\n".join((mention.external_id, *map(str, turn))), purpose),
        surface=Surface.PUBLIC,
        visibility=mention.visibility,
        text=worded.text,
        lang=worded.lang,
        target=Target.of(mention),
        created_at=now,
        links=worded.links,
    )
    reply = waiting(connected, ticket, mention, intent, purpose, reason)
    return replace(reply, template=worded.template_id, kind=kind), fresh


async def answered_in(uow: UnitOfWork, ticket: Ticket, mention: Mention) -> str | None:
    """Return the language this person was acknowledged in, else that of their post."""
    said = await uow.replies.of_story(ticket.brand_id, ticket.id, mention.author_id, Purpose.ACKNOWLEDGE)
    return said.lang if said is not None and said.lang else mention.lang


def waiting(
    connected: Connected, ticket: Ticket, mention: Mention, intent: ReplyIntent, purpose: Purpose, reason: str
) -> Reply:
    """Make a reply that a person must let out."""
    return Reply(
        brand_id=ticket.brand_id,
        id=intent.reply_id,
        ticket_id=ticket.id,
        account_id=mention.account_id,
        platform=mention.platform,
        mention_id=mention.id,
        author_id=mention.author_id,
        purpose=purpose,
        surface=intent.surface,
        state=ReplyState.AWAITING_APPROVAL,
        text=intent.text,
        lang=intent.lang,
        links=intent.links,
        key=intent.key,
        visibility=intent.visibility,
        prepared=connected.platform.prepare(intent),
        created_at=intent.created_at,
        updated_at=intent.created_at,
        reason=reason,
        mention_edit_version=mention.edit_version,
    )
