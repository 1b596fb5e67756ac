"""Webhook endpoints: who wants to be told, and how the telling goes."""

from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Body, Query, Request, Response

from mentionbridge.domain.events import EventType
from mentionbridge.web import endpoint_shapes as shapes
from mentionbridge.web.answers import READS, READS_ONE, WRITES
from mentionbridge.web.caller import Admin, Caller
from mentionbridge.web.door import Door
from mentionbridge.web.endpoint_shapes import ChangedSubscription, NewSubscription, Recovery, Rotation, TryOut
from mentionbridge.web.lists import Cursor, Limit, door_of, given, listed
from mentionbridge.web.once import OnceRoute
from mentionbridge.web.problem import Problem
from mentionbridge.web.shapes import Listed

T = TypeVar("T")
router = APIRouter(prefix="/v1/webhook-endpoints", tags=["webhook endpoints"], route_class=OnceRoute)
_MISSING = "There is no such webhook endpoint."
_NO_DELIVERY = "There is no such webhook endpoint, or no such delivery to it."
State = Annotated[Literal["pending", "delivered", "dead"] | None, Query(description="Only those; `dead` letters say.")]


@router.get("", responses=READS, summary="List webhook endpoints, newest first")
async def list_endpoints(request: Request, caller: Admin) -> Listed[shapes.SubscriptionShape]:
    made = await door_of(request).subscriptions.list(caller.brands)
    return Listed[shapes.SubscriptionShape](items=[shapes.subscription(each) for each in made])


@router.post("", responses=WRITES, status_code=201, summary="Subscribe; the secret is shown this once")
async def create_endpoint(request: Request, caller: Admin, asked: NewSubscription) -> shapes.NewSubscriptionShape:
    door = door_of(request)
    brand = _brand(caller, asked.brand)
    await _check_address(door, asked.url)
    secret, made = await door.subscriptions.create(brand, asked.wish(), door.clock.now())
    _saw(door, caller, "created", made.id)
    return shapes.new_subscription(secret, made)


@router.get("/{endpoint_id}", responses=READS_ONE, summary="Read one endpoint and how it is doing")
async def read_endpoint(request: Request, caller: Admin, endpoint_id: str) -> shapes.SubscriptionShape:
    found = await door_of(request).subscriptions.get(caller.brands, endpoint_id)
    return shapes.subscription(_there(found))


@router.patch("/{endpoint_id}", responses=WRITES, summary="Change an endpoint's address or what it asks for")
async def change_endpoint(
    request: Request, caller: Admin, endpoint_id: str, asked: ChangedSubscription
) -> shapes.SubscriptionShape:
    door, changes = door_of(request), asked.changes()
    if "url" in changes:
        await _check_address(door, asked.url)
    changed = _there(await door.subscriptions.change(caller.brands, endpoint_id, changes, door.clock.now()))
    _saw(door, caller, "changed", endpoint_id)
    return shapes.subscription(changed)


@router.delete("/{endpoint_id}", responses=WRITES, status_code=204, summary="Stop telling this endpoint")
async def delete_endpoint(request: Request, caller: Admin, endpoint_id: str) -> Response:
    door = door_of(request)
    if not await door.subscriptions.delete(caller.brands, endpoint_id, door.clock.now()):
        raise Problem("not_found", _MISSING)
    _saw(door, caller, "deleted", endpoint_id)
    return Response(status_code=204)


@router.post("/{endpoint_id}/rotate", responses=WRITES, summary="Make a new secret; the old one signs on for a while")
async def rotate_secret(
    request: Request, caller: Admin, endpoint_id: str, asked: Annotated[Rotation | None, Body()] = None
) -> shapes.NewSubscriptionShape:
    door, overlap = door_of(request), (asked or Rotation()).overlap
    secret, made = _there(await door.subscriptions.rotate(caller.brands, endpoint_id, overlap, door.clock.now()))
    _saw(door, caller, "rotated", endpoint_id)
    return shapes.new_subscription(secret, made)


