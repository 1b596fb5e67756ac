"""Relay: bring one event to one subscriber, again and again until it took it or ran out of tries."""

from datetime import datetime

from mentionbridge.domain.events import EventType
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.ports.feed import DeliveryResult, Endpoint
from mentionbridge.ports.store import Lease, UnitOfWork
from mentionbridge.rules.tries import must_disable, next_attempt


async def relay(bridge: Bridge, lease: Lease) -> None:
    """Make one attempt at the delivery this lease is for; the words are joined now, as they stand now."""
    async with bridge.store.reading() as uow:
        found = await uow.events.delivery(lease.brand_id, lease.id)
        data = await uow.events.render(found[1]) if found else None
    if found is None or data is None:
        async with bridge.store.writing() as uow:
            await uow.claims.done(lease)
        return
    endpoint, event = found
    result = await bridge.courier.deliver(endpoint, event.id, event.type, event.occurred_at, data)
    async with bridge.store.writing() as uow:
        now = bridge.clock.now()
        if result.ok:
            await uow.events.delivered(lease, result, now)
            await uow.claims.done(lease)
        else:
            await _failed(uow, lease, endpoint, result, now)
    bridge.observer.saw(
        "delivery.ok" if result.ok else "delivery.failed", id=lease.id, endpoint=endpoint.id, status=result.status
    )


async def _failed(uow: UnitOfWork, lease: Lease, endpoint: Endpoint, result: DeliveryResult, now: datetime) -> None:
    due = next_attempt(lease.attempts, now, asked=result.retry_at)
    dead = result.gone or due is None
    await uow.events.undelivered(lease, result, now, dead=dead)
    failing_since = endpoint.failing_since or now
    if result.gone:
        await _disable(uow, endpoint, "the subscriber answered 410 Gone", now)
    elif must_disable(failing_since, now):
        await _disable(uow, endpoint, "it has failed for five days", now)
    await uow.claims.done(lease, None if dead else due)


async def _disable(uow: UnitOfWork, endpoint: Endpoint, why: str, now: datetime) -> None:
    await uow.events.disable_endpoint(endpoint, why, now)
    await uow.events.add(EventType.ENDPOINT_DISABLED, endpoint.brand_id, now, endpoint_id=endpoint.id, why=why)
