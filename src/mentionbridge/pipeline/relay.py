"""Relay: bring what is owed to the endpoints in hand, again and again until it was taken or ran out of tries.

What was brought is settled together with whatever else was brought meanwhile, so that many endpoints share a commit; an
endpoint that keeps us waiting delays none of the others.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from mentionbridge.domain.endpoint import Endpoint, Health, Parcel
from mentionbridge.domain.events import EventType
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.carry import Turn, carry
from mentionbridge.pipeline.recover import recover_more
from mentionbridge.ports.store import Lease, UnitOfWork
from mentionbridge.rules.tries import HOLDS, is_back, is_unwell, must_disable

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
        due = await _due(uow, [endpoints[lease.id] for lease in leases], now)
        events = {parcel.event.id: parcel.event for parcels in due.values() for parcel in parcels}
        told = await uow.events.render_all(list(events.values()))
    turns = ((lease, endpoints[lease.id], due.get(lease.id, ())) for lease in leases)
    return [
        Turn(lease, endpoint, parcels, told, endpoint.health, full=len(parcels) == TURN)
        for lease, endpoint, parcels in turns
    ]


async def _due(uow: UnitOfWork, endpoints: Sequence[Endpoint], now: datetime) -> Mapping[str, Sequence[Parcel]]:
    """Return what is due at each; of an unwell endpoint only one, and one ahead of its schedule rather than none."""
    up = [each for each in endpoints if each.disabled_at is None and not _rests(each.health, now)]
    well = [each for each in up if not is_unwell(each.health, now)]
    unwell = [each for each in up if is_unwell(each.health, now)]
    found = {
        **await uow.deliveries.waiting(well, now, TURN, holds=HOLDS),
        **await uow.deliveries.waiting(unwell, now, 1, holds=_FOR_EVER),
    }
    for endpoint in unwell:
        if not found[endpoint.id] and (oldest := await uow.deliveries.oldest(endpoint)) is not None:
            found[endpoint.id] = [oldest]
    return found


def _rests(health: Health, now: datetime) -> bool:
    return health.resting_until is not None and health.resting_until > now


async def _settle(bridge: Bridge, done: Sequence[Turn], until: float) -> list[Lease]:
    """Write down what came of some turns; returns the leases of endpoints that stay in hand."""
    async with bridge.store.writing() as uow:
        held, now = await uow.deliveries.held([turn.lease for turn in done]), bridge.clock.now()
        # Who lost its lease meanwhile learns nothing: its deliveries come again, under the same ids.
        ours = [(turn, held[turn.lease.id]) for turn in done if turn.lease.id in held]
        await uow.deliveries.note([(endpoint, one) for turn, endpoint in ours for one in turn.attempted])
        changed = [(turn, each) for turn, each in ours if turn.attempted and turn.health != each.health]
        await uow.deliveries.keep_health([(endpoint, turn.health) for turn, endpoint in changed])
        next_due = await _next_due(uow, ours, now)
        goes_on = bridge.clock.monotonic() < until
        kept = {id_ for id_, due in next_due.items() if goes_on and due is not None and due <= now}
        await uow.deliveries.release([(held[id_], due) for id_, due in next_due.items() if id_ not in kept])
    _tell(bridge, [turn for turn, _ in ours])
    return [turn.lease for turn, _ in ours if turn.lease.id in kept]


async def _next_due(
    uow: UnitOfWork, ours: Sequence[tuple[Turn, Endpoint]], now: datetime
) -> Mapping[str, datetime | None]:
    """Return when each endpoint has something to be brought next; None when nothing is owed, or it is disabled."""
    at_once = {endpoint.id for turn, endpoint in ours if await _end(uow, turn, endpoint, now)}
    told = [turn for turn, endpoint in ours if endpoint.disabled_at is None and not _must_end(turn, now)]
    waits = await uow.deliveries.next_due([turn.endpoint for turn in told], now, holds=HOLDS)
    found: dict[str, datetime | None] = {endpoint.id: None for _, endpoint in ours}
    for turn in told:
        found[turn.lease.id] = _when(turn, now if turn.lease.id in at_once else waits.get(turn.lease.id), now)
    return found


def _when(turn: Turn, due: datetime | None, now: datetime) -> datetime | None:
    return turn.health.resting_until if due is not None and _rests(turn.health, now) else due


async def _end(uow: UnitOfWork, turn: Turn, endpoint: Endpoint, now: datetime) -> bool:
    """Do what one turn alone calls for; True when the endpoint surely has more to be brought."""
    if endpoint.disabled_at is not None:
        return False
    if why := _must_end(turn, now):
        await uow.deliveries.disable(endpoint, why, now)
        await uow.events.add(EventType.ENDPOINT_DISABLED, endpoint.brand_id, now, endpoint_id=endpoint.id, why=why)
        return False
    if turn.attempted and is_back(turn.endpoint.health, turn.health):
        await uow.deliveries.hurry(endpoint, now)
    if endpoint.recovered_to is not None and not turn.parcels and not _rests(turn.health, now):
        await recover_more(uow, endpoint, now)
    return turn.full or endpoint.recovered_to is not None


def _must_end(turn: Turn, now: datetime) -> str | None:
    """Say why this endpoint is no longer told anything, or None."""
    if turn.gone:
        return "the subscriber answered 410 Gone"
    if turn.attempted and must_disable(turn.health.failing_since, now):
        return "it has failed for five days"
    return None


def _tell(bridge: Bridge, turns: Iterable[Turn]) -> None:
    for turn in turns:
        for one in turn.attempted:
            told = "delivery.ok" if one.result.ok else "delivery.failed"
            bridge.observer.saw(told, id=one.parcel.id, endpoint=turn.endpoint.id, status=one.result.status)
