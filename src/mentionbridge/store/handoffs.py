"""Invitations into private, and the browsers that followed them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.handoff import FormSession, Handoff, HandoffState, Line, Proof, Way
from mentionbridge.kit.ids import Ids
from mentionbridge.ports.media import Picture
from mentionbridge.store import tables as t
from mentionbridge.store.rows import is_row, once
from mentionbridge.store.sealed import Sealer

_HANDOFF = [t.handoffs.c[name] for name in Handoff.__dataclass_fields__]
_SESSION = [t.form_sessions.c[name] for name in FormSession.__dataclass_fields__]
_OFFERED = (
    sa.update(t.handoffs)
    .where(
        t.handoffs.c.brand_id == sa.bindparam("brand"),
        t.handoffs.c.reply_id == sa.bindparam("reply"),
        t.handoffs.c.state == HandoffState.PREPARED,
    )
    .values(state=sa.bindparam("now_state"), offered_at=sa.bindparam("now_at", type_=t.Instant))
    .returning(*_HANDOFF)
)
_TOKEN_LENGTH = 40
_UNENDED = (HandoffState.OFFERED, HandoffState.OPENED)


@dataclass(frozen=True, slots=True)
class StoredHandoffs:
    """The `handoffs` table within one transaction."""

    connection: AsyncConnection
    sealer: Sealer

    def token(self, brand_id: str, name: str, turn: int) -> str:
        return self.sealer.fingerprint(f"handoff\n{brand_id}\n{name}\n{turn}")[:_TOKEN_LENGTH]

    def digest(self, token: str) -> str:
        return self.sealer.fingerprint(f"digest\n{token}")

    async def add(self, handoff: Handoff) -> bool:
        added = await self.connection.execute(once(self.connection, t.handoffs, "id"), asdict(handoff))
        return added.first() is not None

    async def at(self, token: str) -> Handoff | None:
        return await self._one(t.handoffs.c.digest == self.digest(token), hold=False)

    async def get(self, brand_id: str, handoff_id: str) -> Handoff | None:
        return await self._one(is_row(t.handoffs, brand_id, handoff_id))

    async def offered(self, brand_id: str, reply_id: str, now: datetime) -> Handoff | None:
        parameters = {"brand": brand_id, "reply": reply_id, "now_state": HandoffState.OFFERED, "now_at": now}
        row = (await self.connection.execute(_OFFERED, parameters)).first()
        return as_handoff(row) if row is not None else None

    async def _one(self, where: sa.ColumnElement[bool], *, hold: bool = True) -> Handoff | None:
        query = sa.select(*_HANDOFF).where(where)
        row = (await self.connection.execute(query.with_for_update() if hold else query)).first()
        return as_handoff(row) if row is not None else None

    async def of_ticket(self, brand_id: str, ticket_id: str) -> Sequence[Handoff]:
        here = (t.handoffs.c.brand_id == brand_id, t.handoffs.c.ticket_id == ticket_id)
        rows = await self.connection.execute(sa.select(*_HANDOFF).where(*here).order_by(t.handoffs.c.turn))
        return [as_handoff(row) for row in rows]

    async def change(self, handoff: Handoff, **facts: Any) -> Handoff:
        here = is_row(t.handoffs, handoff.brand_id, handoff.id)
        await self.connection.execute(sa.update(t.handoffs).where(here).values(**facts))
        return replace(handoff, **facts)

    async def overdue(self, now: datetime, limit: int) -> Sequence[Handoff]:
        over = (t.handoffs.c.state.in_(_UNENDED), t.handoffs.c.expires_at <= now)
        query = sa.select(*_HANDOFF).where(*over).order_by(t.handoffs.c.expires_at).limit(limit)
        return [as_handoff(row) for row in await self.connection.execute(query)]


def as_handoff(row: Any) -> Handoff:
    """Turn a row of `handoffs` into a hand-off."""
    facts = dict(row._mapping)
    return Handoff(**{**facts, "way": Way(facts["way"]), "state": HandoffState(facts["state"])})


@dataclass(frozen=True, slots=True)
class StoredForms:
    """The `form_sessions`, `form_lines` and `uploads` tables within one transaction."""

    connection: AsyncConnection
    sealer: Sealer
    ids: Ids

    async def add(self, session: FormSession) -> None:
        await self.connection.execute(sa.insert(t.form_sessions).values(**asdict(session)))

    async def at(self, brand_id: str, secret: str, *, hold: bool = False) -> FormSession | None:
        digest = self.sealer.fingerprint(f"digest\n{secret}")
        return await self._one(brand_id, t.form_sessions.c.digest == digest, hold=hold)

    async def by_code(self, brand_id: str, code: str) -> FormSession | None:
        digest = self.sealer.fingerprint(f"digest\n{code}")
        return await self._one(brand_id, t.form_sessions.c.code_digest == digest, hold=True)

    async def get(self, brand_id: str, session_id: str, *, hold: bool = False) -> FormSession | None:
        return await self._one(brand_id, t.form_sessions.c.id == session_id, hold=hold)

    async def _one(self, brand_id: str, where: sa.ColumnElement[bool], *, hold: bool) -> FormSession | None:
        query = sa.select(*_SESSION).where(t.form_sessions.c.brand_id == brand_id, where)
        row = (await self.connection.execute(query.with_for_update() if hold else query)).first()
        return _as_session(row) if row is not None else None

    async def change(self, session: FormSession, **facts: Any) -> FormSession:
        here = is_row(t.form_sessions, session.brand_id, session.id)
        await self.connection.execute(sa.update(t.form_sessions).where(here).values(**facts))
        return replace(session, **facts)

    async def wrote(
        self, session: FormSession, ticket_id: str, entry_id: str, pictures: Sequence[tuple[str, Picture]], at: datetime
    ) -> None:
        line = {
            "brand_id": session.brand_id,
            "id": entry_id,
            "session_id": session.id,
            "ticket_id": ticket_id,
            "at": at,
        }
        await self.connection.execute(sa.insert(t.form_lines).values(**line))
        rows = [
            {
                "brand_id": session.brand_id,
                "id": upload_id,
                "line_id": entry_id,
                "ticket_id": ticket_id,
                "mime": picture.mime,
                "width": picture.width,
                "height": picture.height,
                "body": picture.body,
            }
            for upload_id, picture in pictures
        ]
        if rows:
            await self.connection.execute(sa.insert(t.uploads), rows)

    async def lines(self, session: FormSession) -> Sequence[Line]:
        count = (
            sa.select(sa.func.count())
            .where(t.uploads.c.brand_id == t.form_lines.c.brand_id, t.uploads.c.line_id == t.form_lines.c.id)
            .scalar_subquery()
        )
        same = sa.and_(t.entries.c.brand_id == t.form_lines.c.brand_id, t.entries.c.id == t.form_lines.c.id)
        query = sa.select(t.form_lines.c.at, t.entries.c.text, count.label("pictures")).join(t.entries, same)
        theirs = (t.form_lines.c.brand_id == session.brand_id, t.form_lines.c.session_id == session.id)
        rows = await self.connection.execute(query.where(*theirs).order_by(t.form_lines.c.id))
        return [Line(row.at, row.text or "", row.pictures) for row in rows]

    async def written(self, brand_id: str, since: datetime, *, session_id: str = "", ticket_id: str = "") -> int:
        column = t.form_lines.c
        whose = column.session_id == session_id if session_id else column.ticket_id == ticket_id
        query = sa.select(sa.func.count()).where(column.brand_id == brand_id, whose, column.at >= since)
        return int((await self.connection.execute(query)).scalar_one())

    async def proven(self, brand_id: str, ticket_id: str) -> Sequence[FormSession]:
        column = t.form_sessions.c
        here = (column.brand_id == brand_id, column.ticket_id == ticket_id, column.proven_at.isnot(None))
        rows = await self.connection.execute(sa.select(*_SESSION).where(*here).order_by(column.id))
        return [_as_session(row) for row in rows]


def _as_session(row: Any) -> FormSession:
    facts = dict(row._mapping)
    return FormSession(**{**facts, "proof": Proof(facts["proof"])})
