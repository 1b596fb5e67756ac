"""Promise: a word given is kept, or its breaking is seen."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from mentionbridge.domain.commitment import Commitment, CommitmentState
from mentionbridge.domain.errors import NotAllowed, NotFound
from mentionbridge.domain.events import EventType
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.tell_anew import tell_anew
from mentionbridge.ports.store import Lease, UnitOfWork
from mentionbridge.rules import commitments as rules


async def promise(
    bridge: Bridge,
    brand_id: str,
    ticket_id: str,
    what: str,
    due_at: datetime,
    actor: str,
    *,
    owner: str | None = None,
    reply_id: str | None = None,
) -> Commitment:
    """Note a word given to a ticket's customer; `reply_id` is the message in which they were told."""
    async with bridge.store.writing() as uow:
        now = bridge.clock.now()
        if due_at <= now:
            raise NotAllowed("due_in_past", "`due_at` has passed already; promise a time that is still to come.")
        ticket = await uow.tickets.get(brand_id, ticket_id)
        if ticket is None:
            raise NotFound(f"There is no ticket {ticket_id}.")
        told = await uow.replies.get(brand_id, reply_id) if reply_id is not None else None
        if reply_id is not None and (told is None or told.ticket_id != ticket_id):
            raise NotAllowed("not_its_reply", f"This ticket has no reply {reply_id}.")
        given = Commitment(
            brand_id=brand_id,
            id=bridge.ids.new("cmt"),
            ticket_id=ticket_id,
            author_id=told.author_id if told is not None else ticket.author_id,
            what=what,
            due_at=due_at,
            state=CommitmentState.OPEN,
            made_by=actor,
            made_at=now,
            owner=owner,
            reply_id=reply_id,
        )
        await made(uow, given, now, actor)
    return given


async def made(uow: UnitOfWork, given: Commitment, now: datetime, actor: str) -> None:
    """Note a word given, in the caller's transaction."""
    await uow.commitments.make(given, rules.next_look(given))
    await _tell(uow, EventType.COMMITMENT_MADE, given, now, actor=actor)


async def keep(bridge: Bridge, brand_id: str, commitment_id: str, actor: str) -> Commitment:
    """Note that what was promised was done."""
    async with bridge.store.writing() as uow:
        promised = await _commitment(uow, brand_id, commitment_id)
        return await _kept(uow, promised, bridge.clock.now(), actor)


async def kept(uow: UnitOfWork, brand_id: str, commitment_id: str, actor: str, now: datetime) -> None:
    """Note in the caller's transaction that what was promised was done, unless that is known."""
    promised = await _commitment(uow, brand_id, commitment_id)
    if promised.kept_at is None:
        await _kept(uow, promised, now, actor)


async def _kept(uow: UnitOfWork, promised: Commitment, now: datetime, actor: str) -> Commitment:
    done = rules.keep(promised, now)
    late = done.state is CommitmentState.MISSED
    if late and promised.missed_at is None:
        await _tell(uow, EventType.COMMITMENT_MISSED, done, now)
    await _keep(uow, done)
    await _tell(uow, EventType.COMMITMENT_KEPT, done, now, actor=actor, late=late)
    return done


async def move(
    bridge: Bridge, brand_id: str, commitment_id: str, due_at: datetime, actor: str, reason: str
) -> Commitment:
    """Promise another time; whoever was told the earlier one must hear of it, and a person finds a draft of that."""
    async with bridge.store.writing() as uow:
        now, promised = bridge.clock.now(), await _commitment(uow, brand_id, commitment_id)
        moved = rules.move(promised, due_at, now, actor, reason)
        if moved.earlier[-1].missed and promised.missed_at is None:
            await _tell(uow, EventType.COMMITMENT_MISSED, promised, now)
        await _keep(uow, moved)
        told: dict[str, Any] = {"told_in": promised.reply_id} if promised.reply_id else {}
        if (draft := await tell_anew(bridge, uow, moved, promised.due_at, actor, now)) is not None:
            told["draft_id"] = draft.id
        await _tell(
            uow, EventType.COMMITMENT_MOVED, moved, now, actor=actor, from_due_at=promised.due_at.isoformat(), **told
        )
    return moved


async def watch_promise(bridge: Bridge, lease: Lease) -> None:
    """Tell that a promise is at risk, or was missed."""
    async with bridge.store.writing() as uow:
        await uow.claims.check(lease)
        promised = await uow.commitments.get(lease.brand_id, lease.id)
        if promised is None or promised.state is not CommitmentState.OPEN:
            await uow.claims.done(lease)
            return
        now = bridge.clock.now()
        if now >= promised.due_at:
            promised = replace(promised, state=CommitmentState.MISSED, missed_at=now)
            await _tell(uow, EventType.COMMITMENT_MISSED, promised, now)
        elif promised.warned_at is None and now >= rules.risk_at(promised):
            promised = replace(promised, warned_at=now)
            await _tell(uow, EventType.COMMITMENT_AT_RISK, promised, now)
        await _keep(uow, promised)


async def _commitment(uow: UnitOfWork, brand_id: str, commitment_id: str) -> Commitment:
    found = await uow.commitments.get(brand_id, commitment_id)
    if found is None:
        raise NotFound(f"There is no commitment {commitment_id}.")
    return found


async def _keep(uow: UnitOfWork, commitment: Commitment) -> None:
    await uow.commitments.keep(commitment, rules.next_look(commitment))


async def _tell(uow: UnitOfWork, type_: EventType, commitment: Commitment, now: datetime, **facts: Any) -> None:
    await uow.events.add(
        type_,
        commitment.brand_id,
        now,
        ticket_id=commitment.ticket_id,
        commitment_id=commitment.id,
        due_at=commitment.due_at.isoformat(),
        **facts,
    )
