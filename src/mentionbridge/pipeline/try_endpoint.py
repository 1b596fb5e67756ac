"""Try out: send one endpoint the example of a type, marked as a test; it enters no feed and no ledger."""

from mentionbridge.domain.endpoint import DeliveryResult
from mentionbridge.domain.errors import NotFound
from mentionbridge.domain.events import EventType
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.rules.catalogue import example


async def try_endpoint(bridge: Bridge, brand_id: str, endpoint_id: str, type_: EventType) -> DeliveryResult:
    """Make one attempt and return what came of it; raises NotFound."""
    async with bridge.store.reading() as uow:
        endpoint = await uow.deliveries.endpoint(brand_id, endpoint_id)
    if endpoint is None:
        raise NotFound("There is no such webhook endpoint.")
    data = {**example(type_)["data"], "brand_id": brand_id, "test": True}
    return await bridge.courier.deliver(endpoint, bridge.ids.new("evt"), type_, bridge.clock.now(), data)
