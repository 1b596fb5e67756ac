"""Accounts: how they are doing, what could not be read, and the red switches."""

from typing import Annotated

from fastapi import APIRouter, Body, Request

from mentionbridge.domain.account import Account
from mentionbridge.ports.desk import AccountView
from mentionbridge.web import shapes
from mentionbridge.web.answers import READS, READS_ONE, WRITES
from mentionbridge.web.asked import Acted
from mentionbridge.web.caller import Admin, Caller, Reader
from mentionbridge.web.door import Door, Switch
from mentionbridge.web.lists import Cursor, Limit, door_of, listed
from mentionbridge.web.once import OnceRoute
from mentionbridge.web.problem import Problem

router = APIRouter(prefix="/v1", tags=["accounts"], route_class=OnceRoute)
MaybeActed = Annotated[Acted | None, Body()]


@router.get("/accounts", responses=READS, summary="Every account's health and gaps")
async def list_accounts(request: Request, caller: Reader) -> shapes.AccountsShape:
    door = door_of(request)
    items = [shapes.account(view, _worth(door, view)) for view in await door.desk.accounts(caller.brands)]
    return shapes.AccountsShape(items=items, paused_everywhere=await door.desk.paused_everywhere())


@router.get("/accounts/{account_id}/unreadable", responses=READS_ONE, summary="What arrived and was not understood")
async def list_unreadable(
    request: Request, caller: Reader, account_id: str, cursor: Cursor = None, limit: Limit = 50
) -> shapes.Listed[shapes.UnreadableShape]:
    door = door_of(request)
    account = _account(door, caller, account_id)
    found = await door.desk.unreadable([account.brand_id], account_id, cursor, limit)
    return listed(request, found, shapes.unreadable, limit, {})  # type: ignore[no-any-return]


@router.get("/accounts/{account_id}/gaps", responses=READS_ONE, summary="When an account was blind, newest first")
async def list_gaps(
    request: Request, caller: Reader, account_id: str, cursor: Cursor = None, limit: Limit = 50
) -> shapes.Listed[shapes.GapShape]:
    door = door_of(request)
    account = _account(door, caller, account_id)
    found = await door.desk.gaps(account.brand_id, account_id, cursor, limit)
    return listed(request, found, shapes.gap, limit, {})  # type: ignore[no-any-return]


@router.post("/accounts/{account_id}/pause", responses=WRITES, summary="Let no new public send of this account start")
async def pause_account(
    request: Request, caller: Admin, account_id: str, asked: MaybeActed = None
) -> shapes.SwitchedShape:
    door = door_of(request)
    return await _switch(door, door.pause, caller, _account(door, caller, account_id), asked, paused=True)


@router.post("/accounts/{account_id}/resume", responses=WRITES, summary="Let this account speak again")
async def resume_account(
    request: Request, caller: Admin, account_id: str, asked: MaybeActed = None
) -> shapes.SwitchedShape:
    door = door_of(request)
    return await _switch(door, door.resume, caller, _account(door, caller, account_id), asked, paused=False)


@router.post("/pause", responses=WRITES, summary="Let no new public send start anywhere")
async def pause_everything(request: Request, caller: Admin, asked: MaybeActed = None) -> shapes.SwitchedShape:
    door = door_of(request)
    return await _switch(door, door.pause, _of_all(caller), None, asked, paused=True)


@router.post("/resume", responses=WRITES, summary="Let everything speak again")
async def resume_everything(request: Request, caller: Admin, asked: MaybeActed = None) -> shapes.SwitchedShape:
    door = door_of(request)
    return await _switch(door, door.resume, _of_all(caller), None, asked, paused=False)


async def _switch(
    door: Door, switch: Switch, caller: Caller, account: Account | None, asked: Acted | None, *, paused: bool
) -> shapes.SwitchedShape:
    changed = await switch(account, caller.actor(asked.person if asked else None))
    door.wake()
    return shapes.SwitchedShape(account_id=account.id if account else None, paused=paused, changed=changed)


def _worth(door: Door, view: AccountView) -> int | None:
    """Return what the account's day may cost; an account that has left the config has no bound."""
    configured = door.accounts.get((view.health.brand_id, view.health.id))
    return configured.most_spent_a_day if configured is not None else None


def _account(door: Door, caller: Caller, account_id: str) -> Account:
    mine = (door.accounts.get((brand, account_id)) for brand in caller.brands)
    account = next((each for each in mine if each is not None), None)
    if account is None:
        raise Problem("not_found", "There is no such account.")
    return account


def _of_all(caller: Caller) -> Caller:
    if not caller.for_all_brands:
        raise Problem("all_brands_needed", "This touches every brand: use a token for all brands, or pause an account.")
    return caller
