"""Answers: what was solved in public, for whoever is asked the same again."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from mentionbridge.web import shapes
from mentionbridge.web.answers import READS, READS_ONE
from mentionbridge.web.caller import Reader
from mentionbridge.web.lists import Cursor, Limit, Narrow, door_of, given, listed
from mentionbridge.web.problem import Problem

router = APIRouter(prefix="/v1", tags=["answers"])


@router.get("/answers", responses=READS, summary="List what was solved in public, newest first, or search it")
async def list_answers(
    request: Request,
    caller: Reader,
    q: Annotated[str, Query(max_length=200, description='Words, `"phrases"` and `beginnings*`.')] = "",
    topic: Narrow = None,
    place: Narrow = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> shapes.Listed[shapes.PublicAnswerShape]:
    """A part of what was searched for may hold less than `limit`, or nothing; `next` tells whether there is more."""
    about = given(topic=topic, place=place)
    found = await door_of(request).desk.answers(caller.brands, q, about, cursor, limit)
    return listed(request, found, shapes.public_answer, limit, {**about, **({"q": q} if q else {})})  # type: ignore[no-any-return]


@router.get("/tickets/{ticket_id}/answers", responses=READS_ONE, summary="Read the public answers to what resembles it")
async def answers_like(
    request: Request, caller: Reader, ticket_id: str, limit: Annotated[int, Query(ge=1, le=20)] = 5
) -> shapes.AnswersShape:
    """The likest first. Say `answer_id` when one of them solves the ticket, and it is counted as `helped`."""
    found = await door_of(request).desk.answers_like(caller.brands, ticket_id, limit)
    if found is None:
        raise Problem("not_found", "There is no such ticket.")
    return shapes.AnswersShape(items=[shapes.public_answer(each) for each in found])
