"""One transaction, with every noun at hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.kit.clock import Clock
from mentionbridge.kit.ids import Ids
from mentionbridge.store.accounts import StoredAccounts
from mentionbridge.store.acts import StoredActs
from mentionbridge.store.authors import StoredAuthors
from mentionbridge.store.calls import StoredCalls
from mentionbridge.store.claims import Claims
from mentionbridge.store.commitments import StoredCommitments
from mentionbridge.store.contexts import StoredContexts
from mentionbridge.store.customers import StoredCustomers
from mentionbridge.store.deliveries import StoredDeliveries
from mentionbridge.store.engines import Engine
from mentionbridge.store.events import StoredEvents
from mentionbridge.store.handoffs import StoredForms, StoredHandoffs
from mentionbridge.store.helpdesks import StoredHelpdesks
from mentionbridge.store.inbox import StoredInbox
from mentionbridge.store.incidents import StoredIncidents
from mentionbridge.store.mentions import StoredMentions
from mentionbridge.store.mirrors import StoredMirrors
from mentionbridge.store.records import StoredRecordChecks
from mentionbridge.store.replies import StoredReplies
from mentionbridge.store.sealed import Sealer
from mentionbridge.store.streams import StoredStreams
from mentionbridge.store.tickets import StoredTickets
from mentionbridge.store.waits import StoredWaits


@dataclass(frozen=True, slots=True)
class Transaction:
    """A `ports.store.UnitOfWork` on one connection."""

    connection: AsyncConnection
    clock: Clock
    ids: Ids
    sealer: Sealer

    @property
    def claims(self) -> Claims:
        return Claims(self.connection, self.clock, self.ids)

    @property
    def accounts(self) -> StoredAccounts:
        return StoredAccounts(self.connection, self.ids)

    @property
    def authors(self) -> StoredAuthors:
        return StoredAuthors(self.connection, self.ids)

    @property
    def mentions(self) -> StoredMentions:
        return StoredMentions(self.connection, self.ids)

    @property
    def tickets(self) -> StoredTickets:
        return StoredTickets(self.connection)

    @property
    def acts(self) -> StoredActs:
        return StoredActs(self.connection, self.ids)

    @property
    def replies(self) -> StoredReplies:
        return StoredReplies(self.connection, self.ids)

    @property
    def events(self) -> StoredEvents:
        return StoredEvents(self.connection, self.ids)

    @property
    def deliveries(self) -> StoredDeliveries:
        return StoredDeliveries(self.connection, self.ids, self.sealer, self.clock)

    @property
    def customers(self) -> StoredCustomers:
        return StoredCustomers(self.connection, self.ids, self.sealer)

    @property
    def contexts(self) -> StoredContexts:
        return StoredContexts(self.connection, self.ids, self.sealer)

    @property
    def inbox(self) -> StoredInbox:
        return StoredInbox(self.connection, self.ids)

    @property
    def mirrors(self) -> StoredMirrors:
        return StoredMirrors(self.connection, self.ids)

    @property
    def waits(self) -> StoredWaits:
        return StoredWaits(self.connection)

    @property
    def commitments(self) -> StoredCommitments:
        return StoredCommitments(self.connection)

    @property
    def incidents(self) -> StoredIncidents:
        return StoredIncidents(self.connection)

    @property
    def helpdesks(self) -> StoredHelpdesks:
        return StoredHelpdesks(self.connection)

    @property
    def handoffs(self) -> StoredHandoffs:
        return StoredHandoffs(self.connection, self.sealer)

    @property
    def forms(self) -> StoredForms:
        return StoredForms(self.connection, self.sealer, self.ids)

    @property
    def calls(self) -> StoredCalls:
        return StoredCalls(self.connection)

    @property
    def records(self) -> StoredRecordChecks:
        return StoredRecordChecks(self.connection)

    @property
    def streams(self) -> StoredStreams:
        return StoredStreams(self.connection)


@dataclass(frozen=True, slots=True)
class SqlStore:
    """A `ports.store.Store` over one engine."""

    engine: Engine
    clock: Clock
    ids: Ids
    sealer: Sealer

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Transaction]:
        async with self.engine.writing() as connection:
            yield Transaction(connection, self.clock, self.ids, self.sealer)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        async with self.engine.reading() as connection:
            yield Transaction(connection, self.clock, self.ids, self.sealer)
