"""Webhook endpoints: who wants to be told, and how the telling goes."""

from fastapi import APIRouter, Request, Response

from mentionbridge.web import shapes
from mentionbridge.web.answers import READS, READS_ONE, WRITES
from mentionbridge.web.asked import NewSubscription
from mentionbridge.web.caller import Admin, Caller
from mentionbridge.web.lists import Cursor, Limit, door_of, listed
from mentionbridge.web.once import OnceRoute
from mentionbridge.web.problem import Problem

router = APIRouter(prefix="/v1/webhook-endpoints", tags=["webhook endpoints"], route_class=OnceRoute)
_MISSING = "There is no such webhook endpoint."


@router.get("", responses=READS, summary="List webhook endpoints, newest first")
async def list_endpoints(request: Request, caller: Admin) -> shapes.Listed[shapes.SubscriptionShape]:
    made = await door_of(request).subscriptions.list(caller.brands)
    return shapes.Listed[shapes.SubscriptionShape](items=[shapes.subscription(each) for each in made])


@router.post("", responses=WRITES, status_code=201, summary="Subscribe; the secret is shown this once")
async def create_endpoint(request: Request, caller: Admin, asked: NewSubscription) -> shapes.NewSubscriptionShape:
    door = door_of(request)
    brand = _brand(caller, asked.brand)
    secret, made = await door.subscriptions.create(brand, asked.url, asked.types, door.clock.now())
    door.observer.saw("endpoint.created", id=made.id, brand=brand)
    return shapes.new_subscription(secret, made)


@router.delete("/{endpoint_id}", responses=WRITES, status_code=204, summary="Stop telling this endpoint")
async def delete_endpoint(request: Request, caller: Admin, endpoint_id: str) -> Response:
    door = door_of(request)
    if not await door.subscriptions.delete(caller.brands, endpoint_id, door.clock.now()):
        raise Problem("not_found", _MISSING)
    door.observer.saw("endpoint.deleted", id=endpoint_id)
    return Response(status_code=204)


@router.get("/{endpoint_id}/deliveries", responses=READS_ONE, summary="List an endpoint's deliveries, newest first")
async def list_deliveries(
    request: Request, caller: Admin, endpoint_id: str, cursor: Cursor = None, limit: Limit = 50
) -> shapes.Listed[shapes.DeliveryShape]:
    found = await door_of(request).subscriptions.deliveries(caller.brands, endpoint_id, cursor, limit)
    if found is None:
        raise Problem("not_found", _MISSING)
    return listed(request, found, shapes.delivery, limit, {})  # type: ignore[no-any-return]


def _brand(caller: Caller, asked: str | None) -> str:
    if asked is None and len(caller.brands) == 1:
        return caller.brands[0]
    if asked is None or asked not in caller.brands:
        raise Problem("unknown_brand", "`brand` must name one of your token's brands.")
    return asked
