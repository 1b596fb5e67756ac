"""Say: a person's own words to the customer, queued for the same reply machine as everything we say."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from mentionbridge.domain.errors import AlreadyAnswered, NotAllowed, NotFound
from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import Mention, Surface, Visibility
from mentionbridge.domain.reply import SAID, Purpose, Reply, ReplyIntent, ReplyState, Target
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.pipeline.ledger import tell
from mentionbridge.pipeline.naming import key_of
from mentionbridge.pipeline.timeline import write
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.rules.privacy import leaks

_VIA = " via "
_STANDS = SAID | {ReplyState.QUEUED, ReplyState.AWAITING_APPROVAL}


@dataclass(frozen=True, slots=True)
class Saying:
    """What somebody wants said: `actor` is "NAME via DESK", `once` names it, so that it is queued once.

    It answers the mention `in_reply_to`, and whoever said that; unless named, what was said last in the story. Without
    a `surface` it goes where that was said. `seen` is the last sequence of the ticket that its writer knew of. With a
    reason to `release` them, the words may be public although they hold what was said in private.
    """

    brand_id: str
    ticket_id: str
    text: str
    actor: str
    once: str
    surface: Surface | None = None
    seen: int | None = None
    in_reply_to: str | None = None
    release: str | None = None


async def say(bridge: Bridge, uow: UnitOfWork, saying: Saying, now: datetime) -> Reply:
    """Queue these words in the caller's transaction; the same saying again returns the first reply.

    Raises NotFound, AlreadyAnswered, and NotAllowed with a code: nobody_to_answer, not_its_post, said_in_private,
    stopped, no_private, too_long, tells_private.
    """
    ticket = await uow.tickets.get(saying.brand_id, saying.ticket_id)
    if ticket is None:
        raise NotFound(f"There is no ticket {saying.ticket_id}.")
    await uow.tickets.hold(saying.brand_id, saying.ticket_id)
    name = name_of(saying.once)
    if (said := await uow.replies.under(ticket.brand_id, ticket.id, name)) is not None:
        return said
    await _refuse_second_answer(uow, saying)
    mention = await to_answer(uow, saying)
    connected = bridge.at(mention.brand_id, mention.account_id)
    surface = saying.surface or mention.surface
    tells = await _refuse_unsayable(uow, saying, surface, mention, connected)
    reply = made(bridge, connected, ticket.id, mention, saying, surface, now)
    if tells:
        reply = replace(reply, released=saying.release)
    await uow.replies.add(reply, name)
    await tell(uow, EventType.REPLY_DRAFTED, reply, now, state=reply.state, actor=saying.actor, **_told(reply))
    if reply.released is not None:
        await write(uow, bridge.ids, ticket, "released", saying.actor, now, reason=f"private words, {reply.released}")
    bridge.observer.saw("message.queued", id=reply.id, ticket=ticket.id, surface=surface, actor=saying.actor)
    return reply


def name_of(once: str) -> str:
    """Return what a saying is stored under, so that it is stored once."""
    return "m:" + hashlib.sha256(once.encode()).hexdigest()[:32]


async def _refuse_second_answer(uow: UnitOfWork, saying: Saying) -> None:
    if saying.seen is None:
        return
    for other in await uow.replies.messages_since(saying.brand_id, saying.ticket_id, saying.seen):
        by = other.author_of_words or ""
        if other.state in _STANDS and by.rpartition(_VIA)[2] != saying.actor.rpartition(_VIA)[2]:
            raise AlreadyAnswered(other.id, f"{by} has answered meanwhile; read that answer first.")


async def to_answer(uow: UnitOfWork, saying: Saying) -> Mention:
    """Return the words this answers; raises NotAllowed with nobody_to_answer or not_its_post."""
    if saying.in_reply_to is not None:
        return await _named(uow, saying.brand_id, saying.ticket_id, saying.in_reply_to)
    public = saying.surface is Surface.PUBLIC
    mention = await uow.mentions.newest_of(saying.brand_id, saying.ticket_id, Surface.PUBLIC if public else None)
    if mention is None:
        raise NotAllowed("nobody_to_answer", "Nothing the customer said here is left to answer.")
    return mention


async def _named(uow: UnitOfWork, brand_id: str, ticket_id: str, mention_id: str) -> Mention:
    mention = await uow.mentions.get(brand_id, mention_id)
    if mention is None or mention.ticket_id != ticket_id:
        raise NotAllowed("not_its_post", f"This ticket has no post {mention_id}.")
    if mention.deleted_at is not None:
        raise NotAllowed("nobody_to_answer", "This post is gone; there is nothing left to answer.")
    return mention


async def _refuse_unsayable(
    uow: UnitOfWork, saying: Saying, surface: Surface, mention: Mention, connected: Connected
) -> bool:
    """Raise NotAllowed for what may not be said; tells whether it holds private words that a person has released."""
    can, platform = connected.platform.capabilities, connected.platform
    if surface is Surface.PUBLIC and mention.surface is not Surface.PUBLIC:
        raise NotAllowed("said_in_private", "This was said in private, and is not answered in public.")
    if await uow.authors.stopped(mention.brand_id, mention.author_id):
        raise NotAllowed("stopped", "This customer has asked us to stop writing.")
    if surface is Surface.PRIVATE and not can.private_messages:
        raise NotAllowed("no_private", "This network has no private messages we can send.")
    if not saying.text.strip():
        raise NotAllowed("empty", "There are no words to say.")
    if (length := platform.count(saying.text)) > can.max_length:
        raise NotAllowed("too_long", f"This network takes at most {can.max_length} characters; these are {length}.")
    private = await uow.tickets.private_words(saying.brand_id, saying.ticket_id)
    told = leaks(saying.text, surface, private)
    if told and saying.release is None:
        raise NotAllowed("tells_private", f"These words must not be public. {' '.join(told)}")
    return bool(told)


def _told(reply: Reply) -> dict[str, str]:
    return {"released": reply.released} if reply.released is not None else {}


def made(
    bridge: Bridge,
    connected: Connected,
    ticket_id: str,
    mention: Mention,
    saying: Saying,
    surface: Surface,
    now: datetime,
) -> Reply:
    """Make the reply that says this, ready to be sent."""
    intent = ReplyIntent(
        reply_id=bridge.ids.new("rpl"),
        key=key_of(connected.account, f"{mention.external_id}\n{saying.once}", Purpose.MESSAGE),
        surface=surface,
        visibility=mention.visibility if surface is Surface.PUBLIC else Visibility.DIRECT,
        text=saying.text,
        lang=None,
        target=Target.of(mention),
        created_at=now,
    )
    return Reply(
        brand_id=mention.brand_id,
        id=intent.reply_id,
        ticket_id=ticket_id,
        account_id=mention.account_id,
        platform=mention.platform,
        mention_id=mention.id,
        author_id=mention.author_id,
        purpose=Purpose.MESSAGE,
        surface=surface,
        state=ReplyState.QUEUED,
        text=intent.text,
        lang=None,
        links=(),
        key=intent.key,
        visibility=intent.visibility,
        prepared=connected.platform.prepare(intent),
        created_at=now,
        updated_at=now,
        due=now,
        author_of_words=saying.actor,
        approved_by=saying.actor,
        mention_edit_version=mention.edit_version,
    )
