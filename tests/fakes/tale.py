"""A bridge over a real store and a network made of paper, to tell stories to step by step."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from fakes.chaos_driver import Silence
from fakes.clock import HandClock
from fakes.databases import drop_postgres, fresh_database
from fakes.world import SEALER
from mentionbridge.classify.learned import LearnedJudge
from mentionbridge.domain.account import Account, AccountHealth, AccountState, Brand, Identity, Mode, Team
from mentionbridge.domain.capabilities import Capabilities
from mentionbridge.domain.mention import Author, Origin, Post, Surface, Visibility
from mentionbridge.domain.reply import NotFound, OwnPost, ReplyIntent, ReplyRight, Sent
from mentionbridge.domain.ticket import Ticket
from mentionbridge.domain.verdict import Place, Product, Topic
from mentionbridge.kit.ids import Ids
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.pipeline.hear_ourselves import hear_arrivals
from mentionbridge.pipeline.judge import judge
from mentionbridge.pipeline.post import post as send
from mentionbridge.pipeline.take_in import Arrival, Taken, take_in
from mentionbridge.ports.store import Queue
from mentionbridge.rules.waits import Timing
from mentionbridge.store.engines import Engine
from mentionbridge.store.unit_of_work import SqlStore

ACME = Account("acme", "acme", "paper", Mode.AUTO, 1.0)
BRAND = Brand(
    "acme",
    "Acme",
    topics=(Topic("parcel", "your parcel", ("parcel",)), Topic("billing", "your bill", ("bill",))),
    places=(Place("harbour", "Harbour branch", ("harbour",)),),
    products=(Product("kettle", "Kettle 2", ("kettle",)),),
    teams=(Team("deliveries", ("parcel",)), Team("harbour", (), ("harbour",))),
)
LATE = "@acme my parcel is three days late and nobody answers, this is terrible"
BILLED = "@acme you charged me twice on my bill and nobody answers, this is terrible"
STILL = "@acme still nothing, I am waiting and nobody answers"


class Paper:
    """A network that prints whatever it is given, knows a key for ever, and shows what we said on request."""

    capabilities = Capabilities(
        key_life=timedelta.max, max_length=500, private_messages=True, needs_tag=False, real=False
    )

    def __init__(self) -> None:
        self.printed: dict[str, ReplyIntent] = {}

    def count(self, text: str) -> int:
        return len(text)

    def private_link(self) -> str | None:
        return None

    def prepare(self, intent: ReplyIntent) -> Mapping[str, Any]:
        return {}

    async def probe(self) -> Identity:
        return Identity("us", "acme")

    async def reply_rights(self, target: object) -> Sequence[ReplyRight]:
        return [ReplyRight(surface, allowed=True) for surface in (Surface.PUBLIC, Surface.PRIVATE)]

    async def send(self, intent: ReplyIntent, gate: Any) -> Sent:
        gate.check()
        self.printed[intent.key] = intent
        return Sent(f"ours-{intent.key}")

    async def find_reply(self, intent: ReplyIntent) -> Sent | NotFound:
        return Sent(f"ours-{intent.key}") if intent.key in self.printed else NotFound()

    async def own_posts(self, since: object) -> AsyncIterator[OwnPost]:
        for post in ():
            yield post


@dataclass
class Tale:
    """People speak, the bridge listens; nothing happens by itself."""

    bridge: Bridge
    engine: Engine
    clock: HandClock
    paper: Paper
    said: list[Post] = field(default_factory=list)

    @property
    def store(self) -> SqlStore:
        return self.bridge.store  # type: ignore[return-value]

    async def hears(self, *posts: Post, origin: Origin = Origin.POLL) -> Sequence[Taken]:
        """Let these posts arrive in one page, unjudged."""
        async with self.store.writing() as uow:
            known = await uow.accounts.health("acme", "acme")
            arrivals = [self._arrival(known, post) for post in posts]
            taken = await take_in(uow, arrivals, origin=origin, now=self.clock.now())
            await hear_arrivals(self.bridge, uow, arrivals, taken)
            return taken

    def _arrival(self, known: AccountHealth, post: Post) -> Arrival:
        self.said.append(post)
        return Arrival(ACME, known, post)

    def post(self, who: str, text: str, **facts: Any) -> Post:
        """Make a post of somebody, in a thread of its own unless told."""
        name = facts.pop("id", f"p-{len(self.said)}-{who}")
        plain = Post(
            name,
            Author(f"u-{who}", who, who.title(), 100),
            text,
            self.clock.now(),
            thread_id=name,
            permalink=f"https://paper.example/{name}",
        )
        return replace(plain, **facts)

    async def says(self, who: str, text: str = LATE, **facts: Any) -> Post:
        """Let somebody post, and everything follow that follows by itself; a moment passes."""
        post = self.post(who, text, **facts)
        await self.hears(post)
        await self.works()
        self.clock.forward(60)
        return post

    async def whispers(self, who: str, text: str, **facts: Any) -> Post:
        """Let somebody send us a private message."""
        return await self.says(who, text, thread_id=f"dm-{who}", visibility=Visibility.DIRECT, **facts)

    def ours(self, text: str, to: Post | str, **facts: Any) -> Post:
        """Make a post that somebody of our team typed in the network's own app."""
        parent = to if isinstance(to, str) else to.external_id
        thread = {} if isinstance(to, str) else {"thread_id": to.thread_id, "visibility": to.visibility}
        return self.post("acme", text, author=Author("us", "acme"), parent_id=parent, **{**thread, **facts})

    async def works(self) -> None:
        """Judge what has arrived and say what may be said."""
        while await self.judges() or await self.speaks():
            pass

    async def judges(self, limit: int = 20) -> int:
        """Judge some of what has arrived."""
        return await self._serve(Queue.JUDGE, judge, limit)

    async def speaks(self, limit: int = 20) -> int:
        """Say some of what may be said."""
        return await self._serve(Queue.SEND, send, limit)

    async def _serve(self, queue: Queue, handle: Any, limit: int) -> int:
        async with self.store.writing() as uow:
            leases = await uow.claims.take(queue, limit, 30)
        for lease in leases:
            await handle(self.bridge, lease)
        return len(leases)

    async def ticket_of(self, post: Post) -> Ticket | None:
        """Return the ticket a post is in."""
        async with self.store.reading() as uow:
            mention = await uow.mentions.by_external_id("acme", "paper", post.external_id)
            assert mention is not None, f"{post.external_id} was never stored"
            return await uow.tickets.get("acme", mention.ticket_id) if mention.ticket_id else None

    async def id_of(self, post: Post) -> str:
        """Return the id of the ticket a post is in."""
        found = await self.ticket_of(post)
        assert found is not None, f"{post.external_id} is in no ticket"
        return found.id

    async def ticket(self, ticket_id: str) -> Ticket:
        async with self.store.reading() as uow:
            found = await uow.tickets.get("acme", ticket_id)
        assert found is not None
        return found

    async def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        async with self.engine.reading() as connection:
            return [tuple(row) for row in await connection.exec_driver_sql(query, values)]

    async def why(self, post: Post) -> str:
        """Return the reason a post's line gives for its place."""
        query = "SELECT e.reason FROM entries e JOIN mentions m ON m.id = e.mention_id AND m.external_id = '{}'"
        ((reason,),) = await self.rows(query.format(post.external_id))
        return str(reason)

    async def events(self, ticket_id: str) -> list[str]:
        """Return the types of a ticket's events, in order."""
        query = f"SELECT type FROM events WHERE ticket_id = '{ticket_id}' ORDER BY sequence"
        return [type_ for (type_,) in await self.rows(query)]

    @property
    def printed(self) -> list[tuple[str, str]]:
        """What we said: to whom, and on which surface."""
        return [(intent.target.author_handle, str(intent.surface)) for intent in self.paper.printed.values()]


