"""What arrives together is stored as if one item came after the other, in few statements, by any number of doors."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from fakes.clock import START
from fakes.counted import counted
from fakes.people import ACME, ACME_TWO, OTHER, SAM, connect, photo, post
from fakes.world import World
from mentionbridge.domain.account import Account
from mentionbridge.domain.mention import Author, Deleted, Item, Origin, Unreadable
from mentionbridge.pipeline.take_in import Arrival, Pushed, Result, take_in, take_pushed
from mentionbridge.store import tables as t
from mentionbridge.store.unit_of_work import SqlStore, Transaction

US = Author("u-us", "acme")
PEOPLE = [SAM, replace(SAM, followers=None), replace(SAM, name="Sam R."), Author("u-8", "kim"), US]


async def arrivals(uow: Transaction, items: Sequence[Item], account: Account = ACME) -> list[Arrival]:
    known = replace(await uow.accounts.health(account.brand_id, account.id), network_id=US.external_id)
    return [Arrival(account, known, item) for item in items]


@pytest.fixture
async def store(world: World) -> SqlStore:
    async with world.store.writing() as uow:
        for account in (ACME, ACME_TWO, OTHER):
            await connect(uow, account)
    return world.store


async def test_one_batch_tells_a_post_its_edit_and_its_deletion_in_order(store: SqlStore) -> None:
    items = [
        post("p-1"),
        post("p-2", media=[photo(), photo("https://demo.example/2.png")]),
        post("p-1"),
        Unreadable(b"{", "not JSON"),
        post("p-1", text="@acme it came, thanks", edit_version="1"),
        Deleted("p-2"),
        post("p-2"),
        post("p-3", author=US),
        post("p-4", author=Author("u-\x00", "broken")),
    ]
    async with store.writing() as uow:
        taken = await take_in(uow, await arrivals(uow, items), origin=Origin.HOOK, now=START)
        first, second = [await uow.mentions.by_external_id("acme", "demo", each) for each in ("p-1", "p-2")]
    assert [str(each.result) for each in taken] == [
        "created",
        "created",
        "duplicate",
        "unreadable",
        "edited",
        "deleted",
        "duplicate",
        "own",
        "unreadable",
    ]
    assert first is not None and first.text == "@acme it came, thanks"
    assert second is not None and second.redacted
    assert taken[0].mention_id == taken[2].mention_id == taken[4].mention_id == first.id


async def test_one_post_for_two_accounts_is_one_mention_of_the_first(store: SqlStore) -> None:
    async with store.writing() as uow:
        ours, theirs = await arrivals(uow, [post()]), await arrivals(uow, [post()], ACME_TWO)
        taken = await take_in(uow, [*theirs, *ours], origin=Origin.HOOK, now=START)
        mention = await uow.mentions.by_external_id("acme", "demo", "p-1")
    assert [each.result for each in taken] == [Result.CREATED, Result.DUPLICATE]
    assert mention is not None and mention.account_id == ACME_TWO.id
    assert sorted(await rows(store, t.sightings.c.account_id)) == [(ACME.id,), (ACME_TWO.id,)]


@pytest.mark.parametrize("seed", range(4))
async def test_together_and_one_by_one_come_to_the_same(store: SqlStore, seed: int) -> None:
    dice = random.Random(seed)
    items = [any_item(dice) for _ in range(60)]
    async with store.writing() as uow:
        together = await take_in(uow, await arrivals(uow, items), origin=Origin.HOOK, now=START)
        single = []
        for arrival in await arrivals(uow, items, OTHER):
            single += await take_in(uow, [arrival], origin=Origin.HOOK, now=START)
    assert [each.result for each in together] == [each.result for each in single]
    for columns in (
        (t.mentions.c.external_id, t.mentions.c.text, t.mentions.c.edit_version, t.mentions.c.redacted),
        (t.authors.c.external_id, t.authors.c.name, t.authors.c.followers),
        (t.events.c.type, t.events.c.facts),
        (t.media.c.position, t.media.c.url),
        (t.sightings.c.origin, t.sightings.c.seen_at),
        (t.own_posts.c.external_id,),
        (t.inbox.c.body, t.inbox.c.reason),
    ):
        brand = columns[0].table.c.brand_id
        ours, theirs = [await rows(store, *columns, brand=(brand, each)) for each in ("acme", "borealis")]
        assert sorted(map(repr, ours)) == sorted(map(repr, theirs)), columns[0].table.name


def any_item(dice: random.Random) -> Item:
    name = f"p-{dice.randrange(12)}"
    if (what := dice.random()) < 0.1:
        return Deleted(name)
    if what < 0.15:
        return Unreadable(name.encode(), "odd")
    return post(
        name,
        text=dice.choice(["@acme late", "@acme later"]),
        author=dice.choice(PEOPLE),
        edit_version=dice.choice(["", "", "2"]),
        media=[photo()] if dice.random() < 0.3 else [],
    )


async def rows(store: SqlStore, *columns: sa.ColumnElement[Any], brand: Any = None) -> list[tuple[Any, ...]]:
    query = sa.select(*columns)
    if brand is not None:
        query = query.where(brand[0] == brand[1])
    async with store.engine.reading() as connection:
        return [tuple(row) for row in await connection.execute(query)]


async def test_a_hundred_new_posts_take_as_many_statements_as_one(store: SqlStore) -> None:
    def pushed(numbers: Sequence[int]) -> list[Pushed]:
        return [
            Pushed(ACME, post(f"p-{n}", author=Author(f"u-{n}", "sam"), media=[photo()]), START, frozenset())
            for n in numbers
        ]

    with counted(store) as for_one:
        async with store.writing() as uow:
            await take_pushed(uow, pushed([0]))
    with counted(store) as for_many:
        async with store.writing() as uow:
            assert {each.result for each in await take_pushed(uow, pushed(range(1, 101)))} == {Result.CREATED}
    assert len(for_one) == len(for_many) <= 10
    with counted(store) as again:
        async with store.writing() as uow:
            assert {each.result for each in await take_pushed(uow, pushed(range(101)))} == {Result.DUPLICATE}
    assert len(again) <= 6


async def test_pages_that_overlap_by_several_doors_at_once_are_one_mention_each(world: World, store: SqlStore) -> None:
    stores = [store, *(world.another() for _ in range(3))]
    results: list[Result] = []

    async def tell(number: int) -> None:
        async with stores[number].writing() as uow:
            page = [post(f"p-{n}", author=Author(f"u-{n % 7}", "sam")) for n in range(number * 10, number * 10 + 40)]
            taken = await take_in(uow, await arrivals(uow, page), origin=Origin.HOOK, now=START)
        results.extend(each.result for each in taken)

    await asyncio.gather(*map(tell, range(4)))
    assert (results.count(Result.CREATED), results.count(Result.DUPLICATE)) == (70, 90)
    assert len(await rows(store, t.mentions.c.id)) == len(await rows(store, t.events.c.id)) == 70
    for each in stores[1:]:
        await each.engine.aclose()
