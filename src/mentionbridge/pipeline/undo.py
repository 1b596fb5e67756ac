"""Undo: a merge or split was wrong; everything goes back to where it would be without it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mentionbridge.domain.act import Act, ActKind, Binding
from mentionbridge.domain.errors import NotAllowed, NotFound
from mentionbridge.domain.events import EventType
from mentionbridge.domain.reply import ReplyState
from mentionbridge.domain.ticket import Ticket, TicketState
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.ledger import tell
from mentionbridge.pipeline.merge import HELD, hold_back, set_facts, tell_both
from mentionbridge.pipeline.timeline import check_seen, write
from mentionbridge.pipeline.watch import customer_spoke
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.rules.merging import newer, restored, taken_over, to_hold

_STATE = ("state", "solved_at", "closed_at")
_OPENED = {"state": TicketState.OPEN, "solved_at": None, "closed_at": None}
_UNTOUCHED = (TicketState.NEW, TicketState.OPEN)


async def undo(
    bridge: Bridge, brand_id: str, ticket_id: str, act_id: str | None, actor: str, seen: int | None = None
) -> Act:
    """Undo an act that touched this ticket, the newest when none is named.

    Raises NotFound, Stale, and NotAllowed with nothing_to_undo, undone or newer_act.
    """
    async with bridge.store.writing() as uow:
        found = await _find(uow, brand_id, ticket_id, act_id)
        tickets = await uow.acts.hold(brand_id, found.source_id, found.target_id)
        check_seen(tickets[ticket_id], seen)
        act = _undoable(found.id, await uow.acts.of_ticket(brand_id, found.source_id, found.target_id))
        back = _unmerge if act.kind is ActKind.MERGE else _unsplit
        await back(bridge, uow, act, tickets[act.source_id], tickets[act.target_id], actor)
        await uow.acts.undone(act, actor, bridge.clock.now())
    bridge.observer.saw("ticket.undone", id=act.source_id, other=act.target_id, kind=act.kind, actor=actor)
    return act


async def _find(uow: UnitOfWork, brand_id: str, ticket_id: str, act_id: str | None) -> Act:
    if await uow.tickets.get(brand_id, ticket_id) is None:
        raise NotFound(f"There is no ticket {ticket_id}.")
    acts = await uow.acts.of_ticket(brand_id, ticket_id)
    if act_id is not None:
        if (named := next((act for act in acts if act.id == act_id), None)) is None:
            raise NotFound(f"Nothing called {act_id} was done to this ticket.")
        return named
    if (newest := next((act for act in acts if act.undone_at is None), None)) is None:
        raise NotAllowed("nothing_to_undo", "This ticket was neither merged nor split, or all of that is undone.")
    return newest


def _undoable(act_id: str, acts: Collection[Act]) -> Act:
    act = next(each for each in acts if each.id == act_id)
    if act.undone_at is not None:
        raise NotAllowed("undone", f"This {act.kind} was undone already by {act.undone_by}.")
    if (later := newer(act, acts)) is not None:
        raise NotAllowed("newer_act", f"The {later.kind} {later.id} came after it; undo that first.")
    return act


@dataclass(frozen=True, slots=True)
class _Returning:
    """What goes back to the source of a merge; `since` are the mentions that came after it."""

    mentions: Collection[str]
    since: Collection[str]
    entries: Collection[str]
    things: Mapping[str, Collection[str]]


async def _unmerge(bridge: Bridge, uow: UnitOfWork, act: Act, source: Ticket, target: Ticket, actor: str) -> None:
    now, brand = bridge.clock.now(), act.brand_id
    waiting = await _waits(uow, target)
    bindings = await uow.acts.bindings_of(brand, act.moved.bound)
    going = await _returning(uow, act, bindings)
    await uow.acts.move(
        brand,
        target.id,
        source.id,
        mentions=going.mentions,
        entries=going.entries,
        bindings=bindings,
        things=going.things,
    )
    spoken = await uow.tickets.times_said(brand, target.id) > act.moved.own
    source = await set_facts(bridge, uow, source, _as_before(act, bool(going.since)), now)
    target = await set_facts(bridge, uow, target, _restored(act, target, spoken), now)
    for ticket, again in ((source, bool(going.since)), (target, spoken)):
        if waiting and again:
            await _wait_on(bridge, uow, ticket)
    await _let_go(uow, act, now)
    why = f"the merge of {source.id} into {target.id} was undone"
    await _write_both(bridge, uow, source, target, "unmerged", actor, why, now)
    await tell_both(uow, EventType.TICKET_UNMERGED, act, actor, now)


async def _returning(uow: UnitOfWork, act: Act, bindings: Collection[Binding]) -> _Returning:
    brand, ticket_id, moved = act.brand_id, act.target_id, act.moved
    lines = await uow.acts.lines(brand, ticket_id)
    there = {line.mention_id for line in lines if line.mention_id is not None}
    since = set(await uow.acts.under(brand, ticket_id, bindings)) - set(moved.stays) - set(moved.mentions)
    mentions = (set(moved.mentions) & there) | since
    told = {line.id for line in lines if line.id in moved.entries or line.mention_id in mentions}
    answers = await uow.acts.lines_of_answers(brand, ticket_id, mentions)
    things = {name: set(ids) for name, ids in moved.things.items()}
    things["waits"] = things.get("waits", set()) | await _begun_by(uow, act, since)
    return _Returning(mentions, since, told | set(answers), things)


async def _begun_by(uow: UnitOfWork, act: Act, mention_ids: Collection[str]) -> set[str]:
    """Return the waits that began with these mentions."""
    said = [await uow.mentions.get(act.brand_id, mention_id) for mention_id in mention_ids]
    moments = {mention.occurred_at for mention in said if mention is not None}
    return {wait.id for wait in await uow.waits.of_ticket(act.brand_id, act.target_id) if wait.started_at in moments}


def _as_before(act: Act, spoken: bool) -> dict[str, Any]:
    facts = {**act.moved.source, "merged_into": None}
    return facts | (_OPENED if spoken and facts["state"] not in _UNTOUCHED else {})


def _restored(act: Act, target: Ticket, spoken: bool) -> dict[str, Any]:
    facts = restored(target, act.moved.before, act.moved.after)
    facts["priority_reasons"] = tuple(why for why in target.priority_reasons if why != taken_over(act.source_id))
    return {name: value for name, value in facts.items() if not (spoken and name in _STATE)}


async def _waits(uow: UnitOfWork, ticket: Ticket) -> bool:
    return any(wait.ended_at is None for wait in await uow.waits.of_ticket(ticket.brand_id, ticket.id))


async def _wait_on(bridge: Bridge, uow: UnitOfWork, ticket: Ticket) -> None:
    newest = await uow.mentions.newest_of(ticket.brand_id, ticket.id, None)
    if newest is not None:
        await customer_spoke(bridge, uow, ticket, newest)


async def _let_go(uow: UnitOfWork, act: Act, now: datetime) -> None:
    """Queue again what only waited because of the merge."""
    for reply_id in act.moved.held:
        reply = await uow.replies.get(act.brand_id, reply_id)
        if reply is not None and (reply.state, reply.reason) == (ReplyState.AWAITING_APPROVAL, HELD):
            queued = await uow.replies.move(reply, ReplyState.QUEUED, now, reason=None, due=now)
            await tell(uow, EventType.REPLY_DRAFTED, queued, now, state=queued.state)


async def _unsplit(bridge: Bridge, uow: UnitOfWork, act: Act, source: Ticket, target: Ticket, actor: str) -> None:
    now, brand = bridge.clock.now(), act.brand_id
    lines = await uow.acts.lines(brand, target.id)
    mentions = [line.mention_id for line in lines if line.mention_id is not None]
    if await _waits(uow, source):
        await uow.acts.drop_waits(brand, target.id)
    first = {reply.id for reply in await uow.acts.acknowledgements(brand, source.id)}
    await uow.acts.move(
        brand,
        target.id,
        source.id,
        mentions=mentions,
        entries=[line.id for line in lines],
        bindings=await uow.acts.bindings(brand, target.id),
        things=await uow.acts.things(brand, target.id),
    )
    await hold_back(uow, to_hold(await uow.acts.acknowledgements(brand, source.id), first), now)
    spoken = bool(set(mentions) - set(act.moved.mentions)) and source.state not in _UNTOUCHED
    await set_facts(bridge, uow, source, _OPENED if spoken else {}, now)
    await uow.tickets.change(target, now, state=TicketState.CLOSED, closed_at=now, merged_into=source.id)
    why = f"the split of {target.id} from {source.id} was undone"
    await _write_both(bridge, uow, source, target, "unsplit", actor, why, now)
    await tell_both(uow, EventType.TICKET_MERGED, act, actor, now)


async def _write_both(
    bridge: Bridge, uow: UnitOfWork, source: Ticket, target: Ticket, kind: str, actor: str, why: str, now: datetime
) -> None:
    for ticket in (source, target):
        await write(uow, bridge.ids, ticket, kind, actor, now, reason=why)
