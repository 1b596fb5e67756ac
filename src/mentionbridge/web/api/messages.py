"""What a desk does to a ticket from its side: answer the customer, and claim the mirror."""

from collections.abc import Sequence

from fastapi import APIRouter, Request

from mentionbridge.domain.errors import AlreadyAnswered
from mentionbridge.domain.mention import Surface
from mentionbridge.pipeline.say import Saying
from mentionbridge.ports.access import Scope
from mentionbridge.ports.desk import ReplyView
from mentionbridge.web import shapes
from mentionbridge.web.answers import READS_ONE, WRITES
from mentionbridge.web.asked_of_tickets import ClaimedMirror, NewMessage
from mentionbridge.web.caller import Caller, Reader, Replier, who
from mentionbridge.web.door import Door
from mentionbridge.web.lists import door_of
from mentionbridge.web.once import IdempotencyKey, OnceRoute, requires_key
from mentionbridge.web.problem import Problem

router = APIRouter(prefix="/v1/tickets", tags=["tickets"], route_class=OnceRoute)
RELEASES = who(Scope.APPROVE)


@router.post(
    "/{ticket_id}/messages",
    responses=WRITES,
    status_code=201,
    summary="Answer the customer, in public or in private; needs an Idempotency-Key",
)
async def answer(
    request: Request, caller: Replier, ticket_id: str, asked: NewMessage, idempotency_key: IdempotencyKey = None
) -> shapes.ReplyShape:
    """`seen` is the last sequence of the ticket its writer saw; somebody else's answer since is `already_answered`."""
    requires_key(request)
    if asked.release is not None:
        RELEASES.admit(request)
    door = door_of(request)
    saying = Saying(
        brand_id=await _brand_seen(door, caller, ticket_id, asked.seen),
        ticket_id=ticket_id,
        text=asked.text,
        actor=caller.actor(asked.person),
        once=f"{caller.token.id}\n{idempotency_key}",
        surface=Surface(asked.surface) if asked.surface else None,
        seen=asked.seen,
        in_reply_to=asked.in_reply_to,
        release=asked.release.reason if asked.release else None,
    )
    try:
        reply = await door.message(saying)
    except AlreadyAnswered as error:
        raise await _with_their_answer(door, caller, error) from error
    door.wake()
    answered = await door.desk.mention(caller.brands, reply.mention_id)
    to = [answered.mention.author.handle] if answered is not None else []
    return shapes.reply(ReplyView(reply)).model_copy(update={"warnings": shapes.warnings(reply.text, to)})


async def _brand_seen(door: Door, caller: Caller, ticket_id: str, seen: int) -> str:
    """Return the ticket's brand; refuses a number that nobody can have seen, which would see past every answer."""
    view = await door.desk.ticket(caller.brands, ticket_id)
    if view is None:
        raise Problem("not_found", "There is no such ticket.")
    if seen > view.ticket.sequence:
        raise Problem("invalid", f"`seen` is {seen}, and the ticket is at {view.ticket.sequence}: send what you read.")
    return view.ticket.brand_id


@router.get("/{ticket_id}/external", responses=READS_ONE, summary="List a ticket's mirrors at helpdesks")
async def list_mirrors(request: Request, caller: Reader, ticket_id: str) -> shapes.Listed[shapes.ExternalShape]:
    door = door_of(request)
    found: Sequence[object] = await door.mirrors_of(await _brand_of(door, caller, ticket_id), ticket_id)
    return shapes.Listed[shapes.ExternalShape](items=[shapes.ExternalShape.model_validate(each) for each in found])


@router.post("/{ticket_id}/external", responses=WRITES, summary="Claim a ticket: say which of a desk's mirrors it")
async def claim_mirror(request: Request, caller: Replier, ticket_id: str, asked: ClaimedMirror) -> shapes.ExternalShape:
    """The first claim of a desk stands; the same again is answered the same, another one is 409 `external_taken`."""
    door = door_of(request)
    brand_id = await _brand_of(door, caller, ticket_id)
    claimed = await door.claim_mirror(
        brand_id, ticket_id, asked.desk, asked.external_id, asked.url, caller.actor(asked.person)
    )
    return shapes.ExternalShape.model_validate(claimed)


async def _brand_of(door: Door, caller: Caller, ticket_id: str) -> str:
    view = await door.desk.ticket(caller.brands, ticket_id)
    if view is None:
        raise Problem("not_found", "There is no such ticket.")
    return view.ticket.brand_id


async def _with_their_answer(door: Door, caller: Caller, error: AlreadyAnswered) -> Problem:
    theirs = await door.desk.reply(caller.brands, error.reply_id)
    told = shapes.reply(theirs).model_dump(mode="json") if theirs is not None else None
    return Problem("conflict", str(error), code=error.code, answer=told)
