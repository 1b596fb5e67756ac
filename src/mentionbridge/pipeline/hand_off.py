"""Hand off: the invitation into private, how far it led, and another way when it led nowhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from mentionbridge.domain.errors import NotAllowed
from mentionbridge.domain.events import EventType
from mentionbridge.domain.handoff import Handoff, HandoffState, Proof, Way
from mentionbridge.domain.mention import Mention, Surface, Visibility
from mentionbridge.domain.reply import Purpose, Reply, ReplyIntent, Target
from mentionbridge.domain.ticket import Ticket, TicketState
from mentionbridge.domain.wording import Kind
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.pipeline.draft import answered_in, draft, waiting
from mentionbridge.pipeline.naming import key_of
from mentionbridge.pipeline.timeline import write
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.rules.handoff import Roads, best, leads
from mentionbridge.rules.phrasings import message, spoken
from mentionbridge.rules.wording import thing_of

AT_ONCE = 50
_WHEN = {
    HandoffState.OFFERED: "offered_at",
    HandoffState.OPENED: "opened_at",
    HandoffState.DETAILS_RECEIVED: "received_at",
    HandoffState.VERIFIED: "verified_at",
    HandoffState.DEAD_END: "dead_at",
}
_TOLD = {
    HandoffState.OPENED: EventType.HANDOFF_OPENED,
    HandoffState.DETAILS_RECEIVED: EventType.HANDOFF_DETAILS_RECEIVED,
    HandoffState.DEAD_END: EventType.HANDOFF_DEAD_END,
}
ANOTHER_WAY = "another way into private, after nobody took the first"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A way into private that is not offered yet, and where its link leads."""

    handoff: Handoff
    url: str | None


def roads(bridge: Bridge, connected: Connected) -> Roads:
    """Return what the brand and this network offer."""
    can = connected.platform.capabilities
    form = bridge.brand(connected.account.brand_id).form is not None and bool(bridge.public_url)
    return Roads(form, connected.platform.private_link() is not None, can.private_messages)


def invite(bridge: Bridge, uow: UnitOfWork, connected: Connected, mention: Mention, ticket: Ticket) -> Invitation:
    """Prepare the first way into private for an acknowledgement; without a form, the network's own."""
    form = best(roads(bridge, connected)) is Way.FORM
    return _invitation(bridge, uow, connected, mention, ticket, Way.FORM if form else Way.NETWORK, turn=1)


def _invitation(
    bridge: Bridge, uow: UnitOfWork, connected: Connected, mention: Mention, ticket: Ticket, way: Way, turn: int
) -> Invitation:
    now, terms = bridge.clock.now(), bridge.brand(ticket.brand_id).form
    handoff = Handoff(
        brand_id=ticket.brand_id,
        id=bridge.ids.new("hnd"),
        ticket_id=ticket.id,
        author_id=mention.author_id,
        way=way,
        turn=turn,
        state=HandoffState.PREPARED,
        created_at=now,
        expires_at=now + timedelta(days=terms.days) if terms else None,
    )
    if way is not Way.FORM:
        return Invitation(handoff, connected.platform.private_link() if way is Way.NETWORK else None)
    token = uow.handoffs.token(ticket.brand_id, f"{mention.platform}\n{mention.external_id}", turn)
    url = f"{bridge.public_url.rstrip('/')}/h/{token}"
    return Invitation(replace(handoff, digest=uow.handoffs.digest(token)), url)


async def keep(uow: UnitOfWork, invitation: Invitation, reply: Reply) -> None:
    """Keep the invitation beside the reply that carries it; the network's own way is noted once somebody takes it."""
    if invitation.handoff.way is not Way.NETWORK or reply.purpose is Purpose.HANDOFF:
        await uow.handoffs.add(replace(invitation.handoff, reply_id=reply.id))


async def offered(bridge: Bridge, uow: UnitOfWork, reply: Reply, now: datetime) -> Mapping[str, Any] | None:
    """The reply is out: return what is to be told of the way into private it carries, or None without one."""
    kept = reply.purpose is Purpose.HANDOFF or bridge.brand(reply.brand_id).form is not None
    handoff = await uow.handoffs.offered(reply.brand_id, reply.id, now) if kept else None
    if handoff is not None:
        return {"handoff_id": handoff.id, "way": handoff.way}
    return {} if reply.surface is Surface.PUBLIC and reply.links else None


async def advance(uow: UnitOfWork, handoff: Handoff, to: HandoffState, now: datetime, why: str = "") -> Handoff:
    """Note how far it led, with its time, once; a funnel never goes back."""
    if not leads(handoff.state, to):
        return handoff
    because = {"dead_because": why} if to is HandoffState.DEAD_END else {}
    moved = await uow.handoffs.change(handoff, **{"state": to, _WHEN[to]: now, **because})
    if (type_ := _TOLD.get(to)) is not None:
        facts: dict[str, Any] = {"handoff_id": handoff.id, "way": handoff.way, **({"why": why} if why else {})}
        await uow.events.add(type_, handoff.brand_id, now, ticket_id=handoff.ticket_id, **facts)
    return moved


async def said_in_private(bridge: Bridge, uow: UnitOfWork, ticket: Ticket, mention: Mention, now: datetime) -> None:
    """The customer wrote in private: whatever invited them has led somewhere."""
    if mention.surface is not Surface.PRIVATE:
        return
    found = await uow.handoffs.of_ticket(ticket.brand_id, ticket.id) or await _networks_own(bridge, uow, ticket)
    for handoff in found:
        if handoff.way is not Way.FORM and handoff.state is not HandoffState.PREPARED:
            await advance(uow, handoff, HandoffState.DETAILS_RECEIVED, now)


