"""The door on a real SQLite store; what matters most is run on PostgreSQL too (parametrise `kind`)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fakes.clock import HandClock
from fakes.databases import drop_postgres, fresh_database
from fakes.people import connect
from fakes.web_world import ACCOUNTS, Site, open_site
from fakes.world import World, open_store


@pytest.fixture
def kind() -> str:
    return "sqlite"


@pytest.fixture
async def world(kind: str, tmp_path: Path) -> AsyncIterator[World]:
    url, clock = fresh_database(kind, tmp_path), HandClock()
    store = open_store(url, clock)
    async with store.writing() as uow:
        for account in ACCOUNTS:
            await connect(uow, account)
    yield World(store, clock, url)
    await store.engine.aclose()
    if kind == "postgresql":
        drop_postgres(url)


@pytest.fixture
def patience() -> dict[str, int]:
    """Limits of the door that are not as everywhere."""
    return {}


@pytest.fixture
async def site(world: World, patience: dict[str, int]) -> AsyncIterator[Site]:
    site = open_site(world, **patience)
    yield site
    await site.door.writer.aclose()  # type: ignore[attr-defined]
