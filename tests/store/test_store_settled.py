"""What nobody waits for any more goes with time; what is still owed and the feed itself stay."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from fakes.clock import START, HandClock
from fakes.people import ACME, story
from fakes.world import SEALER, World
from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import Origin
from mentionbridge.kit.ids import Ids, first_at
from mentionbridge.net.signing import new_secret
from mentionbridge.pipeline.bridge import Keeping
from mentionbridge.pipeline.forget import let_go
from mentionbridge.ports.subscriptions import Wish
from mentionbridge.store import tables as t
from mentionbridge.store.endpoints import StoredSubscriptions
from mentionbridge.store.pull import StoredFeed

MONTH = timedelta(days=30)


async def told(world: World, number: int) -> str:
    """Bring one event to every endpoint, and one webhook to its end; returns the delivery's id."""
    now = world.clock.now()
    async with world.store.writing() as uow:
        reply = await story(uow, f"p-{number}")
        await uow.events.add(EventType.TICKET_OPENED, "acme", now, ticket_id=reply.ticket_id)
        placed = await uow.events.place(100)
        owed = [(endpoint, event) for event in placed for endpoint in await uow.deliveries.subscribed()]
        await uow.deliveries.plan(owed, now)
        inbox_id, _ = await uow.inbox.keep(ACME, Origin.HOOK, b"body %d" % number, now)
        await uow.inbox.read("acme", inbox_id)
        newest = sa.select(t.deliveries.c.id).order_by(t.deliveries.c.id.desc()).limit(1)
        delivery_id = str((await uow.connection.execute(newest)).scalar_one())
        attempt = {"brand_id": "acme", "id": f"dat_{number}", "delivery_id": delivery_id, "at": now, "detail": "ok"}
        await uow.connection.execute(sa.insert(t.delivery_attempts), attempt)
    return delivery_id


async def left(world: World, table: sa.Table, column: str = "id") -> list[str]:
    async with world.store.reading() as uow:
        return list((await uow.connection.execute(sa.select(table.c[column]).order_by(table.c.id))).scalars())


async def test_what_is_settled_goes_after_its_time_and_the_feed_stays(world: World) -> None:
    # Ids tell the time too, and here a month of it passes.
    world = replace(world, store=replace(world.store, ids=Ids(world.clock)))
    endpoints = StoredSubscriptions(world.engine, Ids(world.clock), SEALER, new_secret)
    await endpoints.create("acme", Wish("https://desk.example/in"), START)
    brought, owed = await told(world, 1), await told(world, 2)
    assert isinstance(world.clock, HandClock)
    world.clock.forward(MONTH.total_seconds())
    young = await told(world, 3)
    settled = sa.update(t.deliveries).where(t.deliveries.c.id.in_([brought, young]))
    async with world.store.writing() as uow:
        await uow.connection.execute(settled.values(state="delivered", due=None))
    world.clock.forward(60)
    bridge: Any = SimpleNamespace(store=world.store, clock=world.clock, keeps=lambda _: Keeping(settled=MONTH))
    assert await let_go(bridge, "acme") == 3
    assert await let_go(bridge, "acme") == await let_go(bridge, "borealis") == 0
    assert await left(world, t.deliveries) == [owed, young]
    assert await left(world, t.delivery_attempts, "delivery_id") == [owed, young]
    assert len(await left(world, t.inbox)) == 1
    assert len((await StoredFeed(world.store).page(["acme"], 0, 10)).items) == 3
    for_good: Any = SimpleNamespace(store=world.store, clock=world.clock, keeps=lambda _: Keeping())
    world.clock.forward(MONTH.total_seconds())
    assert await let_go(for_good, "acme") == 0


def test_an_id_sorts_behind_the_first_of_its_time_and_before_the_next() -> None:
    clock = HandClock()
    here = first_at("dlv", clock.now())
    made = Ids(clock).new("dlv")
    clock.forward(0.002)
    assert here < made < first_at("dlv", clock.now())


async def test_a_tickets_events_are_found_by_the_ticket(world: World) -> None:
    async with world.store.writing() as uow:
        first, second = (await story(uow, "p-1")).ticket_id, (await story(uow, "p-2")).ticket_id
        for ticket_id in (first, second, first):
            await uow.events.add(EventType.TICKET_UPDATED, "acme", START, ticket_id=ticket_id)
        await uow.events.place(100)
    feed = StoredFeed(world.store)
    page = await feed.page(["acme"], 0, 1, ticket_id=first)
    rest = await feed.page(["acme"], page.after, 5, ticket_id=first)
    assert [each.event.position for each in (*page.items, *rest.items)] == [1, 3]
    if world.url.startswith("sqlite"):
        asked = "position + 0 > 0 AND position + 0 <= 9 AND brand_id IN ('acme') AND ticket_id = 'x'"
        query = f"SELECT * FROM events WHERE {asked} ORDER BY sequence LIMIT 5"
        async with world.engine.reading() as connection:
            plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}")).all()
        assert "ix_events_ticket" in str(plan) and "TEMP B-TREE" not in str(plan)
