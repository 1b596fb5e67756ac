"""Watch: how long a customer waits for a person's answer, told before it is too long.

An acknowledgement by the machine ends no wait; only a person's answer does. A wait that ends without one is kept as
unanswered, so that it counts.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import Mention, Origin
from mentionbridge.domain.ticket import Ticket, TicketState
from mentionbridge.domain.wait import Wait, WaitEnd, WaitKind
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.ports.store import Lease, UnitOfWork
from mentionbridge.rules import waits as rules
from mentionbridge.rules.waits import Timing

_OVER = (TicketState.SOLVED, TicketState.CLOSED)


async def customer_spoke(
    bridge: Bridge, uow: UnitOfWork, ticket: Ticket, mention: Mention, *, first: bool = False
) -> None:
    """Begin to count, unless this customer is waited on already; imported and replayed history waits for nobody.

    Nor does a post of a story that is over: one edited then opens nothing again.
    """
    if not mention.silent and mention.origin is not Origin.REPLAY and ticket.state not in _OVER:
        await customer_waits(bridge, uow, ticket, mention.occurred_at, first=first)


async def customer_waits(
    bridge: Bridge, uow: UnitOfWork, ticket: Ticket, since: datetime, *, first: bool = False
) -> None:
    """Begin to count from then, unless this customer is waited on already."""
    waits = () if first else await uow.waits.of_ticket(ticket.brand_id, ticket.id)
    if any(wait.ended_at is None for wait in waits):
        return
    answered = any(wait.end is WaitEnd.ANSWERED for wait in waits)
    kind = WaitKind.NEXT if answered else WaitKind.FIRST
    timing, wait_id = bridge.timing_of(ticket.brand_id), bridge.ids.new("wai")
    wait = rules.begin(ticket.brand_id, wait_id, ticket.id, kind, ticket.priority, since, timing)
    await uow.waits.begin(wait, rules.next_look(wait, timing))


async def person_answered(bridge: Bridge, uow: UnitOfWork, brand_id: str, ticket_id: str, at: datetime) -> None:
    """End what this customer was waiting for when a person answered; what they said later still waits."""
    await _finish(bridge, uow, brand_id, ticket_id, WaitEnd.ANSWERED, at)


async def story_over(bridge: Bridge, uow: UnitOfWork, brand_id: str, ticket_id: str, at: datetime) -> None:
    """Nobody waits any more, and nobody was answered."""
    await _finish(bridge, uow, brand_id, ticket_id, WaitEnd.UNANSWERED, at)


async def state_changed(bridge: Bridge, uow: UnitOfWork, ticket: Ticket, to: TicketState, at: datetime) -> None:
    """Let the clock stand still while it is the customer's turn, and end it with the story."""
    if to in _OVER:
        await story_over(bridge, uow, ticket.brand_id, ticket.id, at)
        return
    timing = bridge.timing_of(ticket.brand_id)
    move = rules.stop if to is TicketState.PENDING else rules.run
    for wait in await _open_waits(uow, ticket.brand_id, ticket.id):
        await _keep(uow, move(wait, at, timing), timing)


async def priority_changed(bridge: Bridge, uow: UnitOfWork, ticket: Ticket, at: datetime) -> None:
    """Measure what runs against the target of the ticket's priority as it is now."""
    timing = bridge.timing_of(ticket.brand_id)
    for wait in await _open_waits(uow, ticket.brand_id, ticket.id):
        await _keep(uow, rules.retarget(wait, ticket.priority, at, timing), timing)


async def watch(bridge: Bridge, lease: Lease) -> None:
    """Tell that an answer is at risk, or late."""
    async with bridge.store.writing() as uow:
        await uow.claims.check(lease)
        wait = await uow.waits.get(lease.brand_id, lease.id)
        now, timing = bridge.clock.now(), bridge.timing_of(lease.brand_id)
        if wait is None or wait.ended_at is not None:
            await uow.claims.done(lease)
            return
        if wait.due_at is not None and now >= wait.due_at:
            wait = replace(wait, warned_at=wait.warned_at or now, breached_at=now)
            await _tell(uow, EventType.SLA_BREACHED, wait, now)
        elif (risk := rules.risk_at(wait, timing)) is not None and now >= risk and wait.warned_at is None:
            wait = replace(wait, warned_at=now)
            await _tell(uow, EventType.SLA_AT_RISK, wait, now)
        await _keep(uow, wait, timing)


async def _finish(bridge: Bridge, uow: UnitOfWork, brand_id: str, ticket_id: str, end: WaitEnd, at: datetime) -> None:
    timing = bridge.timing_of(brand_id)
    for wait in await _open_waits(uow, brand_id, ticket_id):
        if end is WaitEnd.ANSWERED and wait.started_at > at:
            continue
        late = wait.due_at is not None and at > wait.due_at and wait.breached_at is None
        if late:
            await _tell(uow, EventType.SLA_BREACHED, wait, at)
        ended = rules.finish(wait, end, at, timing)
        await _keep(uow, replace(ended, breached_at=at) if late else ended, timing)


async def _open_waits(uow: UnitOfWork, brand_id: str, ticket_id: str) -> Sequence[Wait]:
    return [wait for wait in await uow.waits.of_ticket(brand_id, ticket_id) if wait.ended_at is None]


async def _keep(uow: UnitOfWork, wait: Wait, timing: Timing) -> None:
    await uow.waits.keep(wait, rules.next_look(wait, timing))


async def _tell(uow: UnitOfWork, type_: EventType, wait: Wait, now: datetime) -> None:
    await uow.events.add(
        type_,
        wait.brand_id,
        now,
        ticket_id=wait.ticket_id,
        waiting_for=wait.kind,
        waiting_since=wait.started_at.isoformat(),
        due_at=wait.due_at.isoformat() if wait.due_at else None,
        target_seconds=wait.target.total_seconds(),
    )
