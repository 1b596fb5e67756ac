"""Relabel: a person says what a mention is, which outranks the machine, and everything follows from that instead."""

from datetime import datetime

from mentionbridge.domain.errors import NotAllowed, NotFound
from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import Mention, Surface
from mentionbridge.domain.ticket import Entry, Ticket
from mentionbridge.domain.verdict import Correction, Verdict
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.choose_account import choose_account
from mentionbridge.pipeline.judge import follow, weigh
from mentionbridge.pipeline.ledger import drop
from mentionbridge.ports.store import UnitOfWork


async def relabel(bridge: Bridge, brand_id: str, mention_id: str, correction: Correction) -> None:
    """Keep a person's label for good; a complaint gets its ticket, and what is none any more is not answered.

    Raises NotFound, and NotAllowed for a post whose words are gone.
    """
    async with bridge.store.writing() as uow:
        mention = await uow.mentions.hold(brand_id, mention_id)
        if mention is None:
            raise NotFound("There is no such mention.")
        if mention.deleted_at is not None or mention.redacted:
            raise NotAllowed("mention_gone", "The words of this mention are gone; there is nothing left to judge.")
        earlier = await uow.mentions.verdict(brand_id, mention_id)
        verdict = correction.of(earlier)
        if earlier is not None and earlier.actor is not None and _same(earlier, verdict):
            return
        await _relabel(bridge, uow, await choose_account(bridge, uow, mention), earlier, verdict)
    bridge.observer.saw("relabelled", id=mention_id, label=verdict.label)


def _same(earlier: Verdict, verdict: Verdict) -> bool:
    said = (earlier.label, earlier.severity, tuple(earlier.topics))
    return said == (verdict.label, verdict.severity, tuple(verdict.topics))


async def _relabel(
    bridge: Bridge, uow: UnitOfWork, mention: Mention, earlier: Verdict | None, verdict: Verdict
) -> None:
    now = bridge.clock.now()
    decision = await weigh(bridge, uow, mention, verdict)
    await uow.mentions.judged(mention, verdict, decision.why, bridge.ids.new("vdt"), now)
    ticket = await follow(bridge, uow, mention, verdict, decision, now)
    if ticket is not None and not decision.opens_ticket:
        await _answer_no_more(uow, mention, decision.why, now)
        await _note(bridge, uow, ticket, decision.why, verdict.actor, now)
    await uow.events.add(
        EventType.MENTION_RELABELLED,
        mention.brand_id,
        now,
        ticket_id=ticket.id if ticket else None,
        account_id=mention.account_id,
        mention_id=mention.id,
        label=verdict.label,
        was=earlier.label if earlier else None,
        decided=decision.why,
        actor=verdict.actor,
    )


async def _answer_no_more(uow: UnitOfWork, mention: Mention, why: str, now: datetime) -> None:
    """Leave unsaid what waits to be said to this post; what may be out already is settled as ever."""
    for reply in await uow.replies.waiting_for_mention(mention.brand_id, mention.id):
        if not reply.may_be_out:
            await drop(uow, reply, why, now)


async def _note(bridge: Bridge, uow: UnitOfWork, ticket: Ticket, why: str, actor: str | None, now: datetime) -> None:
    entry = Entry(
        brand_id=ticket.brand_id,
        id=bridge.ids.new("ent"),
        ticket_id=ticket.id,
        sequence=await uow.tickets.next_sequence(ticket.brand_id, ticket.id),
        kind="relabelled",
        surface=Surface.INTERNAL,
        occurred_at=now,
        received_at=now,
        reason=why,
        actor=actor,
    )
    await uow.tickets.add_entry(entry)