async def _networks_own(bridge: Bridge, uow: UnitOfWork, ticket: Ticket) -> Sequence[Handoff]:
    """Note the network's own way, which the acknowledgement showed in public."""
    said = await uow.replies.of_story(ticket.brand_id, ticket.id, ticket.author_id, Purpose.ACKNOWLEDGE)
    if said is None or said.sent_at is None or not said.links:
        return ()
    handoff = Handoff(
        brand_id=ticket.brand_id,
        id=bridge.ids.new("hnd"),
        ticket_id=ticket.id,
        author_id=ticket.author_id,
        way=Way.NETWORK,
        turn=1,
        state=HandoffState.OFFERED,
        created_at=said.created_at,
        reply_id=said.id,
        offered_at=said.sent_at,
    )
    await uow.handoffs.add(handoff)
    return [handoff]


async def end_overdue(bridge: Bridge) -> int:
    """Call an invitation that nobody followed a dead end, and put another way before a person, once."""
    now = bridge.clock.now()
    async with bridge.store.writing() as uow:
        over = await uow.handoffs.overdue(now, AT_ONCE)
        for handoff in over:
            await advance(uow, handoff, HandoffState.DEAD_END, now, "nobody came before its time was over")
            await _another_way(bridge, uow, handoff, now)
    return len(over)


async def _another_way(bridge: Bridge, uow: UnitOfWork, dead: Handoff, now: datetime) -> None:
    ticket = await uow.tickets.get(dead.brand_id, dead.ticket_id)
    tried = [each.way for each in await uow.handoffs.of_ticket(dead.brand_id, dead.ticket_id)]
    if ticket is None or ticket.state in (TicketState.SOLVED, TicketState.CLOSED) or len(tried) > 1:
        return
    mention = await uow.mentions.newest_of(ticket.brand_id, ticket.id, Surface.PUBLIC)
    connected = bridge.find(ticket.brand_id, mention.account_id) if mention else None
    if mention is None or connected is None:
        return
    way = best(roads(bridge, connected), tried)
    if way is None:
        return
    invitation = _invitation(bridge, uow, connected, mention, ticket, way, turn=dead.turn + 1)
    try:
        reply = await _offer(bridge, uow, connected, ticket, mention, invitation, now)
    except NotAllowed:
        # No sentence about it fits this network; the first way stands as a dead end for a person to see.
        return
    if await uow.replies.add(reply, Purpose.HANDOFF):
        await keep(uow, invitation, reply)
        facts: dict[str, Any] = {"ticket_id": ticket.id, "account_id": reply.account_id, "reply_id": reply.id}
        await uow.events.add(
            EventType.REPLY_DRAFTED, reply.brand_id, now, **facts, state=reply.state, reason=reply.reason
        )


async def _offer(
    bridge: Bridge,
    uow: UnitOfWork,
    connected: Connected,
    ticket: Ticket,
    mention: Mention,
    invitation: Invitation,
    now: datetime,
) -> Reply:
    heard = await answered_in(uow, ticket, mention)
    if invitation.handoff.way is Way.MESSAGE:
        return _by_message(bridge, connected, ticket, mention, heard, now)
    reply, _ = await draft(
        bridge,
        uow,
        connected,
        ticket,
        mention,
        Kind.HAND_OFF,
        Purpose.HANDOFF,
        heard=heard,
        reason=ANOTHER_WAY,
        now=now,
        link=invitation.url,
    )
    return reply


def _by_message(
    bridge: Bridge, connected: Connected, ticket: Ticket, mention: Mention, heard: str | None, now: datetime
) -> Reply:
    brand = bridge.brand(ticket.brand_id)
    lang = spoken(heard, brand.lang)
    intent = ReplyIntent(
        reply_id=bridge.ids.new("rpl"),
        key=key_of(connected.account, mention.external_id, Purpose.HANDOFF),
        surface=Surface.PRIVATE,
        visibility=Visibility.DIRECT,
        text=message("hand_off", lang, thing=thing_of(brand, ticket.topic, lang)),
        lang=lang,
        target=Target.of(mention),
        created_at=now,
    )
    return waiting(connected, ticket, mention, intent, Purpose.HANDOFF, ANOTHER_WAY)


async def invitations(bridge: Bridge, brand_id: str, ticket_id: str) -> list[tuple[Handoff, Proof]]:
    """Return a ticket's invitations, the first one first, each with the best proof that holds now."""
    now, order = bridge.clock.now(), list(Proof)
    async with bridge.store.reading() as uow:
        proven = await uow.forms.proven(brand_id, ticket_id)
        found = await uow.handoffs.of_ticket(brand_id, ticket_id)
    held = {each.id: [one.proves(now) for one in proven if one.handoff_id == each.id] for each in found}
    return [(each, max(held[each.id], key=order.index, default=Proof.NONE)) for each in found]


async def revoke(bridge: Bridge, brand_id: str, ticket_id: str, actor: str) -> None:
    """End a ticket's invitations: from now on their addresses lead nowhere."""
    now = bridge.clock.now()
    async with bridge.store.writing() as uow:
        ticket = await uow.tickets.hold(brand_id, ticket_id)
        live = [each for each in await uow.handoffs.of_ticket(brand_id, ticket_id) if each.is_open(now)]
        for each in live:
            await uow.handoffs.change(each, revoked_at=now)
        if live:
            await write(uow, bridge.ids, ticket, "handoff", actor, now, reason="the invitation was revoked")
