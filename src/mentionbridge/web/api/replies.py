"""Replies: list them, read one with its ledger, and let a person decide."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request

from mentionbridge.domain.reply import Reply, ReplyState
from mentionbridge.pipeline.retract import Said
from mentionbridge.web import shapes, told
from mentionbridge.web.answers import READS, READS_ONE, WRITES
from mentionbridge.web.asked import Acted, BulkRetraction, Edit, Rejection, Retraction, Settlement
from mentionbridge.web.caller import Approver, Caller, Reader
from mentionbridge.web.door import Door
from mentionbridge.web.lists import Cursor, Limit, Narrow, door_of, given, listed
from mentionbridge.web.once import IdempotencyKey, OnceRoute, requires_key
from mentionbridge.web.problem import Problem, as_problem

router = APIRouter(prefix="/v1/replies", tags=["replies"], route_class=OnceRoute)


@router.get("", responses=READS, summary="List replies, newest first")
async def list_replies(
    request: Request,
    caller: Reader,
    state: Annotated[ReplyState | None, Query()] = None,
    ticket_id: Narrow = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> shapes.Listed[shapes.ReplyShape]:
    filters = given(state=state, ticket_id=ticket_id)
    found = await door_of(request).desk.replies(caller.brands, filters, cursor, limit)
    return listed(request, found, told.reply, limit, filters)  # type: ignore[no-any-return]


@router.get("/{reply_id}", responses=READS_ONE, summary="Read one reply and every attempt at it")
async def read_reply(request: Request, caller: Reader, reply_id: str) -> shapes.ReplyShape:
    view = await door_of(request).desk.reply(caller.brands, reply_id)
    if view is None:
        raise Problem("not_found", "There is no such reply.")
    return shapes.reply(view)


@router.post(
    "/{reply_id}/approve",
    responses=WRITES,
    summary="Let a waiting reply out as it stands; needs an Idempotency-Key",
)
async def approve(
    request: Request,
    caller: Approver,
    reply_id: str,
    asked: Annotated[Acted | None, Body()] = None,
    idempotency_key: IdempotencyKey = None,
) -> shapes.MovedShape:
    requires_key(request)
    door = door_of(request)
    brand = await _brand_of(door, caller, reply_id)
    return _done(door, await door.approve(brand, reply_id, caller.actor(asked.person if asked else None)))


@router.post("/{reply_id}/reject", responses=WRITES, summary="Decide that a waiting reply is not said")
async def reject(
    request: Request, caller: Approver, reply_id: str, asked: Rejection, idempotency_key: IdempotencyKey = None
) -> shapes.MovedShape:
    door = door_of(request)
    brand = await _brand_of(door, caller, reply_id)
    return _done(door, await door.reject(brand, reply_id, caller.actor(asked.person), asked.reason))


@router.post("/{reply_id}/edit", responses=WRITES, summary="Change the words of a waiting reply; it returns to review")
async def edit(
    request: Request, caller: Approver, reply_id: str, asked: Edit, idempotency_key: IdempotencyKey = None
) -> shapes.MovedShape:
    door = door_of(request)
    brand = await _brand_of(door, caller, reply_id)
    done = _done(door, await door.edit(brand, reply_id, asked.text, caller.actor(asked.person)))
    return done.model_copy(update={"warnings": shapes.warnings(asked.text)})


@router.post("/{reply_id}/settle", responses=WRITES, summary="Say whether an unknown (or manual) reply is out")
async def settle(
    request: Request, caller: Approver, reply_id: str, asked: Settlement, idempotency_key: IdempotencyKey = None
) -> shapes.MovedShape:
    door = door_of(request)
    brand = await _brand_of(door, caller, reply_id)
    actor = caller.actor(asked.person)
    return _done(door, await door.settle(brand, reply_id, asked.sent, asked.external_id, actor))


@router.post("/{reply_id}/retract", responses=WRITES, summary="Delete a public reply of ours at its network")
async def retract(
    request: Request, caller: Approver, reply_id: str, asked: Retraction, idempotency_key: IdempotencyKey = None
) -> shapes.MovedShape:
    door = door_of(request)
    brand = await _brand_of(door, caller, reply_id)
    return _done(door, await door.retract(brand, reply_id, caller.actor(asked.person), asked.reason))


@router.post("/retract", responses=WRITES, summary="Take back what a template or an account said since a moment")
async def retract_many(
    request: Request, caller: Approver, asked: BulkRetraction, idempotency_key: IdempotencyKey = None
) -> shapes.BulkShape:
    """At most 200, oldest first, each by itself; ask again until none is left."""
    if asked.brand not in caller.brands:
        raise Problem("unknown_brand", "This token knows no such brand.")
    if asked.template is None and asked.account_id is None:
        raise Problem("invalid", "Name a `template`, an `account_id` or both; nothing takes back everything.")
    door, actor = door_of(request), caller.actor(asked.person)
    said = await door.to_retract(Said(asked.brand, asked.since, asked.template, asked.account_id))
    if asked.dry_run:
        return shapes.BulkShape(results=[shapes.BulkResultShape(id=each.id, status="would_retract") for each in said])
    results = [await _one(door, each, actor, asked.reason) for each in said]
    door.wake()
    return shapes.BulkShape(results=results)


async def _one(door: Door, reply: Reply, actor: str, reason: str) -> shapes.BulkResultShape:
    try:
        await door.retract(reply.brand_id, reply.id, actor, reason)
    except Exception as error:
        problem = as_problem(error)
        return shapes.BulkResultShape(
            id=reply.id, status="refused", code=problem.code, detail=problem.detail, retryable=problem.kind.retryable
        )
    return shapes.BulkResultShape(id=reply.id, status="retracted")


async def _brand_of(door: Door, caller: Caller, reply_id: str) -> str:
    view = await door.desk.reply(caller.brands, reply_id)
    if view is None:
        raise Problem("not_found", "There is no such reply.")
    return view.reply.brand_id


def _done(door: Door, reply: Reply) -> shapes.MovedShape:
    door.wake()
    return shapes.moved(reply)
