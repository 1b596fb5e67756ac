"""Forget: a person leaves, and what was kept for long enough goes by itself."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from mentionbridge.domain.customer import Erased
from mentionbridge.domain.errors import NotFound
from mentionbridge.domain.events import EventType
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.watch import story_over

AT_ONCE = 500


async def forget(bridge: Bridge, brand_id: str, customer_id: str, actor: str) -> Erased:
    """Erase a customer's words and names everywhere, keep the counts, tell the mirrors; repeating it is harmless."""
    async with bridge.store.writing() as uow:
        customer = await uow.customers.get(brand_id, customer_id)
        if customer is None:
            raise NotFound("There is no such customer.")
        if customer.merged_into is not None:
            raise NotFound(f"This customer is {customer.merged_into}; erase that one.")
        now = bridge.clock.now()
        erased = await uow.customers.erase(brand_id, customer_id, now)
        for ticket_id in erased.tickets:
            await story_over(bridge, uow, brand_id, ticket_id, now)
        for ticket_id in erased.closed:
            closed: dict[str, Any] = {"changed": ["state"], "actor": actor}
            await uow.events.add(EventType.TICKET_CLOSED, brand_id, now, ticket_id=ticket_id, **closed)
        if customer.erased_at is None:
            told: dict[str, Any] = {"customer_id": customer_id, "tickets": list(erased.tickets), "actor": actor}
            await uow.events.add(EventType.CUSTOMER_ERASED, brand_id, now, **told)
    bridge.observer.saw("customer.erased", id=customer_id, actor=actor, left=erased.left)
    return erased


async def forget_network(bridge: Bridge, brand_id: str, platform: str, actor: str) -> AsyncIterator[Erased]:
    """Erase everybody who was met on a network, one after the other; who is known elsewhere, too, is forgotten there.

    For networks that want all of theirs gone from whoever may no longer use them.
    """
    after = ""
    while True:
        async with bridge.store.reading() as uow:
            met = await uow.customers.met_on(brand_id, platform, after, AT_ONCE)
        for customer_id in met:
            yield await forget(bridge, brand_id, customer_id, actor)
        if len(met) < AT_ONCE:
            return
        after = met[-1]


async def retire(bridge: Bridge, brand_id: str) -> int:
    """Remove words and raw payloads that were kept for long enough; returns how many mentions lost something."""
    done, now, keeping = 0, bridge.clock.now(), bridge.keeps(brand_id)
    if keeping.payloads is not None:
        while purged := await _purge_payloads(bridge, brand_id, now - keeping.payloads):
            done += purged
    if keeping.words is not None:
        while purged := await _purge_words(bridge, brand_id, now - keeping.words, now):
            done += purged
    return done


async def let_go(bridge: Bridge, brand_id: str) -> int:
    """Remove deliveries and arrivals settled long enough ago; returns how many. The events themselves stay."""
    kept = bridge.keeps(brand_id).settled
    done, gone = 0, AT_ONCE
    while kept is not None and gone:
        async with bridge.store.writing() as uow:
            before = bridge.clock.now() - kept
            gone = await uow.deliveries.let_go(brand_id, before, AT_ONCE)
            gone += await uow.inbox.let_go(brand_id, before, AT_ONCE)
        done += gone
    return done


async def _purge_payloads(bridge: Bridge, brand_id: str, before: datetime) -> int:
    async with bridge.store.writing() as uow:
        return await uow.customers.purge_payloads(brand_id, before, AT_ONCE)


async def _purge_words(bridge: Bridge, brand_id: str, before: datetime, now: datetime) -> int:
    async with bridge.store.writing() as uow:
        purged = await uow.customers.purge_words(brand_id, before, AT_ONCE)
        for mention in purged:
            await uow.events.add(
                EventType.MENTION_PURGED,
                brand_id,
                now,
                ticket_id=mention.ticket_id,
                account_id=mention.account_id,
                mention_id=mention.id,
            )
    return len(purged)