async def begin(url: str) -> Tale:
    """A bridge that has been connected for a while."""
    clock, engine, paper = HandClock(), Engine(url), Paper()
    nothing: Any = None
    bridge = Bridge(
        store=SqlStore(engine, clock, Ids(clock), SEALER),
        clock=clock,
        ids=Ids(clock),
        judge=LearnedJudge(),
        courier=nothing,
        media=nothing,
        observer=Silence(),
        brands={"acme": BRAND},
        connected={("acme", "acme"): Connected(ACME, paper)},  # type: ignore[arg-type]
        timing={"acme": Timing()},
    )
    async with bridge.store.writing() as uow:
        await uow.accounts.ensure(ACME, clock.now())
        await uow.accounts.identified(ACME, Identity("us", "acme"))
        await uow.accounts.set_state(ACME, AccountState.ACTIVE)
    clock.forward(60)
    return Tale(bridge, engine, clock, paper)


@asynccontextmanager
async def tale(kind: str, folder: Path) -> AsyncIterator[Tale]:
    """A fresh tale on a fresh database of this kind."""
    url = fresh_database(kind, folder)
    with contextlib.ExitStack() as after:
        if kind == "postgresql":
            after.callback(drop_postgres, url)
        told = await begin(url)
        try:
            yield told
        finally:
            await told.engine.aclose()
