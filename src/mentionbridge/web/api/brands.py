"""Brands: the names we answer for, with their topics and accounts."""

from fastapi import APIRouter, Request

from mentionbridge.web import shapes
from mentionbridge.web.answers import READS
from mentionbridge.web.caller import Reader
from mentionbridge.web.lists import door_of

router = APIRouter(prefix="/v1/brands", tags=["brands"])


@router.get("", responses=READS, summary="List the brands of this token")
async def list_brands(request: Request, caller: Reader) -> shapes.Listed[shapes.BrandShape]:
    door = door_of(request)
    accounts = {brand: [account for of, account in door.accounts if of == brand] for brand in caller.brands}
    items = [shapes.brand(door.brands[brand], accounts[brand]) for brand in caller.brands]
    return shapes.Listed[shapes.BrandShape](items=items)
