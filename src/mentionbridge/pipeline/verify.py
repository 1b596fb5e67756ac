"""Verify: whether a browser is the author's, by a code in public and a second one in private."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from mentionbridge.domain.account import Account
from mentionbridge.domain.errors import NotAllowed, PlatformError
from mentionbridge.domain.events import EventType
from mentionbridge.domain.handoff import CODE_LIFE, SECOND_TRIES, FormSession, HandoffState, Proof
from mentionbridge.domain.mention import Author, Origin, Post, Surface, Visibility
from mentionbridge.domain.reply import Purpose, ReplyIntent, ReplyState, Target
from mentionbridge.domain.ticket import Ticket
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.pipeline.draft import waiting
from mentionbridge.pipeline.hand_off import advance
from mentionbridge.pipeline.naming import key_of
from mentionbridge.pipeline.rights import rights
from mentionbridge.pipeline.timeline import write
from mentionbridge.pipeline.visit import Where, begin, proven_story, session_at
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.rules.phrasings import message, spoken
from mentionbridge.rules.proof import code_of, codes_in, says

EARLY = timedelta(minutes=2)
"""How much earlier than our code a post may claim to be, by its network's clock."""

_BY = "proof of handle"
_SAYS = {
    Proof.WEAK: "weak proof: the author posted the code that a browser at the form was shown",
    Proof.STRONG: "strong proof: a code sent to the author in private was typed into the same browser",
}


def code_for(secret: str, turn: int) -> str:
    """Return the code a browser is shown; it is made from its cookie, so that the page can show it again."""
    return code_of(f"{secret}\n{turn}")


async def ask(bridge: Bridge, where: Where, secret: str) -> None:
    """Give this browser a code to be posted; it is good for a quarter of an hour, and once."""
    now = bridge.clock.now()
    async with bridge.store.writing() as uow:
        session = await begin(bridge, uow, where, secret)
        if session.ticket_id is None:
            raise NotAllowed("no_story", "Nothing here is to be proved yet; write something first.")
        turn = session.code_turn + 1
        digest = uow.handoffs.digest(code_for(secret, turn))
        await uow.forms.change(
            session,
            code_digest=digest,
            code_turn=turn,
            code_until=now + CODE_LIFE,
            asked_as=where.brand.name,
            post_print=None,
            proof=Proof.NONE,
            proven_at=None,
            second_digest=None,
            second_until=None,
            lapsed_at=None,
        )


async def prove(uow: UnitOfWork, account: Account, posts: Sequence[Post], origin: Origin, now: datetime) -> set[str]:
    """Return which of these posts only prove a handle, now or when they were first seen; each is no mention."""
    if not origin.fetched:
        return set()
    told = [(post, code) for post in posts for code in codes_in(post.text)]
    return {post.external_id for post, code in told if await _proves(uow, account, post, code, now)}


async def _proves(uow: UnitOfWork, account: Account, post: Post, code: str, now: datetime) -> bool:
    session = await uow.forms.by_code(account.brand_id, code)
    if session is None or session.ticket_id is None or post.is_repost or post.is_quote:
        return False
    if not says(post.text, session.asked_as or "", code):
        return False
    name = uow.handoffs.digest(f"{account.platform}\n{post.external_id}")
    if session.post_print is not None:
        return session.post_print == name
    ticket = await uow.tickets.get(account.brand_id, session.ticket_id)
    begun = session.code_until - CODE_LIFE if session.code_until else now
    in_time = session.code_until is not None and now < session.code_until and post.created_at >= begun - EARLY
    author_id = await _author(uow, account, session, ticket, post.author, now) if ticket else None
    if ticket is None or author_id is None or not in_time:
        return False
    weak = await uow.forms.change(
        session,
        proof=Proof.WEAK,
        proven_at=now,
        post_print=name,
        proven_author=author_id,
        proven_print=uow.handoffs.digest(post.author.handle),
    )
    await _tell(uow, weak, now)
    return True


async def _author(
    uow: UnitOfWork, account: Account, session: FormSession, ticket: Ticket, author: Author, now: datetime
) -> str | None:
    """Return our id of the post's author, if it is the very one whose ticket this is, on the same network.

    A visitor of a brand's own form is nobody yet, and may be whoever posted.
    """
    if session.handoff_id is None:
        return (await uow.authors.seen(account.brand_id, account.platform, [author], now))[author.external_id]
    if ticket.platform != account.platform:
        return None
    known = await uow.authors.get(ticket.brand_id, ticket.author_id)
    same = known is not None and known.external_id == author.external_id
    return ticket.author_id if same else None


async def _tell(uow: UnitOfWork, session: FormSession, now: datetime) -> None:
    ticket = await uow.tickets.hold(session.brand_id, session.ticket_id or "")
    await write(uow, uow.forms.ids, ticket, "proof", _BY, now, reason=_SAYS[session.proof])
    await uow.records.release(session.brand_id, session.id, session.proof, now)
    facts: dict[str, Any] = {"session_id": session.id, "author_id": session.proven_author, "proof": session.proof}
    await uow.events.add(EventType.IDENTITY_VERIFIED, session.brand_id, now, ticket_id=session.ticket_id, **facts)
    handoff = await uow.handoffs.get(session.brand_id, session.handoff_id) if session.handoff_id else None
    if handoff is not None:
        await advance(uow, handoff, HandoffState.VERIFIED, now)


