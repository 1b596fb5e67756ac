"""A desk's ticket mirrors one of ours, and ours has one mirror at each desk."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.clock import START
from fakes.people import story
from fakes.world import World
from mentionbridge.domain.errors import NotAllowed, NotFound
from mentionbridge.ports.store import External
from mentionbridge.store.unit_of_work import SqlStore

ASKED = External("acme", "tkt_acme_p-1", "support", "D-1", "https://desk.example/D-1", "Kim via desk", START)


async def claim(store: SqlStore, **facts: str) -> External:
    async with store.writing() as uow:
        return await uow.mirrors.claim(replace(ASKED, **facts))


@pytest.fixture
async def told(world: World) -> World:
    async with world.store.writing() as uow:
        await story(uow, "p-1")
        await story(uow, "p-2")
    return world


async def test_a_mirror_claimed_twice_is_the_first(told: World) -> None:
    assert await claim(told.store) == ASKED
    async with told.store.writing() as uow:
        assert await uow.mirrors.claim(replace(ASKED, at=START + timedelta(hours=1), actor="Lee")) == ASKED
        assert await uow.mirrors.externals("acme", ASKED.ticket_id) == [ASKED]
        assert await uow.mirrors.mirrored_by("acme", "support", "D-1") == ASKED.ticket_id


async def test_each_desk_has_one_mirror_and_each_mirror_one_ticket(told: World) -> None:
    await claim(told.store)
    with pytest.raises(NotAllowed, match=r"^This ticket is mirrored at support by D-1 already\.$") as refused:
        await claim(told.store, external_id="D-2")
    assert refused.value.code == "external_taken"
    with pytest.raises(NotAllowed, match=r"^At support, D-1 mirrors tkt_acme_p-1 already\.$"):
        await claim(told.store, ticket_id="tkt_acme_p-2")
    await claim(told.store, desk="billing", external_id="D-1")
    async with told.store.reading() as uow:
        assert [each.desk for each in await uow.mirrors.externals("acme", ASKED.ticket_id)] == ["billing", "support"]
        assert await uow.mirrors.external("acme", ASKED.ticket_id, "nowhere") is None


async def test_what_is_not_ours_is_not_mirrored(told: World) -> None:
    for elsewhere in ({"ticket_id": "tkt_none"}, {"brand_id": "borealis"}):
        with pytest.raises(NotFound):
            await claim(told.store, **elsewhere)


async def test_of_two_who_mirror_at_once_one_wins(told: World) -> None:
    stores = [told.store, told.another()]
    for number in range(10):
        desk = f"desk-{number}"
        claims = [claim(store, desk=desk, external_id=f"D-{n}") for n, store in enumerate(stores)]
        answers = await asyncio.gather(*claims, return_exceptions=True)
        assert sorted(type(answer).__name__ for answer in answers) == ["External", "NotAllowed"]
    await stores[1].engine.aclose()
