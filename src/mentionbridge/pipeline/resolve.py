"""Resolve: what was complained of in public is called solved in public, and the customer has the last word on it."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from mentionbridge.domain.account import Mode
from mentionbridge.domain.errors import NotAllowed
from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import Mention
from mentionbridge.domain.reply import Purpose, Reply, ReplyState
from mentionbridge.domain.ticket import Outcome, Ticket, TicketState
from mentionbridge.domain.verdict import Verdict
from mentionbridge.domain.wording import Kind
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.pipeline.draft import answered_in, draft
from mentionbridge.pipeline.ledger import drop, tell
from mentionbridge.pipeline.timeline import write
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.rules.outcome import read
from mentionbridge.rules.resolving import asks, contradicts, may_propose, takes_back
from mentionbridge.rules.restraint import stays_unanswered

BY = "the bridge"
WHY = "the ticket was solved; this says so where it was told in public"
_TOLD = {Outcome.CONFIRMED: EventType.OUTCOME_CONFIRMED, Outcome.DENIED: EventType.OUTCOME_DENIED}
_SAYS = {Outcome.CONFIRMED: "the customer says that it is solved", Outcome.DENIED: "the customer says that it is not"}


async def propose_closing(bridge: Bridge, uow: UnitOfWork, ticket: Ticket, now: datetime) -> None:
    """Write a closing answer below the newest public post of everybody who told this story.

    In the caller's transaction. A person lets it out, unless the account's mode for `resolved` is another.
    """
    for mention in await uow.mentions.newest_public(ticket.brand_id, ticket.id):
        connected = bridge.find(mention.brand_id, mention.account_id)
        if connected is not None and await _may_close(uow, connected, ticket, mention):
            try:
                await _propose(bridge, uow, connected, ticket, mention, now)
            except NotAllowed as error:
                # A ticket is solved also where no sentence about it fits its network.
                await write(uow, bridge.ids, ticket, "held", BY, now, reason=f"not called solved in public: {error}")


async def _may_close(uow: UnitOfWork, connected: Connected, ticket: Ticket, mention: Mention) -> bool:
    if connected.account.mode_for(Kind.RESOLVED) is Mode.OFF or stays_unanswered(
        mention, connected.platform.capabilities
    ):
        return False
    if await uow.authors.stopped(mention.brand_id, mention.author_id):
        return False
    earlier = await uow.replies.closings(mention.brand_id, ticket.id, mention.author_id)
    heard = await uow.mentions.newest_of(ticket.brand_id, ticket.id)
    return may_propose(earlier, heard.occurred_at if heard else None)


async def _propose(
    bridge: Bridge, uow: UnitOfWork, connected: Connected, ticket: Ticket, mention: Mention, now: datetime
) -> None:
    turn = 1 + await uow.replies.written_to(mention.brand_id, mention.id, Purpose.RESOLVE)
    heard = await answered_in(uow, ticket, mention)
    reply, fresh = await draft(
        bridge,
        uow,
        connected,
        ticket,
        mention,
        Kind.RESOLVED,
        Purpose.RESOLVE,
        heard=heard,
        reason=WHY,
        now=now,
        turn=(turn,),
    )
    if fresh and connected.account.mode_for(Kind.RESOLVED) is Mode.AUTO:
        reply = replace(reply, state=ReplyState.QUEUED, due=now, reason=None)
    if await uow.replies.add(reply, f"r{turn}:{mention.id}"):
        await tell(uow, EventType.REPLY_DRAFTED, reply, now, state=reply.state, reason=reply.reason)


async def take_back_closing(uow: UnitOfWork, ticket: Ticket, why: str, now: datetime) -> None:
    """The story goes on: a closing answer that has not left stays unsaid."""
    for reply in await uow.replies.of_ticket(ticket.brand_id, ticket.id):
        if takes_back(reply):
            await drop(uow, reply, why, now)


async def hear_outcome(
    bridge: Bridge,
    uow: UnitOfWork,
    ticket: Ticket,
    mention: Mention,
    person: Collection[str],
    verdict: Verdict,
    now: datetime,
) -> tuple[Ticket, Outcome | None]:
    """Read what the customer says of a story that is solved; None when a person must read it.

    It stays solved when they agree. Whatever the judge takes for a complaint agrees with nothing.
    """
    if ticket.state not in (TicketState.SOLVED, TicketState.CLOSED) or ticket.merged_into is not None:
        return ticket, None
    asked = await _asked(uow, ticket, mention, person)
    langs = (mention.lang or verdict.lang, *bridge.brand(ticket.brand_id).languages, bridge.brand(ticket.brand_id).lang)
    outcome = read(mention.text, langs, asked=asked is not None)
    if outcome is None or (outcome is Outcome.CONFIRMED and contradicts(verdict)):
        return ticket, None
    return await note_outcome(bridge, uow, ticket, outcome, now, mention=mention, asked=asked), outcome


async def _asked(uow: UnitOfWork, ticket: Ticket, mention: Mention, person: Collection[str]) -> Reply | None:
    closings = [
        reply
        for author_id in person
        for reply in await uow.replies.closings(ticket.brand_id, ticket.id, author_id)
        if asks(reply, ticket.solved_at, mention.occurred_at)
    ]
    return max(closings, key=lambda reply: reply.id, default=None)


async def note_outcome(
    bridge: Bridge,
    uow: UnitOfWork,
    ticket: Ticket,
    outcome: Outcome,
    now: datetime,
    *,
    mention: Mention | None = None,
    asked: Reply | None = None,
) -> Ticket:
    """Keep what the customer said, with its line in the timeline and its event."""
    noted = await uow.tickets.change(ticket, now, outcome=outcome, outcome_at=now)
    await write(uow, bridge.ids, noted, "outcome", "the customer", now, reason=_SAYS[outcome])
    await uow.events.add(
        _TOLD[outcome],
        ticket.brand_id,
        now,
        ticket_id=ticket.id,
        account_id=mention.account_id if mention else ticket.account_id,
        mention_id=mention.id if mention else None,
        reply_id=asked.id if asked else None,
    )
    bridge.observer.saw(f"outcome.{outcome}", id=ticket.id, mention=mention.id if mention else None)
    return noted
