"""Publish: give new facts their place in the feed and owe them to every subscriber that asked."""

from collections.abc import Callable, Sequence
from datetime import datetime

from mentionbridge.domain.endpoint import Endpoint
from mentionbridge.domain.events import Event, EventType
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.ports.store import Queue, UnitOfWork
from mentionbridge.rules.wants import narrows, wants

BATCH = 100
"""With hundreds of subscribers each event is hundreds of rows, and others want to write too."""


def _nobody(*queues: Queue) -> None:
    """Wake nobody: what is due is found in time all the same."""


async def publish(bridge: Bridge, wake: Callable[..., None] = _nobody) -> int:
    """Place waiting events and plan their deliveries in one transaction; returns how many were placed.

    `wake` is called with the queues that have work by that.
    """
    async with bridge.store.writing() as uow:
        placed = await uow.events.place(BATCH)
        if not placed:
            return 0
        now = bridge.clock.now()
        owed = await _owed(uow, placed)
        await uow.deliveries.plan(owed, now)
        mirrored = await _want_mirrors(bridge, uow, placed, now)
    wake(*((Queue.DELIVER, Queue.DELIVER_SLOW) if owed else ()), *((Queue.MIRROR,) if mirrored else ()))
    for event in placed:
        bridge.observer.saw(
            f"event.{event.type}",
            id=event.id,
            position=event.position,
            ticket=event.ticket_id,
            account=event.account_id,
        )
    return len(placed)


async def _owed(uow: UnitOfWork, placed: Sequence[Event]) -> list[tuple[Endpoint, Event]]:
    endpoints = await uow.deliveries.subscribed()
    about = await uow.events.about(placed) if any(narrows(endpoint) for endpoint in endpoints) else {}
    return [(each, event) for event in placed for each in endpoints if wants(each, event, about.get(event.id))]


async def _want_mirrors(bridge: Bridge, uow: UnitOfWork, placed: Sequence[Event], now: datetime) -> bool:
    newest = {(event.brand_id, event.ticket_id): event.sequence for event in placed if event.ticket_id is not None}
    for event in placed:
        # An erasure changes stories without a word in any of them.
        for ticket_id in event.facts.get("tickets", ()) if event.type is EventType.CUSTOMER_ERASED else ():
            newest.setdefault((event.brand_id, ticket_id), 0)
    desks = list(bridge.desks.values())
    wanted = [(*story, desk.name) for story in sorted(newest) for desk in desks if desk.brand_id == story[0]]
    for brand_id, ticket_id, desk in wanted:
        await uow.mirrors.want(brand_id, ticket_id, desk, newest[brand_id, ticket_id], now)
    return bool(wanted)
