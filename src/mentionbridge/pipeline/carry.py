"""Carry: bring to one endpoint what its turn holds, each line in order, several lines at once."""

import asyncio
from collections import deque
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mentionbridge.domain.endpoint import Attempted, Endpoint, Health, Parcel
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.ports.store import Lease
from mentionbridge.rules.tries import after, attempted, is_unwell

AT_ONCE = 4
FRESH_SECONDS = 2.0
"""So long after its words were joined an event may still set out; then they are joined anew."""


@dataclass(slots=True)
class Turn:
    """One endpoint's turn: what was to be brought to it, what came of that, and how it is doing now.

    `told` is each event's data by id, joined when the turn began; `full` when more may have been due.
    """

    lease: Lease
    endpoint: Endpoint
    parcels: Sequence[Parcel]
    told: Mapping[str, Mapping[str, Any]]
    health: Health
    full: bool = False
    gone: bool = False
    attempted: list[Attempted] = field(default_factory=list)


async def carry(bridge: Bridge, turn: Turn, until: float) -> Turn:
    """Begin no attempt after `until` on the steady clock, nor once the endpoint wants to be left in peace."""
    until = min(until, bridge.clock.monotonic() + FRESH_SECONDS)
    lines = deque(_lines(turn.parcels))

    async def walk() -> None:
        while lines:
            for parcel in lines.popleft():
                if not _go_on(bridge, turn, until):
                    return
                if not await _bring(bridge, turn, parcel):
                    break

    await together(walk() for _ in range(min(AT_ONCE, len(lines))))
    return turn


def _lines(parcels: Sequence[Parcel]) -> Iterable[list[Parcel]]:
    lines: dict[str, list[Parcel]] = {}
    for parcel in parcels:
        lines.setdefault(parcel.line, []).append(parcel)
    return lines.values()


def _go_on(bridge: Bridge, turn: Turn, until: float) -> bool:
    if turn.gone or bridge.clock.monotonic() > until:
        return False
    now = bridge.clock.now()
    resting = turn.health.resting_until is not None and turn.health.resting_until > now
    # An unwell endpoint is knocked at once a turn.
    return not turn.attempted or not (resting or is_unwell(turn.health, now))


async def _bring(bridge: Bridge, turn: Turn, parcel: Parcel) -> bool:
    event, began = parcel.event, bridge.clock.monotonic()
    result = await bridge.courier.deliver(turn.endpoint, event.id, event.type, event.occurred_at, turn.told[event.id])
    now = bridge.clock.now()
    turn.attempted.append(attempted(parcel, result, now))
    turn.health = after(turn.health, result, now, bridge.clock.monotonic() - began)
    turn.gone = turn.gone or result.gone
    return result.ok


async def together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run all at once; when one fails, stop the others and raise what it raised."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        for task in asyncio.as_completed(tasks):
            await task
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
