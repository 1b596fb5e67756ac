"""Close: what was solved a week ago and not spoken of since is over."""

from mentionbridge.domain.ticket import CLOSE_AFTER, Hand, Ticket, TicketState
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.change import apply

AT_ONCE = 100
BY = "the bridge"
"""Who it was, where the timeline names who did it."""


async def close_solved(bridge: Bridge) -> int:
    """Close some of the tickets that were solved long enough ago; returns how many there were."""
    ripe_before = bridge.clock.now() - CLOSE_AFTER
    async with bridge.store.reading() as uow:
        ripe = await uow.tickets.solved_before(ripe_before, AT_ONCE)
    for ticket in ripe:
        await _close(bridge, ticket)
    return len(ripe)


async def _close(bridge: Bridge, ripe: Ticket) -> None:
    async with bridge.store.writing() as uow:
        ticket = await uow.tickets.hold(ripe.brand_id, ripe.id)
        if (ticket.state, ticket.solved_at) == (TicketState.SOLVED, ripe.solved_at):
            await apply(bridge, uow, ticket, {"state": TicketState.CLOSED}, BY, Hand.BRIDGE)
