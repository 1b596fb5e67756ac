"""A store on a fresh database, and the hand-wound clock it reads."""

from dataclasses import dataclass

from cryptography.fernet import Fernet

from fakes.clock import HandClock
from mentionbridge.kit.ids import Ids
from mentionbridge.store.engines import Engine
from mentionbridge.store.sealed import Sealer
from mentionbridge.store.unit_of_work import SqlStore

SEALER = Sealer([Fernet.generate_key()])


@dataclass(frozen=True)
class World:
    """One process on one database."""

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
