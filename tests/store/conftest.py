"""Every test here runs on SQLite (a file) and on PostgreSQL (from a wheel)."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from fakes.clock import HandClock
from fakes.databases import drop_postgres, empty_postgres, fresh_database
from fakes.world import World, open_store

BOTH = ("sqlite", "postgresql")


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.sqlite"
        return
    url = empty_postgres()
    yield url
    drop_postgres(url)


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    made = fresh_database(request.param, tmp_path)
    yield made
    if request.param == "postgresql":
        drop_postgres(made)


@pytest.fixture
async def world(url: str) -> AsyncIterator[World]:
    clock = HandClock()
    store = open_store(url, clock)
    yield World(store, clock, url)
    await store.engine.aclose()
