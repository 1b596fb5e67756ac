"""Merge: two tickets are one story; the source gives the target everything and is closed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from mentionbridge.domain.act import Act, ActKind, Moved
from mentionbridge.domain.errors import NotAllowed
from mentionbridge.domain.events import EventType
from mentionbridge.domain.reply import Reply, ReplyState
from mentionbridge.domain.ticket import Ticket, TicketState
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.ledger import tell
from mentionbridge.pipeline.timeline import check, write
from mentionbridge.pipeline.watch import priority_changed, state_changed
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.rules.merging import hindrance, taken_over, to_hold, united

HELD = "this person has another acknowledgement in the merged story"
_SOURCE = ("state", "closed_at", "solved_at")
_ALIVE = (TicketState.NEW, TicketState.OPEN, TicketState.PENDING)


async def merge(
    bridge: Bridge, brand_id: str, source_id: str, target_id: str, actor: str, reason: str, seen: int | None = None
) -> Act:
    """Merge `source` into `target`; `seen` is the source's number as the caller read it.

    Raises NotFound, Stale, and NotAllowed with merge_itself, merge_cycle or merged.
    """
    async with bridge.store.writing() as uow:
        tickets = await uow.acts.hold(brand_id, source_id, target_id)
        source, target = tickets[source_id], tickets[target_id]
        if (wrong := hindrance(source, target)) is not None:
            raise NotAllowed(*wrong)
        check(source, seen)
        return await _merge(bridge, uow, source, target, actor, reason)


async def _merge(bridge: Bridge, uow: UnitOfWork, source: Ticket, target: Ticket, actor: str, reason: str) -> Act:
    now, brand = bridge.clock.now(), source.brand_id
    facts = united(source, target)
    first = {reply.id for reply in await uow.acts.acknowledgements(brand, target.id)}
    moved = await _everything(uow, source, target, facts)
    await uow.acts.move(
        brand,
        source.id,
        target.id,
        mentions=moved.mentions,
        entries=moved.entries,
        bindings=await uow.acts.bindings(brand, source.id),
        things=moved.things,
    )
    waiting = await hold_back(uow, to_hold(await uow.acts.acknowledgements(brand, target.id), first), now)
    await uow.tickets.change(source, now, state=TicketState.CLOSED, closed_at=now, merged_into=target.id)
    reasons = (*target.priority_reasons, *([taken_over(source.id)] if "priority" in facts else []))
    await set_facts(bridge, uow, target, {**facts, "priority_reasons": reasons}, now)
    act = Act(
        brand_id=brand,
        id=bridge.ids.new("act"),
        kind=ActKind.MERGE,
        source_id=source.id,
        target_id=target.id,
        actor=actor,
        reason=reason,
        at=now,
        turn=await next_turn(uow, brand, source.id, target.id),
        moved=replace(moved, held=[reply.id for reply in waiting]),
    )
    await uow.acts.add(act)
    await write(uow, bridge.ids, source, "merged", actor, now, reason=f"merged into {target.id}: {reason}")
    await write(uow, bridge.ids, target, "merged", actor, now, reason=f"{source.id} was merged into this: {reason}")
    await tell_both(uow, EventType.TICKET_MERGED, act, actor, now)
    bridge.observer.saw("ticket.merged", id=source.id, into=target.id, actor=actor)
    return act


async def _everything(uow: UnitOfWork, source: Ticket, target: Ticket, facts: dict[str, Any]) -> Moved:
    lines = await uow.acts.lines(source.brand_id, source.id)
    bindings = await uow.acts.bindings(source.brand_id, source.id)
    return Moved(
        mentions=[line.mention_id for line in lines if line.mention_id is not None],
        entries=[line.id for line in lines],
        bound=await uow.acts.standing_for(source.brand_id, source.id),
        stays=await uow.acts.under(source.brand_id, target.id, bindings),
        own=await uow.tickets.times_said(source.brand_id, target.id),
        things=await uow.acts.things(source.brand_id, source.id),
        before={name: getattr(target, name) for name in facts},
        after=facts,
        source={name: getattr(source, name) for name in _SOURCE},
    )


async def set_facts(bridge: Bridge, uow: UnitOfWork, ticket: Ticket, facts: dict[str, Any], now: datetime) -> Ticket:
    """Give a ticket the facts an act or its undoing leads to, and let its clocks follow."""
    changed = await uow.tickets.change(ticket, now, **facts)
    if changed.state in _ALIVE:
        await state_changed(bridge, uow, ticket, changed.state, now)
        await priority_changed(bridge, uow, changed, now)
    return changed


async def hold_back(uow: UnitOfWork, replies: Sequence[Reply], now: datetime) -> Sequence[Reply]:
    """Let these acknowledgements wait for a person."""
    for reply in replies:
        waiting = ReplyState.AWAITING_APPROVAL
        moved = await uow.replies.move(reply, waiting, now, reason=HELD, due=None, lease_until=None, lease_token=None)
        await tell(uow, EventType.REPLY_DRAFTED, moved, now, state=waiting, reason=HELD)
    return replies


async def next_turn(uow: UnitOfWork, brand_id: str, *ticket_ids: str) -> int:
    """Return a number above that of every act that touched one of these tickets."""
    acts = await uow.acts.of_ticket(brand_id, *ticket_ids)
    return 1 + max((act.turn for act in acts), default=0)


async def tell_both(uow: UnitOfWork, type_: EventType, act: Act, actor: str, now: datetime) -> None:
    """Tell an act for both of its tickets."""
    about: dict[str, Any] = {"act_id": act.id, "source_id": act.source_id, "target_id": act.target_id}
    for ticket_id in sorted((act.source_id, act.target_id)):
        await uow.events.add(type_, act.brand_id, now, ticket_id=ticket_id, actor=actor, reason=act.reason, **about)
