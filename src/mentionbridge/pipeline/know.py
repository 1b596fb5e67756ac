"""Know: who a customer is, by a person's explicit act alone, and the way back."""

from dataclasses import replace

from mentionbridge.domain.customer import Customer, Join
from mentionbridge.domain.errors import NotAllowed, NotFound
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.ports.store import UnitOfWork


async def change_customer(
    bridge: Bridge, brand_id: str, customer_id: str, *, name: str | None = None, vip: bool | None = None
) -> Customer:
    """Give a customer another label, or say that they matter more than others."""
    async with bridge.store.writing() as uow:
        customer = await _living(uow, brand_id, customer_id)
        changed = replace(
            customer, name=customer.name if name is None else name, vip=customer.vip if vip is None else vip
        )
        await uow.customers.change(changed)
    return changed


async def join_customers(
    bridge: Bridge, brand_id: str, target_id: str, source_id: str, actor: str, reason: str
) -> Join:
    """Say that two customers are one person; from now on what `source` says joins `target`'s stories."""
    if source_id == target_id:
        raise NotAllowed("same_customer", "A customer cannot be joined to themselves.")
    async with bridge.store.writing() as uow:
        # Held in one order everywhere, so that two acts about the same people never wait for each other in a circle.
        held = {each: await _living(uow, brand_id, each) for each in sorted((source_id, target_id))}
        if held[source_id].merged_into or held[target_id].merged_into:
            raise NotAllowed("joined_already", "One of them is joined to somebody already; undo that first.")
        moved = [identity.author_id for identity in await uow.customers.identities(brand_id, source_id)]
        join = Join(
            brand_id, bridge.ids.new("joi"), source_id, target_id, actor, reason, bridge.clock.now(), tuple(moved)
        )
        await uow.customers.join(join)
    return join


async def separate_customers(bridge: Bridge, brand_id: str, customer_id: str, actor: str) -> Join:
    """Take back the newest act that joined somebody to this customer, or this customer to somebody."""
    async with bridge.store.writing() as uow:
        await _living(uow, brand_id, customer_id)
        join = await uow.customers.latest_join(brand_id, customer_id)
        if join is None:
            raise NotAllowed("nothing_to_undo", "Nobody was joined to this customer.")
        now = bridge.clock.now()
        await uow.customers.separate(join, actor, now)
    return replace(join, undone_at=now, undone_by=actor)


async def _living(uow: UnitOfWork, brand_id: str, customer_id: str) -> Customer:
    customer = await uow.customers.get(brand_id, customer_id)
    if customer is None:
        raise NotFound("There is no such customer.")
    if customer.erased_at is not None:
        raise NotAllowed("erased", "This customer was erased; nothing about them can be changed.")
    return customer
