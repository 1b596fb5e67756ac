"""The configured desks as they are doing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.errors import NotFound
from mentionbridge.domain.helpdesk import DeskHealth, MirrorState
from mentionbridge.store import tables as t
from mentionbridge.store.rows import is_row, once

_FACTS = ("brand_id", "id", "helpdesk", "failures", "last_error", "last_polled_at", "resting_until", "cursor")


def _count(*where: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    same = (t.mirrors.c.brand_id == t.helpdesks.c.brand_id, t.mirrors.c.desk == t.helpdesks.c.id)
    return sa.select(sa.func.count()).where(*same, *where).correlate(t.helpdesks).scalar_subquery()


_HEALTH = sa.select(
    *(t.helpdesks.c[name] for name in _FACTS),
    _count().label("mirrors"),
    _count(t.mirrors.c.wanted > t.mirrors.c.reached).label("behind"),
    _count(t.mirrors.c.state != MirrorState.LIVE).label("parked"),
)


@dataclass(frozen=True, slots=True)
class StoredHelpdesks:
    """The `helpdesks` table within one transaction."""

    connection: AsyncConnection

    async def ensure(self, brand_id: str, desk: str, helpdesk: str, now: datetime) -> None:
        row = {"brand_id": brand_id, "id": desk, "helpdesk": helpdesk, "due": now}
        await self.connection.execute(once(self.connection, t.helpdesks), row)

    async def health(self, brand_id: str, desk: str) -> DeskHealth:
        row = (await self.connection.execute(_HEALTH.where(is_row(t.helpdesks, brand_id, desk)))).first()
        if row is None:
            raise NotFound(f"There is no helpdesk {desk}.")
        return DeskHealth(**row._mapping)

    async def all(self, brand_ids: Sequence[str] | None = None) -> Sequence[DeskHealth]:
        query = _HEALTH.order_by(t.helpdesks.c.brand_id, t.helpdesks.c.id)
        if brand_ids is not None:
            query = query.where(t.helpdesks.c.brand_id.in_(brand_ids))
        return [DeskHealth(**row._mapping) for row in await self.connection.execute(query)]

    async def due(self, brand_id: str, desk: str, at: datetime) -> None:
        later = sa.or_(t.helpdesks.c.due.is_(None), t.helpdesks.c.due > at)
        here = is_row(t.helpdesks, brand_id, desk)
        await self.connection.execute(sa.update(t.helpdesks).where(here, later).values(due=at))

    async def polled(self, brand_id: str, desk: str, cursor: str, now: datetime) -> None:
        await self._change(brand_id, desk, cursor=cursor, last_polled_at=now)

    async def failed(self, brand_id: str, desk: str, sentence: str) -> int:
        change = (
            sa.update(t.helpdesks)
            .where(is_row(t.helpdesks, brand_id, desk))
            .values(failures=t.helpdesks.c.failures + 1, last_error=sentence[:500])
            .returning(t.helpdesks.c.failures)
        )
        return int((await self.connection.execute(change)).scalar_one())

    async def rest(self, brand_id: str, desk: str, until: datetime) -> None:
        await self._change(brand_id, desk, resting_until=until)

    async def well(self, brand_id: str, desk: str) -> None:
        here = is_row(t.helpdesks, brand_id, desk)
        ill = sa.or_(t.helpdesks.c.failures > 0, t.helpdesks.c.resting_until.isnot(None))
        change = sa.update(t.helpdesks).where(here, ill).values(failures=0, last_error=None, resting_until=None)
        await self.connection.execute(change)

    async def _change(self, brand_id: str, desk: str, **values: Any) -> None:
        await self.connection.execute(
            sa.update(t.helpdesks).where(is_row(t.helpdesks, brand_id, desk)).values(**values)
        )
