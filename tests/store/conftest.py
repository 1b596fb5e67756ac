"""Every test here runs on SQLite (a file) and on PostgreSQL (from a wheel)."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from fakes.clock import HandClock
from fakes.databases import drop_postgres, empty_postgres, fresh_database
from mentionbridge.kit.ids import Ids
from mentionbridge.store.engines import Engine
from mentionbridge.store.sealed import Sealer
from mentionbridge.store.unit_of_work import SqlStore

BOTH = ("sqlite", "postgresql")


@dataclass(frozen=True)
class World:
    """A store on a fresh database, and the hand-wound clock it reads."""

    store: SqlStore
    clock: HandClock
    url: str

    @property
    def engine(self) -> Engine:
        return self.store.engine

    def another(self) -> SqlStore:
        """A second process: its own engine on the same database."""
        return open_store(self.url, self.clock)


def open_store(url: str, clock: HandClock) -> SqlStore:
    return SqlStore(Engine(url), clock, Ids(), SEALER)


SEALER = Sealer([Fernet.generate_key()])


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
