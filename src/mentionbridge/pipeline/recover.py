"""Recover: owe a subscriber again what it never got, a stretch of the feed at a time."""

from datetime import datetime

from mentionbridge.domain.endpoint import Endpoint
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.rules.wants import narrows, wants

STRETCH = 500


async def recover_more(uow: UnitOfWork, endpoint: Endpoint, now: datetime) -> None:
    """Plan the next stretch on the way to `recover_until`; what was delivered or waits already is left alone."""
    if endpoint.recovered_to is None or endpoint.recover_until is None:
        return
    found = await uow.events.between(endpoint.brand_id, endpoint.recovered_to, endpoint.recover_until, STRETCH)
    about = await uow.events.about(found) if narrows(endpoint) else {}
    wanted = [event for event in found if wants(endpoint, event, about.get(event.id))]
    await uow.deliveries.plan_again(endpoint, wanted, now)
    await uow.deliveries.recovered(endpoint, found[-1].position if len(found) == STRETCH else None)