@router.post("/{endpoint_id}/test", responses=WRITES, summary="Send a test event now, and say what came back")
async def try_endpoint(
    request: Request, caller: Admin, endpoint_id: str, asked: Annotated[TryOut | None, Body()] = None
) -> shapes.TriedShape:
    door = door_of(request)
    found = _there(await door.subscriptions.get(caller.brands, endpoint_id))
    return shapes.tried(await door.try_out(found.brand_id, found.id, EventType((asked or TryOut()).type)))


@router.post("/{endpoint_id}/enable", responses=WRITES, summary="Tell a disabled or resting endpoint again, at once")
async def enable_endpoint(request: Request, caller: Admin, endpoint_id: str) -> shapes.SubscriptionShape:
    door = door_of(request)
    enabled = _there(await door.subscriptions.enable(caller.brands, endpoint_id, door.clock.now()))
    _saw(door, caller, "enabled", endpoint_id)
    return shapes.subscription(enabled)


@router.post("/{endpoint_id}/recover", responses=WRITES, summary="Bring again what it never got since a time")
async def recover_endpoint(
    request: Request, caller: Admin, endpoint_id: str, asked: Recovery
) -> shapes.SubscriptionShape:
    door = door_of(request)
    found = _there(await door.subscriptions.recover(caller.brands, endpoint_id, asked.since, door.clock.now()))
    _saw(door, caller, "recovers", endpoint_id)
    return shapes.subscription(found)


@router.get("/{endpoint_id}/deliveries", responses=READS_ONE, summary="List an endpoint's deliveries, newest first")
async def list_deliveries(
    request: Request,
    caller: Admin,
    endpoint_id: str,
    state: State = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Listed[shapes.DeliveryShape]:
    filters = given(state=state)
    found = await door_of(request).subscriptions.deliveries(caller.brands, endpoint_id, filters, cursor, limit)
    return listed(request, _there(found), shapes.DeliveryShape.model_validate, limit, filters)  # type: ignore[no-any-return]


@router.get(
    "/{endpoint_id}/deliveries/{delivery_id}/attempts",
    responses=READS_ONE,
    summary="List the last attempts at one delivery, newest first",
)
async def list_attempts(
    request: Request, caller: Admin, endpoint_id: str, delivery_id: str
) -> Listed[shapes.DeliveryAttemptShape]:
    found = await door_of(request).subscriptions.attempts(caller.brands, endpoint_id, delivery_id)
    lines = [shapes.DeliveryAttemptShape.model_validate(each) for each in _there(found, _NO_DELIVERY)]
    return Listed[shapes.DeliveryAttemptShape](items=lines)


@router.post(
    "/{endpoint_id}/deliveries/{delivery_id}/redeliver",
    responses=WRITES,
    summary="Bring one event again, whatever became of it",
)
async def redeliver(request: Request, caller: Admin, endpoint_id: str, delivery_id: str) -> shapes.DeliveryShape:
    door = door_of(request)
    found = await door.subscriptions.redeliver(caller.brands, endpoint_id, delivery_id, door.clock.now())
    again = shapes.DeliveryShape.model_validate(_there(found, _NO_DELIVERY))
    _saw(door, caller, "redelivers", endpoint_id)
    return again


def _there(found: T | None, missing: str = _MISSING) -> T:
    if found is None:
        raise Problem("not_found", missing)
    return found


def _saw(door: Door, caller: Caller, what: str, endpoint_id: str) -> None:
    """Note it, and let the worker look."""
    door.observer.saw(f"endpoint.{what}", id=endpoint_id, actor=caller.actor(None))
    door.wake()


async def _check_address(door: Door, url: str) -> None:
    if refused := await door.may_tell(url):
        raise Problem("address_refused", refused)


def _brand(caller: Caller, asked: str | None) -> str:
    if asked is None and len(caller.brands) == 1:
        return caller.brands[0]
    if asked is None or asked not in caller.brands:
        raise Problem("unknown_brand", "`brand` must name one of your token's brands.")
    return asked
