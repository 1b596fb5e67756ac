"""Answers kept under the caller's key for a day."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from mentionbridge.ports.access import Earlier, Remembered
from mentionbridge.store import tables as t
from mentionbridge.store.engines import Engine
from mentionbridge.store.rows import insert
from mentionbridge.store.sealed import Sealer

KEPT = timedelta(hours=24)
GIVEN_UP = timedelta(minutes=5)
"""A request that ran longer than this has died with its process; its key is free again."""


@dataclass(frozen=True, slots=True)
class StoredIdempotency:
    """A `ports.access.Idempotency` over the `idempotency` table; each call is its own transaction."""

    engine: Engine
    sealer: Sealer

    async def begin(self, token_id: str, key: str, digest: str, now: datetime) -> Remembered:
        row = {"token_id": token_id, "key": key, "digest": digest, "created_at": now}
        column = t.idempotency.c
        dead = sa.and_(column.status.is_(None), column.created_at <= now - GIVEN_UP)
        async with self.engine.writing() as connection:
            await connection.execute(
                sa.delete(t.idempotency).where(
                    sa.or_(column.created_at <= now - KEPT, sa.and_(_is(token_id, key), dead))
                )
            )
            taken = insert(connection, t.idempotency).values(**row).on_conflict_do_nothing()
            if (await connection.execute(taken.returning(column.key))).first() is not None:
                return Remembered(Earlier.NEW)
            known = (await connection.execute(sa.select(t.idempotency).where(_is(token_id, key)))).one()
        if known.digest != digest:
            return Remembered(Earlier.OTHER_BODY)
        if known.status is None:
            return Remembered(Earlier.RUNNING)
        return Remembered(Earlier.STORED, known.status, self.sealer.open(known.body).encode())

    async def finish(self, token_id: str, key: str, status: int, body: bytes) -> None:
        # Sealed, for an answer may hold words or a secret that is shown only once.
        sealed = self.sealer.seal(body.decode())
        change = sa.update(t.idempotency).where(_is(token_id, key)).values(status=status, body=sealed)
        async with self.engine.writing() as connection:
            await connection.execute(change)

    async def forget(self, token_id: str, key: str) -> None:
        async with self.engine.writing() as connection:
            await connection.execute(sa.delete(t.idempotency).where(_is(token_id, key)))


def _is(token_id: str, key: str) -> sa.ColumnElement[bool]:
    return sa.and_(t.idempotency.c.token_id == token_id, t.idempotency.c.key == key)
