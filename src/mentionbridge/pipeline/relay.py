"""Relay: bring what is owed to the endpoints in hand, again and again until it was taken or ran out of tries.

What was brought is settled together with whatever else was brought meanwhile, so that many endpoints share a commit; an
endpoint that keeps us waiting delays none of the others.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime

from mentionbridge.domain.endpoint import Endpoint, Parcel
from mentionbridge.domain.events import EventType
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.carry import Turn, carry
from mentionbridge.pipeline.recover import recover_more
from mentionbridge.ports.store import Lease, UnitOfWork
from mentionbridge.rules.tries import HOLDS, is_unwell, must_disable

TURN = 50
HOLD_SECONDS = 5.0
_HOLD_SHARE = 0.25
_FOR_EVER = 1_000_000


async def relay(bridge: Bridge, leases: Sequence[Lease]) -> None:
    """Serve the endpoints of these leases until nothing is due at any of them, or we held them long enough."""
    hold = min(HOLD_SECONDS, _HOLD_SHARE * min(lease.seconds for lease in leases))
    until = bridge.clock.monotonic() + hold
    waiting, out = list(leases), set[asyncio.Task[Turn]]()
    try:
        while waiting or out:
            turns = await _look(bridge, waiting)
            out |= {asyncio.create_task(carry(bridge, turn, until)) for turn in turns if turn.parcels}
            done = [turn for turn in turns if not turn.parcels] or await _first(out)
            waiting = await _settle(bridge, done, until)
    finally:
        for task in out:
            task.cancel()
        await asyncio.gather(*out, return_exceptions=True)


async def _first(out: set[asyncio.Task[Turn]]) -> list[Turn]:
    """Wait for the first turns to end, and take them out."""
    done, _ = await asyncio.wait(out, return_when=asyncio.FIRST_COMPLETED)
    out -= done
    return [task.result() for task in done]


async def _look(bridge: Bridge, leases: Sequence[Lease]) -> list[Turn]:
    """Read what each endpoint is to be brought now, with the words as they stand now."""
    if not leases:
        return []
    async with bridge.store.reading() as uow:
        endpoints, now = await uow.deliveries.claimed(leases), bridge.clock.now()
        found = [(lease, endpoints[lease.id], await _due(uow, endpoints[lease.id], now)) for lease in leases]
        events = {parcel.event.id: parcel.event for *_, parcels in found for parcel in parcels}
        told = await uow.events.render_all(list(events.values()))
    return [
        Turn(lease, endpoint, parcels, told, endpoint.health, full=len(parcels) == TURN)
        for lease, endpoint, parcels in found
    ]


async def _due(uow: UnitOfWork, endpoint: Endpoint, now: datetime) -> Sequence[Parcel]:
    """Return what is due; of an unwell endpoint only one, and one ahead of its schedule rather than none."""
    resting = endpoint.health.resting_until
    if endpoint.disabled_at is not None or (resting is not None and resting > now):
        return []
    if not is_unwell(endpoint.health, now):
        return await uow.deliveries.waiting(endpoint, now, TURN, holds=HOLDS)
    if due := await uow.deliveries.waiting(endpoint, now, 1, holds=_FOR_EVER):
        return due
    oldest = await uow.deliveries.oldest(endpoint)
    return [oldest] if oldest is not None else []


async def _settle(bridge: Bridge, done: Sequence[Turn], until: float) -> list[Lease]:
    """Write down what came of some turns; returns the leases of endpoints that stay in hand."""
    kept: list[Lease] = []
    async with bridge.store.writing() as uow:
        held, now = await uow.deliveries.held([turn.lease for turn in done]), bridge.clock.now()
        # Who lost its lease meanwhile learns nothing: its deliveries come again, under the same ids.
        ours = [turn for turn in done if turn.lease.id in held]
        for turn in ours:
            endpoint = held[turn.lease.id]
            due = await _end(uow, turn, endpoint, now)
            if due is not None and due <= now and bridge.clock.monotonic() < until:
                kept.append(turn.lease)
            else:
                await uow.deliveries.release(endpoint, due)
    _tell(bridge, ours)
    return kept


async def _end(uow: UnitOfWork, turn: Turn, endpoint: Endpoint, now: datetime) -> datetime | None:
    """Keep one turn's attempts and the endpoint's health; returns when it has something to be brought next."""
    await uow.deliveries.note(endpoint, turn.attempted)
    if turn.health != endpoint.health and turn.attempted:
        await uow.deliveries.keep_health(endpoint, turn.health)
    if endpoint.disabled_at is not None or await _disabled(uow, turn, endpoint, now):
        return None
    if turn.health.resting_until is not None and turn.health.resting_until > now:
        anything = endpoint.recovered_to is not None or await uow.deliveries.oldest(endpoint) is not None
        return turn.health.resting_until if anything else None
    if is_unwell(turn.endpoint.health, now) and not turn.health.failures:
        await uow.deliveries.hurry(endpoint, now)
    if endpoint.recovered_to is not None and not turn.parcels:
        await recover_more(uow, endpoint, now)
    if turn.full or endpoint.recovered_to is not None:
        return now
    return await uow.deliveries.next_due(endpoint, now, holds=HOLDS)


async def _disabled(uow: UnitOfWork, turn: Turn, endpoint: Endpoint, now: datetime) -> bool:
    if turn.gone:
        why = "the subscriber answered 410 Gone"
    elif turn.attempted and must_disable(turn.health.failing_since, now):
        why = "it has failed for five days"
    else:
        return False
    await uow.deliveries.disable(endpoint, why, now)
    await uow.events.add(EventType.ENDPOINT_DISABLED, endpoint.brand_id, now, endpoint_id=endpoint.id, why=why)
    return True


def _tell(bridge: Bridge, turns: Iterable[Turn]) -> None:
    for turn in turns:
        for one in turn.attempted:
            told = "delivery.ok" if one.result.ok else "delivery.failed"
            bridge.observer.saw(told, id=one.parcel.id, endpoint=turn.endpoint.id, status=one.result.status)
