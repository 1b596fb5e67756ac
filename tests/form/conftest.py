"""One invitation, opened by whoever a test likes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fakes.clock import HandClock
from fakes.databases import drop_postgres, fresh_database
from fakes.form_world import FormWorld, form_world
from fakes.people import connect
from fakes.web_world import ACCOUNTS
from fakes.world import World, open_store


@pytest.fixture
def kind() -> str:
    return "sqlite"


@pytest.fixture
async def place(kind: str, tmp_path: Path) -> AsyncIterator[FormWorld]:
    url, clock = fresh_database(kind, tmp_path), HandClock()
    store = open_store(url, clock)
    async with store.writing() as uow:
        for account in ACCOUNTS:
            await connect(uow, account)
    async with form_world(World(store, clock, url)) as made:
        yield made
        await made.site.door.writer.aclose()  # type: ignore[attr-defined]
    await store.engine.aclose()
    if kind == "postgresql":
        drop_postgres(url)
