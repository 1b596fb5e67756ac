"""Lists by keyset: a cursor is for one list with its filters, brands are merged in order, and indexes serve it all."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from fakes.clock import START
from fakes.people import ACME, ACME_TWO, OTHER, SAM, post, store_post, story, ticket_for
from fakes.world import World
from mentionbridge.domain.mention import Surface
from mentionbridge.domain.ticket import Entry, Priority, TicketState
from mentionbridge.kit.cursor import BadCursor, binding, encode
from mentionbridge.store import endpoints, reading
from mentionbridge.store.keyset import Keyset, statement
from mentionbridge.store.reading import StoredDesk

KEYSETS = [each for module in (reading, endpoints) for each in vars(module).values() if isinstance(each, Keyset)]


ASKED = [(keyset, name) for keyset in KEYSETS for name in (*sorted(keyset.filters), None)]
ASKED.remove((reading.TIMELINE, None))
FEW = {("tickets", "customer_id"), ("tagged tickets", "customer_id")}
"""A person's own tickets are few, so that sorting them is cheaper than walking everybody's."""


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_every_filter_has_its_index(world: World) -> None:
    async with world.engine.reading() as connection:
        for keyset, name in ASKED:
            query = statement(keyset, (name,) if name else (), behind=False).compile(dialect=connection.dialect)
            steps = [str(row[-1]) for row in await plan(connection, query)]
            assert not [step for step in steps if step.startswith("SCAN ")], f"{keyset.name} by {name}: {steps}"
            told = f"{keyset.name} by {name}: {steps}"
            assert (keyset.name, name) in FEW or not [step for step in steps if "TEMP B-TREE" in step], told


async def plan(connection: AsyncConnection, query: Any) -> list[Any]:
    asked = tuple(query.params[name] for name in query.positiontup)
    return list(await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", asked))


@pytest.mark.parametrize("filters", [{}, {"account_id": ACME.id, "author_id": "x"}, {"account_id": ACME_TWO.id}])
async def test_a_cursor_is_for_the_filters_it_was_made_with(world: World, filters: Mapping[str, str]) -> None:
    desk, mine = StoredDesk(world.store), {"account_id": ACME.id}
    async with world.store.writing() as uow:
        for number in range(3):
            await store_post(uow, post(f"p-{number}"))
    first = await desk.mentions(["acme"], mine, None, 2)
    assert len((await desk.mentions(["acme"], mine, first.cursor, 2)).items) == 1
    with pytest.raises(BadCursor):
        await desk.mentions(["acme"], filters, first.cursor, 2)
    with pytest.raises(BadCursor):
        await desk.replies(["acme"], {}, first.cursor, 2)


@pytest.mark.parametrize("key", ["\x00", "é", "mnt_\n", 7])
async def test_a_forged_key_is_refused(world: World, key: str | int) -> None:
    with pytest.raises(BadCursor):
        await StoredDesk(world.store).mentions(["acme"], {}, encode(binding("mentions", {}), key), 2)


FORGED = [
    (START.isoformat(), 2**63),
    (START.isoformat(), -(2**70)),
    ("yesterday", 1),
    ("2026-11-22T09:00:00", 1),
    ("0001-01-01T00:00:00+23:00", 1),
    (1, 1),
    (START.isoformat(), "1"),
    (START.isoformat(),),
]


@pytest.mark.parametrize("keys", FORGED)
async def test_a_forged_place_in_a_story_is_refused(world: World, keys: tuple[Any, ...]) -> None:
    async with world.store.writing() as uow:
        ticket_id = (await story(uow)).ticket_id
    cursor = encode(binding("timeline", {"ticket_id": ticket_id}), *keys)
    with pytest.raises(BadCursor):
        await StoredDesk(world.store).timeline(["acme"], ticket_id, cursor, 2)


async def test_a_story_is_read_in_the_order_it_was_said_whatever_arrived_first(world: World) -> None:
    desk, seconds = StoredDesk(world.store), [50, 10, 30, 30, 20, 0]
    async with world.store.writing() as uow:
        ticket_id = (await story(uow)).ticket_id
        for sequence, second in enumerate(seconds, start=1):
            said_at = START + timedelta(seconds=second, microseconds=second % 20 * 7)
            line = Entry("acme", f"ent_{sequence}", ticket_id, sequence, "note", Surface.INTERNAL, said_at, START)
            await uow.tickets.add_entry(line)
    for limit in (1, 2, 3, 10):
        shown, cursor = [], None
        while not shown or cursor:
            part = await desk.timeline(["acme"], ticket_id, cursor, limit)
            assert part is not None
            shown, cursor = [*shown, *part.items], part.cursor
        assert [line.entry.sequence for line in shown] == [6, 2, 5, 3, 4, 1]


FACTS = {
    "state": "pending",
    "priority": "high",
    "team": "deliveries",
    "assignee_id": "7",
    "tag": "van",
    "topic": "billing",
    "place": "harbour",
    "account_id": ACME_TWO.id,
}


@pytest.fixture
async def two_tickets(world: World) -> World:
    """One ticket that has every fact of `FACTS`, and one that has others."""
    async with world.store.writing() as uow:
        for number, facts in enumerate(({}, _as_columns())):
            mention = await store_post(uow, post(f"p-{number}", author=replace(SAM, external_id=f"u-{number}")))
            await uow.tickets.open(ticket_for(mention, f"tkt_{number}", **facts))
            await uow.customers.ensure(mention, START)
    return world


def _as_columns() -> dict[str, Any]:
    facts = {name: value for name, value in FACTS.items() if name != "tag"}
    return {**facts, "state": TicketState.PENDING, "priority": Priority.HIGH, "tags": ("van", "rude")}


@pytest.mark.parametrize("name", [*FACTS, "author_id", "customer_id", "all"])
async def test_tickets_are_narrowed_by_what_they_are(two_tickets: World, name: str) -> None:
    desk = StoredDesk(two_tickets.store)
    (wanted, other) = (await desk.tickets(["acme"], {}, None, 5)).items
    theirs = {"author_id": wanted["author_id"]}
    person = await desk.customer_of(["acme"], "demo", "u-1")
    assert person is not None
    theirs["customer_id"] = person.customer.id
    every = {**FACTS, **theirs}
    filters = every if name == "all" else {name: every[name]}
    assert [view["id"] for view in (await desk.tickets(["acme"], filters, None, 5)).items] == ["tkt_1"]
    for part in filters:
        nobody = {**filters, part: "no such thing"}
        assert (await desk.tickets(["acme"], nobody, None, 5)).items == [], part
    assert other["id"] == "tkt_0"


async def test_tickets_of_one_tag_are_walked_in_order(world: World) -> None:
    desk = StoredDesk(world.store)
    async with world.store.writing() as uow:
        for number in range(7):
            account = OTHER if number % 2 else ACME
            mention = await store_post(uow, post(f"p-{number}"), account)
            await uow.tickets.open(ticket_for(mention, f"tkt_{number}", tags=("van",) if number != 4 else ("rude",)))
    shown, cursor = [], None
    while not shown or cursor:
        part = await desk.tickets(["acme", "borealis"], {"tag": "van"}, cursor, 2)
        shown, cursor = [*shown, *part.items], part.cursor
    assert [view["id"] for view in shown] == [f"tkt_{number}" for number in (6, 5, 3, 2, 1, 0)]


async def test_several_brands_are_one_list_in_one_order(world: World) -> None:
    desk = StoredDesk(world.store)
    async with world.store.writing() as uow:
        for number in range(9):
            await store_post(uow, post(f"p-{number}"), OTHER if number % 3 else ACME)
    shown, cursor = [], None
    while not shown or cursor:
        part = await desk.mentions(["acme", "borealis", "none"], {}, cursor, 2)
        shown, cursor = [*shown, *part.items], part.cursor
    assert [each["external_id"] for each in shown] == [f"p-{number}" for number in range(8, -1, -1)]