async def ask_second(bridge: Bridge, random: Callable[[int], str], where: Where, secret: str) -> None:
    """Send a second code to the author as a private message; whoever types it into this browser has both.

    Raises NotAllowed(no_proof | too_often | no_private | not_now), the last two as the network says at this moment.
    """
    await _ask_the_network(bridge, where, secret)
    now = bridge.clock.now()
    async with bridge.store.writing() as uow:
        session = await session_at(uow, where, secret, now, hold=True)
        ticket = await proven_story(uow, where, session)
        if session is None or ticket is None or session.proves(now) is not Proof.WEAK:
            raise NotAllowed("no_proof", "The first code comes first.")
        if session.second_until is not None and now < session.second_until:
            raise NotAllowed("too_often", "A code is on its way; it is good for some minutes.")
        code = code_of(random(24))
        await _send(bridge, uow, ticket, session, code, now)
        digest, until = uow.handoffs.digest(code), now + CODE_LIFE
        await uow.forms.change(session, second_digest=digest, second_until=until, second_tries=0)


async def _ask_the_network(bridge: Bridge, where: Where, secret: str) -> None:
    """Refuse where we may not write to the author: a code that cannot arrive is waited for in vain."""
    async with bridge.store.reading() as uow:
        session = await session_at(uow, where, secret, bridge.clock.now())
        ticket = await proven_story(uow, where, session)
        mention = await uow.mentions.newest_of(ticket.brand_id, ticket.id, None) if ticket and session else None
    if mention is None:
        return
    try:
        told = {right.surface: right for right in await rights(bridge, mention.brand_id, mention.id)}
    except PlatformError as error:
        raise NotAllowed("not_now", "The network cannot tell now whether we may write; try again later.") from error
    private = told.get(Surface.PRIVATE)
    if private is None or not private.allowed:
        raise NotAllowed("no_private", "The network lets us write to this author only after they wrote to us.")


async def _send(
    bridge: Bridge, uow: UnitOfWork, ticket: Ticket, session: FormSession, code: str, now: datetime
) -> None:
    connected = bridge.at(ticket.brand_id, ticket.account_id)
    mention = await uow.mentions.newest_of(ticket.brand_id, ticket.id, None)
    if mention is None or not connected.platform.capabilities.private_messages:
        raise NotAllowed("no_private", "This network has no private messages we can send.")
    intent = _intent(bridge, connected, Target.of(mention), session, code, mention.lang, now)
    draft = waiting(connected, ticket, mention, intent, Purpose.PROOF, "")
    reply = replace(draft, state=ReplyState.QUEUED, due=now, approved_by=_BY, reason=None)
    await uow.replies.add(reply, f"p:{reply.id}")


def _intent(
    bridge: Bridge,
    connected: Connected,
    target: Target,
    session: FormSession,
    code: str,
    heard: str | None,
    now: datetime,
) -> ReplyIntent:
    brand = bridge.brand(session.brand_id)
    lang = spoken(heard, brand.lang)
    return ReplyIntent(
        reply_id=bridge.ids.new("rpl"),
        key=key_of(connected.account, f"{session.id}\n{now.isoformat()}", Purpose.PROOF),
        surface=Surface.PRIVATE,
        visibility=Visibility.DIRECT,
        text=message("second_code", lang, brand=brand.name, code=code),
        lang=lang,
        target=target,
        created_at=now,
    )


async def confirm(bridge: Bridge, where: Where, secret: str, typed: str) -> bool:
    """Take the second code from the browser that asked for it; five wrong ones end it."""
    now = bridge.clock.now()
    async with bridge.store.writing() as uow:
        session = await session_at(uow, where, secret, now, hold=True)
        if session is None or session.proves(now) is not Proof.WEAK or session.second_digest is None:
            return False
        if session.second_until is None or now >= session.second_until or session.second_tries >= SECOND_TRIES:
            return False
        codes = codes_in(typed)
        if not codes or uow.handoffs.digest(codes[0]) != session.second_digest:
            await uow.forms.change(session, second_tries=session.second_tries + 1)
            return False
        strong = await uow.forms.change(session, proof=Proof.STRONG, proven_at=now, second_digest=None)
        await _tell(uow, strong, now)
    return True


async def lapse_renamed(bridge: Bridge, where: Where, secret: str) -> None:
    """End the proof of a browser whose author is called otherwise now: the handle may be somebody else's."""
    now = bridge.clock.now()
    async with bridge.store.reading() as uow:
        session = await session_at(uow, where, secret, now)
        if session is None or not await _is_renamed(uow, session, now):
            return
    async with bridge.store.writing() as uow:
        session = await session_at(uow, where, secret, now, hold=True)
        if session is None or not await _is_renamed(uow, session, now):
            return
        await uow.forms.change(session, lapsed_at=now)
        facts: dict[str, Any] = {"session_id": session.id, "author_id": session.proven_author, "proof": session.proof}
        about: dict[str, Any] = {"ticket_id": session.ticket_id}
        await uow.events.add(EventType.IDENTITY_LAPSED, session.brand_id, now, **about, **facts)


async def _is_renamed(uow: UnitOfWork, session: FormSession, now: datetime) -> bool:
    if session.proves(now) is Proof.NONE or session.proven_author is None:
        return False
    author = await uow.authors.get(session.brand_id, session.proven_author)
    return author is None or uow.handoffs.digest(author.handle) != session.proven_print
