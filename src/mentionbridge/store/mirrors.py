"""Which ticket of which desk mirrors which of ours."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.errors import NotAllowed, NotFound
from mentionbridge.kit.ids import Ids
from mentionbridge.ports.store import External
from mentionbridge.store import tables as t
from mentionbridge.store.rows import insert, is_row


@dataclass(frozen=True, slots=True)
class StoredMirrors:
    """The `externals` table within one transaction."""

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
        return [as_external(row) for row in await self.connection.execute(query)]

    async def external(self, brand_id: str, ticket_id: str, desk: str) -> External | None:
        return next((each for each in await self.externals(brand_id, ticket_id) if each.desk == desk), None)

    async def mirrored_by(self, brand_id: str, desk: str, external_id: str) -> str | None:
        query = sa.select(t.externals.c.ticket_id).where(
            t.externals.c.brand_id == brand_id, t.externals.c.desk == desk, t.externals.c.external_id == external_id
        )
        found: str | None = (await self.connection.execute(query)).scalar_one_or_none()
        return found


def as_external(row: Any) -> External:
    """Turn a row of `externals` into a binding."""
    return External(**row._mapping)
