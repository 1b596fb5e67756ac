"""Which ticket of which desk mirrors which of ours, and what has been carried between them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.errors import NotAllowed, NotFound
from mentionbridge.domain.helpdesk import Carried, LineState, Mirror, MirrorState, Story, Told, Way
from mentionbridge.domain.mention import Surface
from mentionbridge.domain.ticket import Entry
from mentionbridge.kit.ids import Ids
from mentionbridge.ports.mirrors import External
from mentionbridge.store import mentions as m
from mentionbridge.store import tables as t
from mentionbridge.store.replies import as_reply
from mentionbridge.store.rows import insert, is_row
from mentionbridge.store.tickets import StoredTickets

_MIRROR = [t.mirrors.c[name] for name in Mirror.__dataclass_fields__]
_CARRIED = [t.mirror_lines.c[name] for name in Carried.__dataclass_fields__]
_ENTRY = [t.entries.c[name] for name in Entry.__dataclass_fields__]
_ONE_LINE = ("brand_id", "mirror_id", "way", "key")


@dataclass(frozen=True, slots=True)
class StoredMirrors:
    """The `externals`, `mirrors` and `mirror_lines` tables within one transaction."""

    connection: AsyncConnection
    ids: Ids

    async def claim(self, external: External) -> External:
        ticket = sa.select(t.tickets.c.id).where(is_row(t.tickets, external.brand_id, external.ticket_id))
        if (await self.connection.execute(ticket)).first() is None:
            raise NotFound(f"There is no ticket {external.ticket_id}.")
        row = insert(self.connection, t.externals).values(**asdict(external)).on_conflict_do_nothing()
        await self.connection.execute(row)
        known = await self.external(external.brand_id, external.ticket_id, external.desk)
        if known is not None and known.external_id == external.external_id:
            return known
        raise NotAllowed("external_taken", await self._why_taken(external, known))

    async def _why_taken(self, asked: External, known: External | None) -> str:
        if known is not None:
            return f"This ticket is mirrored at {asked.desk} by {known.external_id} already."
        other = await self.mirrored_by(asked.brand_id, asked.desk, asked.external_id)
        return f"At {asked.desk}, {asked.external_id} mirrors {other} already."

    async def externals(self, brand_id: str, ticket_id: str) -> Sequence[External]:
        here = (t.externals.c.brand_id == brand_id, t.externals.c.ticket_id == ticket_id)
        query = sa.select(t.externals).where(*here).order_by(t.externals.c.desk)
        return [External(**row._mapping) for row in await self.connection.execute(query)]

    async def external(self, brand_id: str, ticket_id: str, desk: str) -> External | None:
        return next((each for each in await self.externals(brand_id, ticket_id) if each.desk == desk), None)

    async def mirrored_by(self, brand_id: str, desk: str, external_id: str) -> str | None:
        query = sa.select(t.externals.c.ticket_id).where(
            _theirs(brand_id, desk), t.externals.c.external_id == external_id
        )
        found: str | None = (await self.connection.execute(query)).scalar_one_or_none()
        return found

    async def rebind(self, external: External, external_id: str, url: str | None) -> bool:
        if await self.mirrored_by(external.brand_id, external.desk, external_id) is not None:
            return False
        here = (_theirs(external.brand_id, external.desk), t.externals.c.ticket_id == external.ticket_id)
        change = sa.update(t.externals).where(*here).values(external_id=external_id, url=url)
        await self.connection.execute(change)
        return True

    async def want(self, brand_id: str, ticket_id: str, desk: str, sequence: int, now: datetime) -> None:
        row = {
            "brand_id": brand_id,
            "id": self.ids.new("mir"),
            "ticket_id": ticket_id,
            "desk": desk,
            "state": MirrorState.LIVE,
            "wanted": sequence,
            "known": {},
            "due": now,
        }
        add = insert(self.connection, t.mirrors).values(**row)
        newest = sa.case((t.mirrors.c.wanted < sequence, sequence), else_=t.mirrors.c.wanted)
        change = add.on_conflict_do_update(
            index_elements=["brand_id", "ticket_id", "desk"], set_={"wanted": newest, "due": _no_later_than(now)}
        )
        await self.connection.execute(change)

    async def look_at(self, brand_id: str, desk: str, external_ids: Sequence[str], now: datetime) -> int:
        asked = sa.select(t.externals.c.ticket_id).where(
            _theirs(brand_id, desk), t.externals.c.external_id.in_(external_ids)
        )
        here = (t.mirrors.c.brand_id == brand_id, t.mirrors.c.desk == desk, t.mirrors.c.ticket_id.in_(asked))
        change = sa.update(t.mirrors).where(*here).values(look=True, due=_no_later_than(now))
        return int((await self.connection.execute(change)).rowcount)

    async def get(self, brand_id: str, mirror_id: str) -> Mirror | None:
        query = sa.select(*_MIRROR).where(is_row(t.mirrors, brand_id, mirror_id))
        row = (await self.connection.execute(query)).first()
        return _mirror(row) if row is not None else None

    async def parked(self, brand_id: str, desk: str) -> Sequence[Mirror]:
        here = (t.mirrors.c.brand_id == brand_id, t.mirrors.c.desk == desk, t.mirrors.c.state != MirrorState.LIVE)
        query = sa.select(*_MIRROR).where(*here).order_by(t.mirrors.c.id)
        return [_mirror(row) for row in await self.connection.execute(query)]

    async def retry(self, brand_id: str, desk: str, now: datetime) -> int:
        here = (t.mirrors.c.brand_id == brand_id, t.mirrors.c.desk == desk, t.mirrors.c.state != MirrorState.LIVE)
        again = {"state": MirrorState.LIVE, "reason": None, "parked_at": None, "look": True, "due": now, "attempts": 0}
        return int((await self.connection.execute(sa.update(t.mirrors).where(*here).values(**again))).rowcount)

    async def story(self, brand_id: str, ticket_id: str) -> Story | None:
        ticket = await StoredTickets(self.connection).get(brand_id, ticket_id)
        if ticket is None:
            return None
        mentions = {row.id: m.as_mention(row) for row in await self._of(m.SELECT, t.mentions, brand_id, ticket_id)}
        replies = {
            row.id: as_reply(row) for row in await self._of(sa.select(t.replies), t.replies, brand_id, ticket_id)
        }
        entries = [_entry(row) for row in await self._of(sa.select(*_ENTRY), t.entries, brand_id, ticket_id)]
        entries.sort(key=lambda entry: entry.sequence)
        told = [Told(e, mentions.get(e.mention_id or ""), replies.get(e.reply_id or "")) for e in entries]
        return Story(ticket, told, list(replies.values()))

    async def _of(self, query: sa.Select[Any], table: sa.Table, brand_id: str, ticket_id: str) -> Sequence[Any]:
        here = (table.c.brand_id == brand_id, table.c.ticket_id == ticket_id)
        return list(await self.connection.execute(query.where(*here)))

    async def carried(self, mirror: Mirror) -> Sequence[Carried]:
        query = sa.select(*_CARRIED).where(_of_mirror(mirror)).order_by(t.mirror_lines.c.at, t.mirror_lines.c.id)
        return [_carried(row) for row in await self.connection.execute(query)]

    async def begin(self, mirror: Mirror, marker: str, now: datetime) -> None:
        row = self._line(mirror, Way.OUT, marker, LineState.SENDING, now)
        await self.connection.execute(insert(self.connection, t.mirror_lines).values(**row).on_conflict_do_nothing())

    async def arrived(
        self,
        mirror: Mirror,
        marker: str,
        state: LineState,
        theirs: str | None,
        now: datetime,
        reason: str | None = None,
    ) -> None:
        row = self._line(mirror, Way.OUT, marker, state, now) | {"theirs": theirs, "reason": reason}
        there = {"state": state, "theirs": theirs, "reason": reason}
        change = insert(self.connection, t.mirror_lines).values(**row)
        await self.connection.execute(change.on_conflict_do_update(index_elements=_ONE_LINE, set_=there))

    async def not_left(self, mirror: Mirror, marker: str) -> None:
        here = (_of_mirror(mirror), t.mirror_lines.c.way == Way.OUT, t.mirror_lines.c.key == marker)
        sending = t.mirror_lines.c.state == LineState.SENDING
        await self.connection.execute(sa.delete(t.mirror_lines).where(*here, sending))

    async def took(
        self, mirror: Mirror, line_id: str, state: LineState, ours: str | None, now: datetime, why: str
    ) -> bool:
        row = self._line(mirror, Way.IN, line_id, state, now) | {"theirs": ours, "reason": why[:500] or None}
        add = insert(self.connection, t.mirror_lines).values(**row).on_conflict_do_nothing()
        return (await self.connection.execute(add.returning(t.mirror_lines.c.id))).first() is not None

    def _line(self, mirror: Mirror, way: Way, key: str, state: LineState, now: datetime) -> dict[str, Any]:
        return {
            "brand_id": mirror.brand_id,
            "id": self.ids.new("mln"),
            "mirror_id": mirror.id,
            "way": way,
            "key": key,
            "state": state,
            "at": now,
        }

    async def looking(self, mirror: Mirror) -> None:
        await self._change(mirror, look=False)

    async def settle(self, mirror: Mirror, reached: int, known: Mapping[str, str | None]) -> Mirror:
        live = {"state": MirrorState.LIVE, "reason": None, "parked_at": None}
        await self._change(mirror, reached=reached, known=dict(known), **live)
        return await self.get(mirror.brand_id, mirror.id) or mirror

    async def set_state(self, mirror: Mirror, state: MirrorState, reason: str, now: datetime) -> bool:
        news = (mirror.state, mirror.reason) != (state, reason[:500])
        await self._change(mirror, state=state, reason=reason[:500], parked_at=mirror.parked_at or now)
        return news

    async def _change(self, mirror: Mirror, **values: Any) -> None:
        here = is_row(t.mirrors, mirror.brand_id, mirror.id)
        await self.connection.execute(sa.update(t.mirrors).where(here).values(**values))


def _theirs(brand_id: str, desk: str) -> sa.ColumnElement[bool]:
    return sa.and_(t.externals.c.brand_id == brand_id, t.externals.c.desk == desk)


def _of_mirror(mirror: Mirror) -> sa.ColumnElement[bool]:
    return sa.and_(t.mirror_lines.c.brand_id == mirror.brand_id, t.mirror_lines.c.mirror_id == mirror.id)


def _no_later_than(now: datetime) -> sa.ColumnElement[Any]:
    due, asked = t.mirrors.c.due, sa.literal(now, t.Instant)
    return sa.case((sa.or_(due.is_(None), due > asked), asked), else_=due)


def _mirror(row: Any) -> Mirror:
    return Mirror(**{**row._mapping, "state": MirrorState(row.state)})


def _carried(row: Any) -> Carried:
    return Carried(**{**row._mapping, "way": Way(row.way), "state": LineState(row.state)})


def _entry(row: Any) -> Entry:
    return Entry(**{**row._mapping, "surface": Surface(row.surface)})
