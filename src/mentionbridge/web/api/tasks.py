"""Tasks: what a person must post, with a link to the post it answers."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from mentionbridge.ports.desk import TaskState, TaskView
from mentionbridge.web import shapes
from mentionbridge.web.answers import READS, READS_ONE, WRITES
from mentionbridge.web.asked import FinishedTask
from mentionbridge.web.caller import Caller, Reader, Replier
from mentionbridge.web.lists import Cursor, Limit, Narrow, door_of, given, listed
from mentionbridge.web.once import IdempotencyKey, OnceRoute
from mentionbridge.web.problem import Problem

router = APIRouter(prefix="/v1/tasks", tags=["tasks"], route_class=OnceRoute)


@router.get("", responses=READS, summary="List what a person must post, newest first")
async def list_tasks(
    request: Request,
    caller: Reader,
    state: Annotated[TaskState | None, Query()] = None,
    ticket_id: Narrow = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> shapes.Listed[shapes.TaskShape]:
    filters = given(state=state, ticket_id=ticket_id)
    found = await door_of(request).desk.tasks(caller.brands, filters, cursor, limit)
    return listed(request, found, shapes.task, limit, filters)  # type: ignore[no-any-return]


@router.get("/{task_id}", responses=READS_ONE, summary="Read one task: the words to post, and where")
async def read_task(request: Request, caller: Reader, task_id: str) -> shapes.TaskShape:
    return shapes.task(await _find(request, caller, task_id))


@router.post("/{task_id}/done", responses=WRITES, summary="Say that it was posted, or that nobody will post it")
async def finish(
    request: Request, caller: Replier, task_id: str, asked: FinishedTask, idempotency_key: IdempotencyKey = None
) -> shapes.TaskDoneShape:
    """A post of ours that appears under the thread ends its task by itself."""
    door, task = door_of(request), await _find(request, caller, task_id)
    reply, actor = task.reply, caller.actor(asked.person)
    done = await door.finish_task(reply.brand_id, reply.id, actor, posted=asked.posted, permalink=asked.permalink)
    door.wake()
    return shapes.task_done(done)


async def _find(request: Request, caller: Caller, task_id: str) -> TaskView:
    found = await door_of(request).desk.task(caller.brands, task_id)
    if found is None:
        raise Problem("not_found", "There is no such task.")
    return found
