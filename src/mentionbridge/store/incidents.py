"""Incidents, the tickets in them, and who has been told what of them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.errors import NotFound
from mentionbridge.domain.incident import Incident, IncidentState
from mentionbridge.domain.ticket import TicketState
from mentionbridge.ports.incidents import Untold
from mentionbridge.store import tables as t
from mentionbridge.store.rows import is_row

FACTS = [t.incidents.c[name] for name in Incident.__dataclass_fields__]
_ALL = sa.select(*FACTS)
_ALIVE = (TicketState.NEW, TicketState.OPEN, TicketState.PENDING)
_also = t.authors.alias("also").c
_SAME_PERSON = sa.or_(_also.id == t.authors.c.id, _also.customer_id == t.authors.c.customer_id)
_ITS_AUTHOR = sa.and_(t.authors.c.brand_id == t.tickets.c.brand_id, t.authors.c.id == t.tickets.c.author_id)
_told = t.incident_told.c


@dataclass(frozen=True, slots=True)
class StoredIncidents:
    """The `incidents` and `incident_told` tables, and `tickets.incident_id`, within one transaction."""

    connection: AsyncConnection

    async def add(self, incident: Incident) -> None:
        await self.connection.execute(sa.insert(t.incidents).values(**_row(incident)))

    async def hold(self, brand_id: str, incident_id: str) -> Incident:
        query = _ALL.where(is_row(t.incidents, brand_id, incident_id)).with_for_update()
        row = (await self.connection.execute(query)).first()
        if row is None:
            raise NotFound(f"There is no incident {incident_id}.")
        return as_incident(dict(row._mapping))

    async def get(self, brand_id: str, incident_id: str) -> Incident | None:
        row = (await self.connection.execute(_ALL.where(is_row(t.incidents, brand_id, incident_id)))).first()
        return as_incident(dict(row._mapping)) if row is not None else None

    async def keep(self, incident: Incident) -> None:
        here = is_row(t.incidents, incident.brand_id, incident.id)
        await self.connection.execute(sa.update(t.incidents).where(here).values(**_row(incident)))

    async def open_ones(self, brand_id: str) -> Sequence[Incident]:
        return await self._those(t.incidents.c.brand_id == brand_id, t.incidents.c.state == IncidentState.OPEN)

    async def telling(self, limit: int) -> Sequence[Incident]:
        return await self._those(t.incidents.c.telling, limit=limit)

    async def overdue(self, now: datetime) -> Sequence[Incident]:
        return await self._those(t.incidents.c.state == IncidentState.OPEN, t.incidents.c.until <= now)

    async def untold(self, incident: Incident, limit: int) -> Sequence[Untold]:
        known = sa.exists().where(
            *_of(incident),
            _also.brand_id == _told.brand_id,
            _also.id == _told.author_id,
            _SAME_PERSON,
            sa.or_(_told.number == incident.number, _told.reply_id.is_(None)),
        )
        query = (
            sa.select(t.tickets.c.id, t.tickets.c.author_id)
            .join_from(t.tickets, t.authors, _ITS_AUTHOR)
            .where(t.tickets.c.brand_id == incident.brand_id, t.tickets.c.incident_id == incident.id)
            .where(t.tickets.c.merged_into.is_(None), ~known)
            .order_by(t.tickets.c.id)
            .limit(limit)
        )
        return [Untold(*row) for row in await self.connection.execute(query)]

    async def note_told(self, incident: Incident, author_id: str, person: Sequence[str], reply_id: str | None) -> bool:
        over = sa.or_(_told.number == incident.number, _told.reply_id.is_(None))
        known = sa.select(_told.author_id).where(*_of(incident), _told.author_id.in_(list(person)), over)
        if (await self.connection.execute(known)).first() is not None:
            return False
        row = {"brand_id": incident.brand_id, "incident_id": incident.id, "author_id": author_id}
        await self.connection.execute(
            sa.insert(t.incident_told).values(**row, number=incident.number, reply_id=reply_id)
        )
        return True

    async def told_in(self, incident: Incident, person: Sequence[str]) -> Sequence[str]:
        earlier = (_told.number < incident.number, _told.author_id.in_(list(person)), _told.reply_id.isnot(None))
        query = sa.select(_told.reply_id).where(*_of(incident), *earlier).order_by(_told.number)
        return list((await self.connection.execute(query)).scalars())

    async def ring(self, incident: Incident) -> None:
        here = is_row(t.incidents, incident.brand_id, incident.id)
        await self.connection.execute(sa.update(t.incidents).where(here).values(telling=True))

    async def take_in(self, incident: Incident) -> int:
        ticket = t.tickets.c
        covered = [ticket.brand_id == incident.brand_id, ticket.state.in_(_ALIVE), ticket.merged_into.is_(None)]
        covered += [ticket.incident_id.is_(None), ticket.occurred_at >= incident.since]
        covered += [ticket.topic.in_(list(incident.topics))] if incident.topics else []
        covered += [ticket.place.in_(list(incident.places))] if incident.places else []
        taken = sa.update(t.tickets).where(*covered).values(incident_id=incident.id, updated_at=incident.updated_at)
        return (await self.connection.execute(taken)).rowcount

    async def _those(self, *where: sa.ColumnElement[bool], limit: int | None = None) -> list[Incident]:
        rows = await self.connection.execute(_ALL.where(*where).order_by(t.incidents.c.id).limit(limit))
        return [as_incident(dict(row._mapping)) for row in rows]


def _of(incident: Incident) -> tuple[sa.ColumnElement[bool], ...]:
    return (_told.brand_id == incident.brand_id, _told.incident_id == incident.id)


def _row(incident: Incident) -> dict[str, Any]:
    lists = {"topics": list(incident.topics), "places": list(incident.places), "news": dict(incident.news)}
    return asdict(incident) | lists


def as_incident(facts: Mapping[str, Any]) -> Incident:
    """Turn a row of `incidents` into an incident."""
    lists = {name: tuple(facts[name]) for name in ("topics", "places")}
    return Incident(**{**facts, **lists, "state": IncidentState(facts["state"])})
