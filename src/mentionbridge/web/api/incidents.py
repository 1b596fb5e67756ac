"""Incidents: what is wrong for many, declared by a person, and what all of them are told, once each."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from mentionbridge.domain.incident import Incident, IncidentState
from mentionbridge.pipeline.incident import Declared
from mentionbridge.web import shapes
from mentionbridge.web.answers import READS, READS_ONE, WRITES
from mentionbridge.web.asked_of_incidents import Broadcast, ChangedIncident, NewIncident
from mentionbridge.web.caller import Approver, Caller, Reader
from mentionbridge.web.door import Door
from mentionbridge.web.lists import Cursor, Limit, door_of, given, listed
from mentionbridge.web.once import IdempotencyKey, OnceRoute, requires_key
from mentionbridge.web.problem import Problem

router = APIRouter(prefix="/v1/incidents", tags=["incidents"], route_class=OnceRoute)
A_DAY = timedelta(days=1)


@router.get("", responses=READS, summary="List incidents, newest first")
async def list_incidents(
    request: Request,
    caller: Reader,
    state: Annotated[IncidentState | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> shapes.Listed[shapes.IncidentShape]:
    filters = given(state=state)
    found = await door_of(request).desk.incidents(caller.brands, filters, cursor, limit)
    return listed(request, found, shapes.incident, limit, filters)  # type: ignore[no-any-return]


@router.post(
    "",
    responses=WRITES,
    status_code=201,
    summary="Declare an incident and tell its members; needs an Idempotency-Key",
)
async def declare_incident(
    request: Request, caller: Approver, asked: NewIncident, idempotency_key: IdempotencyKey = None
) -> shapes.IncidentShape:
    """Each member is told once, in public, below what they said; whoever complains later is answered with the news."""
    requires_key(request)
    if asked.brand not in caller.brands:
        raise Problem("unknown_brand", "This token knows no such brand.")
    door = door_of(request)
    declared = Declared(
        title=asked.title,
        news=asked.news,
        lang=asked.lang,
        topics=asked.topics,
        places=asked.places,
        since=asked.since or door.clock.now() - A_DAY,
        until=asked.until,
    )
    return await _done(door, caller, await door.declare(asked.brand, declared, caller.actor(asked.person)))


@router.get("/{incident_id}", responses=READS_ONE, summary="Read one incident, how many are in it and were told")
async def read_incident(request: Request, caller: Reader, incident_id: str) -> shapes.IncidentShape:
    return await _shown(door_of(request), caller, incident_id)


@router.patch("/{incident_id}", responses=WRITES, summary="Change what an incident covers, or close it without a word")
async def change_incident(
    request: Request, caller: Approver, incident_id: str, asked: ChangedIncident
) -> shapes.IncidentShape:
    door = door_of(request)
    brand_id = (await _shown(door, caller, incident_id)).brand_id
    changed = await door.change_incident(brand_id, incident_id, _facts(asked), caller.actor(asked.person))
    return await _done(door, caller, changed)


@router.post(
    "/{incident_id}/broadcast",
    responses=WRITES,
    summary="Tell all who were told the newest news, or that it is fixed; needs an Idempotency-Key",
)
async def broadcast(
    request: Request, caller: Approver, incident_id: str, asked: Broadcast, idempotency_key: IdempotencyKey = None
) -> shapes.IncidentShape:
    """News that have not left yet give way to these."""
    requires_key(request)
    door = door_of(request)
    brand_id = (await _shown(door, caller, incident_id)).brand_id
    actor = caller.actor(asked.person)
    return await _done(door, caller, await door.broadcast(brand_id, incident_id, asked.news, actor, fixed=asked.fixed))


def _facts(asked: ChangedIncident) -> dict[str, Any]:
    told = {name: getattr(asked, name) for name in asked.model_fields_set if name != "actor"}
    lists: dict[str, Any] = {name: tuple(told[name]) for name in ("topics", "places") if name in told}
    state = {"state": IncidentState(told["state"])} if "state" in told else {}
    return {**told, **lists, **state}


async def _done(door: Door, caller: Caller, incident: Incident) -> shapes.IncidentShape:
    door.wake()
    return await _shown(door, caller, incident.id)


async def _shown(door: Door, caller: Caller, incident_id: str) -> shapes.IncidentShape:
    found = await door.desk.incident(caller.brands, incident_id)
    if found is None:
        raise Problem("not_found", "There is no such incident.")
    return shapes.incident(found)
