"""The feed alone: a store, endpoints whose answers are scripted, and a worker driven step by step."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fakes.people import story
from fakes.world import SEALER, World
from mentionbridge.domain.endpoint import DeliveryResult, Endpoint
from mentionbridge.domain.events import EventType
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.publish import publish
from mentionbridge.pipeline.relay import relay
from mentionbridge.ports.store import Queue, Store
from mentionbridge.store import tables as t

OK = DeliveryResult(True, 204, "answered 204")
BUSY = DeliveryResult(False, 503, "answered 503")
GONE = DeliveryResult(False, 410, "answered 410", gone=True)
Says = Callable[[str, int], DeliveryResult]
"""What an endpoint says to an event id at its nth attempt."""


@dataclass
class Post:
    """A courier whose endpoints say what they are told to; what each heard, in order."""

    says: dict[str, Says | DeliveryResult] = field(default_factory=dict)
    heard: list[tuple[str, str, int, Mapping[str, Any]]] = field(default_factory=list)
    takes: Callable[[], object] = lambda: None
    during: Callable[[], Awaitable[None]] | None = None
    judge: Callable[[str], Awaitable[str | None]] | None = None

    async def deliver(
        self, endpoint: Endpoint, event_id: str, type_: str, occurred_at: datetime, data: Mapping[str, Any]
    ) -> DeliveryResult:
        said = self.says.get(endpoint.id, OK)
        tries = sum(heard[:2] == (endpoint.id, event_id) for heard in self.heard)
        self.takes()
        if self.during is not None:
            await self.during()
        result = said(event_id, tries + 1) if callable(said) else said
        self.heard.append((endpoint.id, event_id, result.status or 0, data))
        return result

    async def refuses(self, url: str) -> str | None:
        if self.judge is not None:
            return await self.judge(url)
        return "This address is not told anything." if "private" in url else None

    def taken(self, endpoint_id: str = "whk_1") -> list[int]:
        """The sequences one endpoint took, in order."""
        return [data["sequence"] for id_, _, status, data in self.heard if id_ == endpoint_id and status < 300]

    def tried(self, endpoint_id: str = "whk_1") -> list[int]:
        """The sequences one endpoint was sent, in order, taken or not."""
        return [data["sequence"] for id_, _, _, data in self.heard if id_ == endpoint_id]


@dataclass
class Seen:
    """An observer that remembers how many of each moment there were."""

    moments: Counter[str] = field(default_factory=Counter)

    def saw(self, moment: str, **facts: Any) -> None:
        self.moments[moment] += 1


@dataclass
class Feed:
    """A bridge with nothing but a feed."""

    world: World
    post: Post
    bridge: Bridge

    async def subscribe(self, endpoint_id: str = "whk_1", **columns: Any) -> None:
        row = {"brand_id": "acme", "id": endpoint_id, "url": "https://desk.example/", "types": []}
        row |= {"secret": SEALER.seal("whsec_c2VjcmV0"), "created_at": self.world.clock.now()}
        async with self.world.engine.writing() as connection:
            await connection.execute(sa.insert(t.endpoints).values(**row | columns))

    async def tell(self, many: int = 1, ticket: str | None = "p-1", **ids: Any) -> None:
        """Add events to a ticket, which is opened on first sight, or to the account."""
        async with self.world.store.writing() as uow:
            ticket_id = ids.pop("ticket_id", None)
            if ticket is not None and ticket_id is None:
                ticket_id = f"tkt_acme_{ticket}"
                if await uow.tickets.get("acme", ticket_id) is None:
                    await story(uow, ticket)
            for _ in range(many):
                type_ = EventType.TICKET_UPDATED if ticket_id else EventType.ACCOUNT_PAUSED
                account = None if ticket_id else "acme"
                await uow.events.add(
                    type_, "acme", self.world.clock.now(), ticket_id=ticket_id, account_id=account, **ids
                )

    async def work(self, rounds: int = 1) -> None:
        """Publish, and serve what is due."""
        for _ in range(rounds):
            while await publish(self.bridge):
                pass
            for queue in (Queue.DELIVER, Queue.DELIVER_SLOW):
                async with self.world.store.writing() as uow:
                    leases = await uow.claims.take(queue, 500, 60)
                if leases:
                    await relay(self.bridge, leases)

    async def pass_time(self, seconds: float, step: float = 1.0) -> None:
        """Let time pass and the worker tick."""
        for _ in range(int(seconds / step)):
            self.world.clock.forward(step)
            await self.work()

    async def rows(self, query: Any) -> Sequence[Any]:
        async with self.world.engine.reading() as connection:
            return (await connection.execute(query)).all()

    async def endpoint(self, endpoint_id: str = "whk_1") -> Any:
        (row,) = await self.rows(sa.select(t.endpoints).where(t.endpoints.c.id == endpoint_id))
        return row

    async def states(self, endpoint_id: str = "whk_1") -> list[str]:
        mine = t.deliveries.c.endpoint_id == endpoint_id
        query = sa.select(t.deliveries.c.state).where(mine).order_by(t.deliveries.c.position)
        return [row.state for row in await self.rows(query)]


def open_feed(world: World, store: Store | None = None, courier: Any = None) -> Feed:
    nothing: Any = None
    post = Post()
    bridge = Bridge(
        store=store or world.store,
        clock=world.clock,
        ids=world.store.ids,
        judge=nothing,
        courier=courier or post,
        media=nothing,
        observer=Seen(),
        brands={},
        connected={},
    )
    return Feed(world, post, bridge)
