"""The feed alone, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from fakes.clock import HandClock
from fakes.databases import drop_postgres, fresh_database
from fakes.feed_world import Feed, open_feed
from fakes.world import World, open_store


@pytest.fixture(params=("sqlite", "postgresql"))
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    made = fresh_database(request.param, tmp_path)
    yield made
    if request.param == "postgresql":
        drop_postgres(made)


@pytest.fixture
async def feed(url: str) -> AsyncIterator[Feed]:
    clock = HandClock()
    store = open_store(url, clock)
    yield open_feed(World(store, clock, url))
    await store.engine.aclose()
