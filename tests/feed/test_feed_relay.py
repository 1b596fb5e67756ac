"""What becomes of deliveries: in order, at their times, and no endpoint in another's way."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from fakes.clock import START
from fakes.feed_world import BUSY, GONE, OK, Feed
from mentionbridge.domain.endpoint import DeliveryResult, Lane
from mentionbridge.pipeline.publish import publish
from mentionbridge.pipeline.relay import relay
from mentionbridge.ports.store import Lease, Queue
from mentionbridge.store import tables as t
from mentionbridge.store.deliveries import KEPT_ATTEMPTS

WRONG = DeliveryResult(False, 500, "answered 500")


async def test_everything_comes_once_and_in_order(feed: Feed) -> None:
    await feed.subscribe()
    await feed.tell(120)
    await feed.work()
    assert feed.post.taken() == list(range(1, 121))
    assert set(await feed.states()) == {"delivered"}
    endpoint = await feed.endpoint()
    assert (endpoint.due, endpoint.lease_token, endpoint.attempts) == (None, None, 0)
    (attempts,) = await feed.rows(sa.select(sa.func.count()).select_from(t.delivery_attempts))
    assert tuple(attempts) == (120,)
    await feed.tell()
    await feed.work()
    assert feed.post.taken()[-1] == 121


async def test_an_event_is_owed_once_an_endpoint(feed: Feed) -> None:
    await feed.subscribe()
    await feed.tell()
    async with feed.world.store.writing() as uow:
        (event,) = await uow.events.place(5)
        (endpoint,) = await uow.deliveries.subscribed()
        for _ in range(2):
            await uow.deliveries.plan([(endpoint, event)], START)
    await feed.work(2)
    assert feed.post.taken() == [1]


async def test_the_schedule_is_walked_to_the_dead_letter(feed: Feed) -> None:
    await feed.subscribe()
    await feed.subscribe("whk_2")
    await feed.tell()
    feed.post.says["whk_1"] = lambda event, tries: WRONG
    when, began = [], feed.world.clock.now()
    feed.post.takes = lambda: when.append((feed.world.clock.now() - began).total_seconds())
    for seconds in (0, 5.6, 331, 1981, 7921, 19801, 39601, 55441, 79201, 95041):
        await feed.pass_time(seconds, step=seconds or 1)
        await feed.work()
        # A success elsewhere in between: only what fails by itself walks the whole schedule.
        await _bring_one_well(feed)
    counted = await feed.rows(
        sa.select(t.deliveries.c.attempts, t.deliveries.c.state)
        .where(t.deliveries.c.endpoint_id == "whk_1")
        .order_by("position")
    )
    assert tuple(counted[0]) == (10, "dead")
    assert set(await feed.states("whk_2")) == {"delivered"}


async def _bring_one_well(feed: Feed) -> None:
    bad = feed.post.says["whk_1"]
    feed.post.says["whk_1"] = lambda event, tries: OK if event not in _first(feed) else WRONG
    await feed.tell(ticket=None)
    await feed.work()
    feed.post.says["whk_1"] = bad


def _first(feed: Feed) -> set[str]:
    return {feed.post.heard[0][1]}


async def test_an_outage_of_any_length_keeps_every_tickets_order(feed: Feed) -> None:
    await feed.subscribe()
    feed.post.says["whk_1"] = BUSY
    await feed.tell(3)
    await feed.tell(3, "p-2")
    await feed.pass_time(40, step=5)
    await feed.tell(2)
    await feed.pass_time(3 * 3600, step=300)
    assert feed.post.taken() == []
    endpoint = await feed.endpoint()
    assert endpoint.failures >= 3 and endpoint.resting_until is not None and endpoint.failing_since is not None
    del feed.post.says["whk_1"]
    await feed.pass_time(130, step=10)
    assert [s for s in feed.post.taken() if s] and set(await feed.states()) == {"delivered"}
    by_ticket: dict[str, list[int]] = {}
    for _, _, status, data in feed.post.heard:
        if status == 204:
            by_ticket.setdefault(data["ticket_id"], []).append(data["sequence"])
    assert by_ticket == {"tkt_acme_p-1": [1, 2, 3, 4, 5], "tkt_acme_p-2": [1, 2, 3]}
    endpoint = await feed.endpoint()
    assert (endpoint.failures, endpoint.failing_since, endpoint.resting_until) == (0, None, None)


async def test_after_a_short_outage_the_first_yes_brings_all_that_waited(feed: Feed) -> None:
    await feed.subscribe()
    feed.post.says["whk_1"] = BUSY
    await feed.tell(3)
    await feed.pass_time(13, step=1)
    del feed.post.says["whk_1"]
    await feed.pass_time(20, step=1)
    assert feed.post.taken() == [], "nothing is due, and nothing has told us that it is back"
    await feed.tell(1, "p-2")
    await feed.pass_time(2, step=1)
    assert sorted(feed.post.taken()) == [1, 1, 2, 3]


async def test_an_unwell_endpoint_is_knocked_at_once_every_two_minutes(feed: Feed) -> None:
    await feed.subscribe()
    feed.post.says["whk_1"] = BUSY
    await feed.tell(30)
    await feed.tell(30, "p-2")
    await feed.pass_time(60, step=5)
    before = len(feed.post.heard)
    await feed.pass_time(3600, step=20)
    assert 22 <= len(feed.post.heard) - before <= 32
    counted = await feed.rows(sa.select(sa.func.max(t.deliveries.c.attempts)))
    # Knocking ahead of the schedule uses up nobody's attempts.
    assert max(attempts for (attempts,) in counted) <= 4
    lines = await feed.rows(sa.select(sa.func.count()).select_from(t.delivery_attempts).group_by("delivery_id"))
    assert max(many for (many,) in lines) <= KEPT_ATTEMPTS


async def test_the_ledger_of_one_delivery_is_cut(feed: Feed) -> None:
    await feed.subscribe()
    feed.post.says["whk_1"] = DeliveryResult(False, 503, "x" * 900)
    await feed.tell()
    await feed.pass_time(3 * 3600, step=120)
    assert len(feed.post.heard) > KEPT_ATTEMPTS + 20
    lines = await feed.rows(sa.select(t.delivery_attempts.c.detail, t.delivery_attempts.c.at).order_by("id"))
    assert len(lines) == KEPT_ATTEMPTS
    assert {len(line.detail) for line in lines} == {500}
    assert lines[-1].at > feed.world.clock.now() - timedelta(minutes=3)


async def test_one_event_nobody_can_read_holds_up_its_ticket_for_minutes_and_nobody_else(feed: Feed) -> None:
    await feed.subscribe()
    await feed.tell(3)
    await feed.tell(3, "p-2")
    poison: list[str] = []

    def says(event: str, tries: int) -> DeliveryResult:
        if not poison:
            poison.append(event)
        return WRONG if event == poison[0] else OK

    feed.post.says["whk_1"] = says
    await feed.work()
    assert feed.post.taken() == [1, 2, 3], "the other ticket"
    await feed.pass_time(20, step=5)
    assert feed.post.taken() == [1, 2, 3], "its own ticket still waits behind it"
    await feed.pass_time(340, step=10)
    assert feed.post.taken() == [1, 2, 3, 2, 3], "after its third attempt they overtake"


async def test_what_was_disabled_says_so_and_waits(feed: Feed) -> None:
    await feed.subscribe("whk_gone")
    await feed.subscribe("whk_1", types=["endpoint.disabled"])
    feed.post.says["whk_gone"] = GONE
    await feed.tell(5)
    await feed.work(2)
    assert len(feed.post.tried("whk_gone")) == 1
    (told,) = [data for id_, *_, data in feed.post.heard if id_ == "whk_1"]
    assert (told["endpoint_id"], told["why"]) == ("whk_gone", "the subscriber answered 410 Gone")
    endpoint = await feed.endpoint("whk_gone")
    assert (endpoint.disabled_at, endpoint.due) == (feed.world.clock.now(), None)
    assert set(await feed.states("whk_gone")) == {"pending"}, "for the day it is enabled again"
    await feed.tell(1)
    await feed.work()
    assert len(feed.post.tried("whk_gone")) == 1


async def test_five_days_of_failure_disable(feed: Feed) -> None:
    await feed.subscribe()
    feed.post.says["whk_1"] = BUSY
    for _ in range(5):
        await feed.tell()
        await feed.work()
        assert (await feed.endpoint()).disabled_at is None
        await feed.pass_time(86400, step=7200)
    await feed.pass_time(7200, step=7200)
    endpoint = await feed.endpoint()
    assert endpoint.disabled_because == "it has failed for five days"
    async with feed.world.store.reading() as uow:
        last = (await uow.events.after(0, 10))[-1]
    assert (last.type, last.facts["endpoint_id"]) == ("endpoint.disabled", "whk_1")


async def test_retry_after_holds_for_the_whole_endpoint(feed: Feed) -> None:
    await feed.subscribe()
    asked = feed.world.clock.now() + timedelta(minutes=10)
    feed.post.says["whk_1"] = lambda event, tries: (
        replace(BUSY, status=429, retry_at=asked) if len(feed.post.heard) == 0 else OK
    )
    await feed.tell(3)
    await feed.tell(3, "p-2")
    await feed.pass_time(590, step=10)
    assert len(feed.post.heard) <= 4
    await feed.pass_time(20, step=5)
    assert set(await feed.states()) == {"delivered"}


async def test_what_keeps_us_waiting_is_served_apart(feed: Feed) -> None:
    await feed.subscribe()
    await feed.tell()

    feed.post.takes = lambda: feed.world.clock.forward(3)
    await feed.work()
    assert (await feed.endpoint()).lane == Lane.SLOW
    await feed.tell()
    await feed.work()
    async with feed.world.store.writing() as uow:
        assert await uow.claims.take(Queue.DELIVER, 9, 30) == []
    feed.post.takes = lambda: None
    await feed.tell()
    await feed.work()
    assert ((await feed.endpoint()).lane, feed.post.taken()) == (Lane.FAST, [1, 2, 3])


async def test_who_lost_its_lease_settles_nothing(feed: Feed) -> None:
    await feed.subscribe()
    await feed.tell()
    stolen: list[Lease] = []

    async def steal() -> None:
        feed.world.clock.forward(61)
        async with feed.world.store.writing() as uow:
            stolen.extend(await uow.claims.take(Queue.DELIVER, 9, 60))

    feed.post.during = steal
    await feed.work()
    assert (await feed.states(), (await feed.endpoint()).lease_token) == (["pending"], stolen[0].token)
    feed.post.during = None
    await relay(feed.bridge, stolen)
    assert await feed.states() == ["delivered"]
    assert [heard[1] for heard in feed.post.heard] == [feed.post.heard[0][1]] * 2, "twice, under one id"


async def test_filters_narrow_what_is_told(feed: Feed) -> None:
    await feed.subscribe("whk_parcel", topics=["parcel"])
    await feed.subscribe("whk_other", topics=["swing"])
    await feed.subscribe("whk_high", severities=["high"])
    await feed.subscribe("whk_types", types=["account.paused"])
    await feed.tell()
    await feed.tell(ticket=None)
    await feed.work()
    heard = {
        id_: [data.get("ticket_id") for to, *_, data in feed.post.heard if to == id_] for id_ in (await _ids(feed))
    }
    assert heard == {
        "whk_parcel": ["tkt_acme_p-1", None],
        "whk_other": [None],
        "whk_high": [None],
        "whk_types": [None],
    }


async def _ids(feed: Feed) -> list[str]:
    return [row.id for row in await feed.rows(sa.select(t.endpoints.c.id))]


async def test_what_is_planned_while_an_endpoint_is_given_back_is_brought(feed: Feed) -> None:
    await feed.subscribe()
    await feed.tell()
    other = feed.world.another()
    others = replace(feed.bridge, store=other)
    busy = asyncio.Event()

    async def plan_meanwhile() -> None:
        while not busy.is_set():
            await feed.tell()
            await publish(others)

    planning = asyncio.create_task(plan_meanwhile())
    for _ in range(60):
        await feed.work()
        await asyncio.sleep(0)
    busy.set()
    await planning
    await other.engine.aclose()
    await feed.work(2)
    assert set(await feed.states()) == {"delivered"}
    assert feed.post.taken() == sorted(set(feed.post.taken()))
