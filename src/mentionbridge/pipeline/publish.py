"""Publish: give new facts their place in the feed and owe them to every subscriber that asked."""

from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.ports.feed import Endpoint

BATCH = 500


async def publish(bridge: Bridge) -> int:
    """Place waiting events and plan their deliveries in one transaction; returns how many were placed."""
    async with bridge.store.writing() as uow:
        placed = await uow.events.place(BATCH)
        if not placed:
            return 0
        endpoints = await uow.events.endpoints()
        now = bridge.clock.now()
        for event in placed:
            for endpoint in endpoints:
                if endpoint.brand_id == event.brand_id and wants(endpoint, event.type):
                    await uow.events.plan_delivery(endpoint, event, now)
    for event in placed:
        bridge.observer.saw(
            f"event.{event.type}",
            id=event.id,
            position=event.position,
            ticket=event.ticket_id,
            account=event.account_id,
        )
    return len(placed)


def wants(endpoint: Endpoint, type_: str) -> bool:
    """True when the subscriber asked for this type; an empty list asks for all."""
    return not endpoint.types or type_ in endpoint.types
