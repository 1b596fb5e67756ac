"""Publish: give new facts their place in the feed and owe them to every subscriber that asked."""

from collections.abc import Sequence

from mentionbridge.domain.endpoint import Endpoint
from mentionbridge.domain.events import Event
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.rules.wants import narrows, wants

BATCH = 100
"""With hundreds of subscribers each event is hundreds of rows, and others want to write too."""


async def publish(bridge: Bridge) -> int:
    """Place waiting events and plan their deliveries in one transaction; returns how many were placed."""
    async with bridge.store.writing() as uow:
        placed = await uow.events.place(BATCH)
        if not placed:
            return 0
        await uow.deliveries.plan(await _owed(uow, placed), bridge.clock.now())
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
