"""Statements as they are sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from mentionbridge.store.unit_of_work import SqlStore


@contextmanager
def counted(store: SqlStore) -> Iterator[list[str]]:
    """Collect every statement sent meanwhile, those that begin a transaction too."""
    said: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        said.append(statement)

    engine = store.engine.raw.sync_engine
    sa.event.listen(engine, "before_cursor_execute", note)
    yield said
    sa.event.remove(engine, "before_cursor_execute", note)
