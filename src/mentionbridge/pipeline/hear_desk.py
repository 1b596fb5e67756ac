"""Hear a desk: its answers become replies to the customer, its notes become notes, and its status is followed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from mentionbridge.domain.errors import NotAllowed
from mentionbridge.domain.helpdesk import Carried, Heard, LineState, Mirror, Story, TheirLine, TheirTicket, Way
from mentionbridge.domain.mention import Surface
from mentionbridge.domain.ticket import Hand, Ticket, TicketState
from mentionbridge.pipeline.bridge import Bridge, LinkedDesk
from mentionbridge.pipeline.change import apply
from mentionbridge.pipeline.note import note_down
from mentionbridge.pipeline.say import Saying, say
from mentionbridge.pipeline.timeline import check
from mentionbridge.ports.store import Lease, UnitOfWork
from mentionbridge.rules.mirroring import answer_of
from mentionbridge.text.plain import clean

FETCH_AFTER = timedelta(seconds=1)
"""Desks may call before they have committed what they call about."""

LOOK_AGAIN = timedelta(seconds=3)


async def hear_hook(uow: UnitOfWork, desk: LinkedDesk, heard: Heard, now: datetime) -> int:
    """Keep, in the caller's transaction, that a desk told of a change; returns how many of our mirrors it concerns."""
    mirrored = await uow.mirrors.look_at(desk.brand_id, desk.name, heard.ids, now + FETCH_AFTER) if heard.ids else 0
    await uow.helpdesks.due(desk.brand_id, desk.name, now + LOOK_AGAIN)
    return mirrored


async def take_lines(
    bridge: Bridge,
    desk: LinkedDesk,
    lease: Lease,
    mirror: Mirror,
    story: Story,
    theirs: TheirTicket,
    carried: Sequence[Carried],
    *,
    ours: bool,
) -> None:
    """Take in, each once and in order, what people at the desk have written since we looked last.

    `ours` is true for a ticket we made; what stood in another's before it became a mirror was not written for us.
    """
    known = {line.key for line in carried if line.way is Way.IN}
    history = not ours and not any(line.way is Way.OUT for line in carried)
    places = {told.entry.id: told.entry.sequence for told in story.told}
    seen = 0
    for line in theirs.lines:
        if line.ours:
            seen = max(seen, places.get((line.marker or "").split("~")[0], 0))
        elif line.id not in known:
            async with bridge.store.writing() as uow:
                await uow.claims.check(lease, extend=lease.seconds)
                await _take(bridge, uow, desk, mirror, line, seen, history)


async def _take(
    bridge: Bridge, uow: UnitOfWork, desk: LinkedDesk, mirror: Mirror, line: TheirLine, seen: int, history: bool
) -> None:
    now, text = bridge.clock.now(), answer_of(clean(line.text))
    if history or not text:
        why = "it stood there before the mirror" if history else "it says nothing new"
        await uow.mirrors.took(mirror, line.id, LineState.DONE, None, now, why)
        return
    actor = f"{line.author or 'somebody'} via {desk.name}"
    ticket = await _goes_on_in(uow, mirror)
    if line.surface is Surface.INTERNAL:
        noted = await note_down(bridge, uow, ticket.brand_id, ticket.id, text, actor, min(line.at, now))
        await uow.mirrors.took(mirror, line.id, LineState.DONE, noted.id, now, "")
        return
    # Which words of another story its writer had seen cannot be told.
    known = seen if ticket.id == mirror.ticket_id else None
    saying = Saying(ticket.brand_id, ticket.id, text, actor, once=f"{desk.name}\n{line.id}", seen=known)
    try:
        reply = await say(bridge, uow, saying, now)
    except NotAllowed as error:
        await uow.mirrors.took(mirror, line.id, LineState.REFUSED, None, now, str(error))
        bridge.observer.saw("helpdesk.not_said", desk=desk.name, ticket=mirror.ticket_id, line=line.id, code=error.code)
        return
    await uow.mirrors.took(mirror, line.id, LineState.DONE, reply.id, now, "")


async def _goes_on_in(uow: UnitOfWork, mirror: Mirror) -> Ticket:
    """Return the ticket this story is in now; a merged one goes on in another."""
    ticket = await uow.tickets.hold(mirror.brand_id, mirror.ticket_id)
    while ticket.merged_into is not None:
        ticket = await uow.tickets.hold(mirror.brand_id, ticket.merged_into)
    return ticket


async def follow_state(
    bridge: Bridge, desk: LinkedDesk, lease: Lease, mirror: Mirror, state: TicketState
) -> TicketState:
    """Let our ticket stand as theirs does, where our rules allow it; returns how it stands."""
    async with bridge.store.writing() as uow:
        await uow.claims.check(lease, extend=lease.seconds)
        ticket = await uow.tickets.hold(mirror.brand_id, mirror.ticket_id)
        try:
            check(ticket, None)
            await apply(bridge, uow, ticket, {"state": state}, desk.name, Hand.DESK)
        except NotAllowed as error:
            bridge.observer.saw("helpdesk.not_followed", desk=desk.name, ticket=ticket.id, code=error.code)
            return ticket.state
        return state
