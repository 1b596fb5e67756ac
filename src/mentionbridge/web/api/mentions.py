"""Mentions: push them, list them, read one."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from mentionbridge.domain.account import Account
from mentionbridge.domain.errors import StoreDown
from mentionbridge.domain.mention import Origin, Post
from mentionbridge.pipeline.take_in import Pushed, take_imported, take_pushed, tell
from mentionbridge.web import shapes, told
from mentionbridge.web.answers import READS, READS_ONE, WRITES
from mentionbridge.web.asked import EXAMPLE, PushedMention, Relabelling, unlikely_time
from mentionbridge.web.caller import Approver, Caller, Ingester, Reader
from mentionbridge.web.door import Door
from mentionbridge.web.lists import Cursor, Limit, Narrow, door_of, given, listed
from mentionbridge.web.once import OnceRoute
from mentionbridge.web.problem import Problem, as_problem, sentence

router = APIRouter(prefix="/v1/mentions", tags=["mentions"], route_class=OnceRoute)
_TAKE = {Origin.PUSH: take_pushed, Origin.IMPORT: take_imported}


class PushResult(shapes.Shape):
    """What became of one pushed post: `created`, `duplicate`, `edited`, `own` (said by ourselves) or `rejected`."""

    index: int
    status: str
    id: str | None = None
    external_id: str | None = None
    code: str | None = None
    detail: str | None = None
    retryable: bool = False


class PushResults(shapes.Shape):
    """One result an item, in the order sent."""

    results: Sequence[PushResult]


_ITEM = {"$ref": "#/components/schemas/PushedMention"}
_MANY = {"type": "object", "required": ["mentions"], "properties": {"mentions": {"type": "array", "items": _ITEM}}}


def _takes(schema: Mapping[str, Any], example: Mapping[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}}


A_BATCH = _takes(_MANY, {"mentions": [EXAMPLE]})


@router.get("", responses=READS, summary="List mentions, newest first")
async def list_mentions(
    request: Request,
    caller: Reader,
    account_id: Narrow = None,
    author_id: Narrow = None,
    ticket_id: Narrow = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> shapes.Listed[shapes.MentionShape]:
    filters = given(account_id=account_id, author_id=author_id, ticket_id=ticket_id)
    found = await door_of(request).desk.mentions(caller.brands, filters, cursor, limit)
    return listed(request, found, told.mention, limit, filters)  # type: ignore[no-any-return]


@router.get("/{mention_id}", responses=READS_ONE, summary="Read one mention, its verdict, pictures and sightings")
async def read_mention(request: Request, caller: Reader, mention_id: str) -> shapes.MentionShape:
    door = door_of(request)
    view = await door.desk.mention(caller.brands, mention_id)
    if view is None:
        raise Problem("not_found", "There is no such mention.")
    return shapes.mention(view, door.brands.get(view.mention.brand_id))


@router.post(
    "",
    responses=WRITES,
    response_model=PushResults,
    openapi_extra=A_BATCH,
    summary="Push up to 200 mentions",
)
async def push_mentions(request: Request, caller: Ingester) -> Response:
    """Each item is taken or rejected by itself; the answer comes after all that was taken is on disk."""
    return await push_all(request, caller, Origin.PUSH)


async def push_all(request: Request, caller: Caller, origin: Origin) -> Response:
    """Take a batch, each item by itself; the answer comes after all that was taken is on disk."""
    door = door_of(request)
    items = _batch(_said(request), door.limits.batch)
    results = await asyncio.gather(*(_push(door, caller, index, item, origin) for index, item in enumerate(items)))
    if results and all(result.code == "store_down" for result in results):
        raise Problem("store_down", results[0].detail or "")
    door.wake()
    return Response(PushResults(results=results).model_dump_json(), media_type="application/json")


@router.put(
    "/{platform}/{external_id:path}",
    responses={**WRITES, 201: {"model": PushResult, "description": "Created"}},
    openapi_extra=_takes(_ITEM, EXAMPLE),
    response_model=PushResult,
    summary="Push one mention under its id on the network",
)
async def put_mention(request: Request, caller: Ingester, platform: str, external_id: str) -> JSONResponse:
    door = door_of(request)
    item = _said(request)
    named = {"platform": platform, "external_id": external_id}
    if isinstance(item, dict) and any(item.setdefault(name, value) != value for name, value in named.items()):
        raise Problem("path_mismatch", "`platform` and `external_id` in the body must be those of the address.")
    result = await _push(door, caller, 0, item, alone=True)
    door.wake()
    return JSONResponse(result.model_dump(mode="json"), 201 if result.status == "created" else 200)


@router.patch("/{mention_id}/verdict", responses=WRITES, summary="Say what a mention is; that outranks the machine")
async def relabel(request: Request, caller: Approver, mention_id: str, asked: Relabelling) -> shapes.MentionShape:
    """A complaint gets its ticket and its answer; what is none any more is not answered, and its ticket stays."""
    door = door_of(request)
    view = await door.desk.mention(caller.brands, mention_id)
    if view is None:
        raise Problem("not_found", "There is no such mention.")
    brand = view.mention.brand_id
    if unknown := set(asked.topics or ()) - {topic.key for topic in door.brands[brand].topics}:
        raise Problem("unknown_topic", f"The brand has no topic {min(unknown)!r}; see `topics` in /v1/brands.")
    await door.relabel(brand, mention_id, asked.correction(caller.actor(asked.person)))
    door.wake()
    return await read_mention(request, caller, mention_id)


def _said(request: Request) -> Any:
    """Return the body as the gate has parsed it; None when there is none."""
    return getattr(request.state, "json", None)


def _batch(body: Any, most: int) -> Sequence[Any]:
    if not isinstance(body, dict) or set(body) != {"mentions"} or not isinstance(body["mentions"], list):
        raise Problem("invalid", 'The body must be {"mentions": [ … ]} with a list of mentions and nothing else.')
    if len(body["mentions"]) > most:
        raise Problem("too_many_items", f"A batch takes at most {most} mentions; send the rest in another one.")
    return body["mentions"]


async def _push(
    door: Door, caller: Caller, index: int, item: Any, origin: Origin = Origin.PUSH, *, alone: bool = False
) -> PushResult:
    try:
        account, post = _admit(door, caller, item)
        pushed = Pushed(account, post, door.clock.now(), frozenset(caller.token.accounts))
        taken = await door.writer.share(_TAKE[origin], pushed)
    except Exception as error:
        if alone:
            raise
        return _rejected(door, index, item, error)
    tell(door.observer, account, [taken], origin)
    return PushResult(index=index, status=taken.result, id=taken.mention_id, external_id=post.external_id)


def _admit(door: Door, caller: Caller, item: Any) -> tuple[Account, Post]:
    pushed = _read(item)
    if unlikely := unlikely_time(pushed.created_at, door.clock.now()):
        raise Problem("invalid", unlikely)
    return _account(door, caller, pushed), pushed.post()


def _read(item: Any) -> PushedMention:
    try:
        return PushedMention.model_validate_json(json.dumps(item), strict=True)
    except ValidationError as error:
        raise Problem("invalid", sentence(error.errors(include_url=False, include_input=False))) from None


def _account(door: Door, caller: Caller, pushed: PushedMention) -> Account:
    mine = (door.accounts.get((brand, pushed.account)) for brand in caller.brands)
    account = next((each for each in mine if each is not None), None)
    if account is None or account.platform != pushed.platform:
        raise Problem("unknown_account", "There is no account of this name on this platform for your token.")
    if not door.accepts_push(account):
        raise Problem("push_not_accepted", "Mentions of this platform are fetched, not pushed; push for another one.")
    if account.id not in caller.token.accounts:
        raise Problem("account_not_allowed", "Your token may not push for this account; make one that names it.")
    return account


def _rejected(door: Door, index: int, item: Any, error: Exception) -> PushResult:
    problem = as_problem(error)
    facts: Mapping[str, Any] = {} if isinstance(error, Problem | StoreDown) else {"error": type(error).__name__}
    door.observer.saw("request.item_rejected", code=problem.code, index=index, **facts)
    said = item.get("external_id") if isinstance(item, dict) else None
    return PushResult(
        index=index,
        status="rejected",
        external_id=said if isinstance(said, str) and len(said) <= 512 and said.isprintable() else None,
        code=problem.code,
        detail=problem.detail,
        retryable=problem.kind.retryable,
    )
