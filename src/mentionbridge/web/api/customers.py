"""Customers: who they are on the networks, joined only by a person's act, exported and erased."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request

from mentionbridge.ports.desk import CustomerView
from mentionbridge.web import shapes
from mentionbridge.web.answers import READS, READS_ONE, WRITES
from mentionbridge.web.asked import Acted, ChangedCustomer, JoinedCustomer
from mentionbridge.web.caller import Admin, Caller, Reader, Replier
from mentionbridge.web.door import Door
from mentionbridge.web.lists import Cursor, Limit, door_of, given, listed
from mentionbridge.web.once import OnceRoute
from mentionbridge.web.problem import Problem

router = APIRouter(prefix="/v1/customers", tags=["customers"], route_class=OnceRoute)
Handle = Annotated[str | None, Query(max_length=300, description="As the network shows it, with or without an @.")]


@router.get("", responses=READS, summary="List customers, newest first; a handle only looks up, it proves nothing")
async def list_customers(
    request: Request, caller: Reader, handle: Handle = None, cursor: Cursor = None, limit: Limit = 50
) -> shapes.Listed[shapes.CustomerShape]:
    filters = given(handle=handle.removeprefix("@") if handle else None)
    found = await door_of(request).desk.customers(caller.brands, filters, cursor, limit)
    return listed(request, found, shapes.customer, limit, filters)  # type: ignore[no-any-return]


@router.get("/{customer_id}", responses=READS_ONE, summary="Read one customer and who they are on the networks")
async def read_customer(request: Request, caller: Reader, customer_id: str) -> shapes.CustomerShape:
    return shapes.customer(await _find(door_of(request), caller, customer_id))


@router.patch("/{customer_id}", responses=WRITES, summary="Change a customer's label or importance")
async def change_customer(
    request: Request, caller: Replier, customer_id: str, asked: ChangedCustomer
) -> shapes.CustomerShape:
    door = door_of(request)
    view = await _find(door, caller, customer_id)
    await door.change_customer(view.customer.brand_id, customer_id, name=asked.name, vip=asked.vip)
    return shapes.customer(await _find(door, caller, customer_id))


@router.post("/{customer_id}/join", responses=WRITES, summary="Say that another customer is this person, and why")
async def join_customer(
    request: Request, caller: Replier, customer_id: str, asked: JoinedCustomer
) -> shapes.CustomerShape:
    door = door_of(request)
    brand_id = (await _find(door, caller, customer_id)).customer.brand_id
    await _find(door, caller, asked.customer_id)
    await door.join_customers(brand_id, customer_id, asked.customer_id, caller.actor(asked.person), asked.reason)
    return shapes.customer(await _find(door, caller, customer_id))


@router.post("/{customer_id}/separate", responses=WRITES, summary="Take the newest joining of this customer back")
async def separate_customer(
    request: Request, caller: Replier, customer_id: str, asked: Annotated[Acted | None, Body()] = None
) -> shapes.CustomerShape:
    door = door_of(request)
    brand_id = (await _find(door, caller, customer_id)).customer.brand_id
    await door.separate_customers(brand_id, customer_id, caller.actor(asked.person if asked else None))
    return shapes.customer(await _find(door, caller, customer_id))


@router.get("/{customer_id}/export", responses=READS_ONE, summary="Everything kept of one customer")
async def export_customer(request: Request, caller: Admin, customer_id: str) -> shapes.ExportShape:
    door = door_of(request)
    view = await _find(door, caller, customer_id)
    return shapes.exported(view, await door.desk.stories_of(caller.brands, customer_id))


@router.delete("/{customer_id}", responses=WRITES, summary="Erase one customer's words and names everywhere")
async def erase_customer(request: Request, caller: Admin, customer_id: str) -> shapes.ErasedShape:
    door = door_of(request)
    brand_id = (await _find(door, caller, customer_id)).customer.brand_id
    erased = await door.forget(brand_id, customer_id, caller.actor(None))
    door.wake()
    return shapes.ErasedShape.model_validate(erased)


async def _find(door: Door, caller: Caller, customer_id: str) -> CustomerView:
    found = await door.desk.customer(caller.brands, customer_id)
    if found is None:
        raise Problem("not_found", "There is no such customer.")
    return found
