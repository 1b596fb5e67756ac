"""The feed: one order, no gap and no double in it, words joined late."""

import asyncio
from datetime import timedelta

from fakes.clock import START, HandClock
from fakes.people import ACME, connect, post, story
from fakes.world import SEALER, World
from mentionbridge.domain.events import Event, EventType
from mentionbridge.kit.ids import Ids
from mentionbridge.store import tables as t
from mentionbridge.store.unit_of_work import SqlStore

TICKET = "tkt_acme_p-1"


async def tell(store: SqlStore, many: int = 1, ticket_id: str | None = TICKET, **facts: object) -> None:
    for _ in range(many):
        async with store.writing() as uow:
            await uow.events.add(EventType.TICKET_UPDATED, "acme", START, ticket_id=ticket_id, **facts)


async def place_all(store: SqlStore, limit: int = 100) -> list[Event]:
    placed: list[Event] = []
    while True:
        async with store.writing() as uow:
            found = await uow.events.place(limit)
        if not found:
            return placed
        placed += found


async def test_positions_follow_each_other_across_batches(world: World) -> None:
    async with world.store.writing() as uow:
        await story(uow)
    await tell(world.store, 7)
    placed = await place_all(world.store, limit=3)
    assert [event.position for event in placed] == [1, 2, 3, 4, 5, 6, 7]
    assert [event.sequence for event in placed] == [1, 2, 3, 4, 5, 6, 7]
    async with world.store.reading() as uow:
        assert await uow.events.get("acme", placed[0].id) == placed[0]
        assert await uow.events.get("borealis", placed[0].id) is None


async def test_writers_and_two_placers_at_once_leave_no_gap_and_no_double(world: World) -> None:
    async with world.store.writing() as uow:
        await connect(uow)
        await story(uow, "p-1")
        await story(uow, "p-2")
    others = [world.another() for _ in range(3)]
    writing = asyncio.gather(
        tell(world.store, 25), tell(others[0], 25, "tkt_acme_p-2"), tell(others[1], 25), tell(others[2], 25, None)
    )
    placed: list[Event] = []

    async def place_while_they_write(store: SqlStore) -> None:
        while not writing.done():
            async with store.writing() as uow:
                placed.extend(await uow.events.place(4))
            await asyncio.sleep(0.001)

    await asyncio.gather(writing, place_while_they_write(others[0]), place_while_they_write(others[1]))
    placed += await place_all(world.store, limit=9)
    assert sorted(event.position or 0 for event in placed) == list(range(1, 101))
    for ticket_id in (TICKET, "tkt_acme_p-2"):
        line = sorted((event for event in placed if event.ticket_id == ticket_id), key=lambda e: e.position or 0)
        assert [event.sequence for event in line] == list(range(1, len(line) + 1))
    for store in others:
        await store.engine.aclose()


async def test_a_machine_whose_clock_is_behind_does_not_jump_the_queue(world: World) -> None:
    async with world.store.writing() as uow:
        await story(uow)
    behind = HandClock(START - timedelta(hours=1))
    slow = SqlStore(world.engine, behind, Ids(behind), SEALER)
    now = SqlStore(world.engine, world.clock, Ids(world.clock), SEALER)
    await tell(now)
    await tell(slow)
    placed = await place_all(world.store, limit=1)
    assert [(event.position, event.sequence) for event in placed] == [(1, 1), (2, 2)]


async def test_events_without_a_ticket_are_numbered_by_their_place(world: World) -> None:
    async with world.store.writing() as uow:
        await connect(uow)
        for _ in range(2):
            await uow.events.add(EventType.GAP_OPENED, "acme", START, account_id=ACME.id, cause="the token is dead")
    first, second = await place_all(world.store)
    assert (first.sequence, second.sequence) == (1, 2)
    assert first.facts == {"cause": "the token is dead"}


async def test_words_are_joined_when_rendered_and_gone_after_a_deletion(world: World) -> None:
    async with world.store.writing() as uow:
        reply = await story(uow)
        await uow.events.add(
            EventType.REPLY_SENT,
            "acme",
            START,
            ticket_id=TICKET,
            mention_id=reply.mention_id,
            reply_id=reply.id,
            tries=1,
        )
        (event,) = await uow.events.place(5)
        data = await uow.events.render(event)
        assert data["mention"]["text"] == post().text
        assert (data["reply"]["text"], data["ticket"]["state"], data["tries"]) == (reply.text, "new", 1)
        mention = await uow.mentions.get("acme", reply.mention_id)
        assert mention is not None
        await uow.mentions.delete(mention, START)
        later = await uow.events.render(event)
    assert "text" not in later["mention"] and later["mention"]["redacted"] is True
    async with world.engine.reading() as connection:
        facts = (await connection.execute(t.events.select())).mappings().one()
    assert facts["facts"] == {"tries": 1}
