"""Split: what was never one story becomes two; named posts and notes go to a ticket of their own."""

from collections.abc import Collection, Sequence
from datetime import datetime

from mentionbridge.domain.act import Act, ActKind, Binding, Moved
from mentionbridge.domain.errors import NotAllowed
from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import Mention, Surface
from mentionbridge.domain.ticket import Entry, Ticket, TicketState
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.merge import next_turn, tell_both
from mentionbridge.pipeline.timeline import check, write
from mentionbridge.pipeline.watch import customer_spoke
from mentionbridge.ports.store import UnitOfWork

_OVER = (TicketState.SOLVED, TicketState.CLOSED)


async def split(
    bridge: Bridge,
    brand_id: str,
    ticket_id: str,
    entry_ids: Collection[str],
    actor: str,
    reason: str,
    seen: int | None = None,
) -> Act:
    """Move these lines to a new ticket, which is the act's target.

    Raises NotFound, Stale, and NotAllowed with not_its_line, line_stays, split_of_nothing, split_of_everything, merged.
    """
    async with bridge.store.writing() as uow:
        source = (await uow.acts.hold(brand_id, ticket_id))[ticket_id]
        check(source, seen)
        lines = await uow.acts.lines(brand_id, ticket_id)
        chosen = _choose(lines, set(entry_ids))
        return await _split(bridge, uow, source, lines, chosen, actor, reason)


def _choose(lines: Sequence[Entry], wanted: set[str]) -> list[Entry]:
    chosen = [line for line in lines if line.id in wanted]
    if missing := wanted - {line.id for line in chosen}:
        raise NotAllowed("not_its_line", f"This ticket has no line {min(missing)}.")
    if any(line.mention_id is None and line.text is None for line in chosen):
        raise NotAllowed("line_stays", "Only posts and notes are split off; an answer goes with the post it answers.")
    if not any(line.mention_id for line in chosen):
        raise NotAllowed("split_of_nothing", "Name at least one post of the customer to split off.")
    if not any(line.mention_id for line in lines if line.id not in wanted):
        raise NotAllowed("split_of_everything", "At least one post must stay; to move all, merge the ticket instead.")
    return chosen


async def _split(
    bridge: Bridge,
    uow: UnitOfWork,
    source: Ticket,
    lines: Sequence[Entry],
    chosen: Sequence[Entry],
    actor: str,
    reason: str,
) -> Act:
    now, brand = bridge.clock.now(), source.brand_id
    moved, bindings = await _what_goes(uow, source, lines, chosen)
    said = [mention for each in moved.mentions if (mention := await uow.mentions.get(brand, each)) is not None]
    first = min(said, key=lambda mention: (mention.occurred_at, mention.id))
    target = _new_ticket(bridge, source, first, said, reason, now)
    await uow.tickets.open(target)
    await uow.acts.move(
        brand,
        source.id,
        target.id,
        mentions=moved.mentions,
        entries=moved.entries,
        bindings=bindings,
        things=moved.things,
    )
    if any(wait.ended_at is None for wait in await uow.waits.of_ticket(brand, source.id)):
        await customer_spoke(bridge, uow, target, first)
    turn = await next_turn(uow, brand, source.id)
    act = Act(brand, bridge.ids.new("act"), ActKind.SPLIT, source.id, target.id, actor, reason, now, turn, moved)
    await uow.acts.add(act)
    await write(uow, bridge.ids, source, "split", actor, now, reason=f"some was split off into {target.id}: {reason}")
    await write(uow, bridge.ids, target, "split", actor, now, reason=f"split off from {source.id}: {reason}")
    await _tell(uow, act, target, first, now)
    bridge.observer.saw("ticket.split", id=source.id, into=target.id, actor=actor)
    return act


async def _what_goes(
    uow: UnitOfWork, source: Ticket, lines: Sequence[Entry], chosen: Sequence[Entry]
) -> tuple[Moved, Sequence[Binding]]:
    brand, going = source.brand_id, {line.id for line in chosen}
    mentions = [line.mention_id for line in chosen if line.mention_id is not None]
    staying = [line.mention_id for line in lines if line.mention_id is not None and line.id not in going]
    stay = set(await uow.acts.bindings_of(brand, staying))
    theirs = set(await uow.acts.bindings_of(brand, mentions))
    bound = [each for each in await uow.acts.bindings(brand, source.id) if each in theirs and each not in stay]
    answers = await uow.acts.lines_of_answers(brand, source.id, mentions)
    return Moved(mentions=mentions, entries=[*sorted(going), *answers]), bound


def _new_ticket(
    bridge: Bridge, source: Ticket, first: Mention, said: Sequence[Mention], reason: str, now: datetime
) -> Ticket:
    public = any(mention.surface is Surface.PUBLIC for mention in said)
    return Ticket(
        brand_id=source.brand_id,
        id=bridge.ids.new("tkt"),
        account_id=first.account_id,
        platform=first.platform,
        author_id=first.author_id,
        thread_id=first.thread_id,
        state=TicketState.OPEN if source.state in _OVER else source.state,
        priority=source.priority,
        priority_reasons=source.priority_reasons,
        priority_by=source.priority_by,
        topic=source.topic,
        place=source.place,
        team=source.team,
        assignee_id=source.assignee_id,
        assignee_name=source.assignee_name,
        surface=Surface.PUBLIC if public else Surface.PRIVATE,
        opened_because=f"split off from {source.id}: {reason}",
        occurred_at=first.occurred_at,
        received_at=first.received_at,
        updated_at=now,
        sequence=0,
        permalink=first.permalink,
    )


async def _tell(uow: UnitOfWork, act: Act, target: Ticket, first: Mention, now: datetime) -> None:
    await uow.events.add(
        EventType.TICKET_OPENED,
        act.brand_id,
        now,
        ticket_id=target.id,
        account_id=first.account_id,
        mention_id=first.id,
        reason=target.opened_because,
        priority=target.priority,
    )
    await tell_both(uow, EventType.TICKET_SPLIT, act, act.actor, now)
