"""How stories end, as the doors read it: calls, what was solved in public, and incidents that many were part of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from mentionbridge.domain.call import Call
from mentionbridge.domain.reply import ReplyState
from mentionbridge.ports.desk import Brands, IncidentView, PublicAnswer, Slice
from mentionbridge.store import public_answers
from mentionbridge.store import tables as t
from mentionbridge.store.calls import FACTS as CALL
from mentionbridge.store.calls import as_call
from mentionbridge.store.incidents import FACTS, as_incident
from mentionbridge.store.keyset import Keyset
from mentionbridge.store.unit_of_work import SqlStore

_HERE = t.incidents.c
_MEMBERS = (
    sa.select(sa.func.count())
    .where(t.tickets.c.brand_id == _HERE.brand_id, t.tickets.c.incident_id == _HERE.id)
    .scalar_subquery()
)
_told = t.incident_told.c
_SAID = (
    sa.select(sa.func.count())
    .join_from(
        t.incident_told, t.replies, sa.and_(t.replies.c.brand_id == _told.brand_id, t.replies.c.id == _told.reply_id)
    )
    .where(_told.brand_id == _HERE.brand_id, _told.incident_id == _HERE.id, _told.number == _HERE.number)
    .where(t.replies.c.state == ReplyState.SENT)
    .scalar_subquery()
)
_QUERY = sa.select(*FACTS, _MEMBERS.label("members"), _SAID.label("told"))
CALLS = Keyset("calls", sa.select(*CALL), t.calls, frozenset({"state", "ticket_id"}))
INCIDENTS = Keyset("incidents", _QUERY, t.incidents, frozenset({"state"}))


@dataclass(frozen=True, slots=True)
class StoredEndings:
    """Calls, public answers and incidents, each list and thing in one moment of the database."""

    store: SqlStore

    async def calls(self, brands: Brands, filters: Mapping[str, str], cursor: str | None, limit: int) -> Slice[Call]:
        async with self.store.engine.reading() as connection:
            rows, behind = await CALLS.page(connection, brands, filters, cursor, limit)
        return Slice(list(map(as_call, rows)), behind)

    async def call(self, brands: Brands, call_id: str) -> Call | None:
        here = (t.calls.c.brand_id.in_(tuple(brands)), t.calls.c.id == call_id)
        async with self.store.engine.reading() as connection:
            row = (await connection.execute(sa.select(*CALL).where(*here))).first()
        return as_call(row) if row is not None else None

    async def answers(
        self, brands: Brands, asked: str, filters: Mapping[str, str], cursor: str | None, limit: int
    ) -> Slice[PublicAnswer]:
        async with self.store.engine.reading() as connection:
            return await public_answers.listed(connection, brands, asked, filters, cursor, limit)

    async def answers_like(self, brands: Brands, ticket_id: str, limit: int) -> Sequence[PublicAnswer] | None:
        async with self.store.engine.reading() as connection:
            return await public_answers.like(connection, brands, ticket_id, limit)

    async def incidents(
        self, brands: Brands, filters: Mapping[str, str], cursor: str | None, limit: int
    ) -> Slice[IncidentView]:
        async with self.store.engine.reading() as connection:
            rows, behind = await INCIDENTS.page(connection, brands, filters, cursor, limit)
        return Slice(list(map(_view, rows)), behind)

    async def incident(self, brands: Brands, incident_id: str) -> IncidentView | None:
        query = _QUERY.where(_HERE.brand_id.in_(brands), _HERE.id == incident_id)
        async with self.store.engine.reading() as connection:
            row = (await connection.execute(query)).first()
        return _view(row) if row is not None else None


def _view(row: Any) -> IncidentView:
    facts = dict(row._mapping)
    members, told = facts.pop("members"), facts.pop("told")
    return IncidentView(as_incident(facts), members, told)
