"""Where calls cost money, no account spends more than its day is worth, and answers are the last to stop."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from fakes.tale import ACME, LATE, Paper, Tale
from mentionbridge.bootstrap.examine import _spend as spend_of
from mentionbridge.pipeline.bridge import Connected
from mentionbridge.pipeline.collect import NOTICED_LATE, go_blind, poll
from mentionbridge.pipeline.rights import rights
from mentionbridge.pipeline.spend import keep_spend, keep_spend_of
from mentionbridge.ports.platform import Page
from mentionbridge.ports.store import Queue
from mentionbridge.store.reading import StoredDesk
from mentionbridge.telemetry.metrics import Metrics
from mentionbridge.telemetry.watcher import Watcher
from mentionbridge.web import shapes

both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
CENT = 10_000


class Dear(Paper):
    """A network that takes a cent for every page and every word."""

    capabilities = replace(Paper.capabilities, costs=True)

    def __init__(self, told: Tale) -> None:
        super().__init__()
        self.told = told
        self.bill: dict[tuple[date, str], int] = {}
        self.polls = 0

    def charge(self, what: str, micros: int = CENT) -> None:
        key = (self.told.clock.now().date(), what)
        self.bill[key] = self.bill.get(key, 0) + micros

    def spent(self) -> Mapping[tuple[date, str], int]:
        return dict(self.bill)

    def kept(self, spent: Mapping[tuple[date, str], int]) -> None:
        left = {key: micros - spent.get(key, 0) for key, micros in self.bill.items()}
        self.bill = {key: micros for key, micros in left.items() if micros}

    async def collect(self, cursor: str | None) -> AsyncIterator[Page]:
        for _ in range(3):
            self.polls += 1
            self.charge("read")
            yield Page([], None)

    async def send(self, intent: Any, gate: Any) -> Any:
        self.charge("said")
        return await super().send(intent, gate)


def dear(told: Tale, cents: int | None) -> Dear:
    network = Dear(told)
    worth = cents * CENT if cents is not None else None
    account = replace(ACME, most_spent_a_day=worth, max_ack_age_hours=48.0)
    told.paper = network
    told.bridge = replace(told.bridge, connected={("acme", "acme"): Connected(account, network)})  # type: ignore[arg-type]
    return network


async def polls(told: Tale) -> int:
    """Poll if it is time to."""
    async with told.store.writing() as uow:
        leases = await uow.claims.take(Queue.POLL, 9, 30)
    for lease in leases:
        await poll(told.bridge, lease)
    return len(leases)


async def gaps(told: Tale) -> list[tuple[Any, ...]]:
    return await told.rows("SELECT cause, repaired IS NOT NULL FROM gaps ORDER BY id")


@both
async def test_what_was_spent_is_kept_by_day_and_kind(told: Tale) -> None:
    network = dear(told, None)
    network.charge("read", 5)
    await keep_spend(told.bridge)
    network.charge("read", 7)
    network.charge("said", 1)
    await keep_spend(told.bridge)
    await keep_spend(told.bridge)
    today = told.clock.now().date()
    told.clock.forward(24 * 3600)
    network.charge("said", 2)
    await keep_spend(told.bridge)
    (view,) = await StoredDesk(told.store).accounts(["acme"])
    assert view.spend == {today + timedelta(days=1): {"said": 2}, today: {"read": 12, "said": 1}}


@both
async def test_reading_stops_first_and_goes_on_the_next_day(told: Tale) -> None:
    network = dear(told, 5)
    assert await polls(told) == 1
    told.clock.forward(60)
    assert await polls(told) == 1
    assert network.polls == 4, "4 of 5 cents are 80 %; the walk stopped in its middle"
    ((cause, repaired),) = await gaps(told)
    assert (cause.startswith("what may be spent a day is spent; it goes on at "), bool(repaired)) == (True, False)
    told.clock.forward(3600)
    assert (await polls(told), network.polls) == (0, 4)
    await told.says("sam", LATE)
    assert told.printed == [("sam", "public")], "there was a cent left to answer with"
    told.clock.forward(24 * 3600)
    await keep_spend(told.bridge)
    assert await polls(told) == 1
    ((_, repaired),) = await gaps(told)
    assert repaired


async def test_at_the_end_of_the_money_an_answer_waits_for_the_next_day(told: Tale) -> None:
    network = dear(told, 5)
    network.charge("read", 5 * CENT)
    sam = await told.says("sam", LATE)
    assert told.printed == []
    ((state, due),) = await told.rows("SELECT state, due FROM replies")
    assert state == "queued"
    assert str(due).replace("T", " ")[11:16] == "00:00"
    (mention_id,) = (await told.rows("SELECT id FROM mentions"))[0]
    told_rights = await rights(told.bridge, "acme", mention_id)
    assert [(right.allowed, right.reason) for right in told_rights] == [(False, "what may be spent a day is spent")] * 2
    assert await told.id_of(sam)
    told.clock.forward(24 * 3600)
    await told.works()
    assert told.printed == [("sam", "public")]


async def warnings(told: Tale) -> list[Mapping[str, Any]]:
    rows = await told.rows("SELECT facts FROM events WHERE type = 'account.spend_high' ORDER BY position")
    return [json.loads(facts) if isinstance(facts, str) else facts for (facts,) in rows]


@both
async def test_before_reading_stops_it_is_said_once_a_day_that_the_money_runs_out(told: Tale) -> None:
    network = dear(told, 10)
    for _ in range(5):
        network.charge("read")
        await keep_spend(told.bridge)
    assert await warnings(told) == []
    for _ in range(2):
        network.charge("read")
        await keep_spend(told.bridge)
    day = told.clock.now().date()
    said = {"spent": 0.06, "reading_stops": 0.08, "of": 0.1}
    assert await warnings(told) == [{"day": day.isoformat(), **said}]
    told.clock.forward(24 * 3600)
    network.charge("read", 7 * CENT)
    await keep_spend(told.bridge)
    later = {"day": (day + timedelta(days=1)).isoformat(), **said, "spent": 0.07}
    assert (await warnings(told))[1:] == [later]


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_workers_that_keep_their_spend_at_once_say_it_once(told: Tale) -> None:
    network = dear(told, 100)
    connected = told.bridge.at("acme", "acme")
    others = [replace(connected, platform=Dear(told)) for _ in range(8)]  # type: ignore[arg-type]
    for other in others:
        other.platform.charge("read", 10 * CENT)  # type: ignore[attr-defined]
    await asyncio.gather(*(keep_spend_of(told.bridge, other) for other in others))
    assert [each["spent"] for each in await warnings(told)] == [0.6]
    assert network.polls == 0


async def test_without_a_limit_nothing_stops(told: Tale) -> None:
    network = dear(told, None)
    network.charge("read", 10**9)
    await polls(told)
    await told.says("sam", LATE)
    assert (network.polls, told.printed) == (3, [("sam", "public")])


async def test_what_a_look_at_the_rights_costs_is_kept_where_no_worker_is(told: Tale) -> None:
    network = dear(told, None)
    await told.says("sam", LATE)
    await keep_spend(told.bridge)
    (mention_id,) = (await told.rows("SELECT id FROM mentions"))[0]
    network.charge("read", 3)
    await rights(told.bridge, "acme", mention_id)
    assert network.spent() == {}
    ((micros,),) = await told.rows("SELECT micros FROM account_spend WHERE what = 'read'")
    assert micros == 3


async def test_doctor_and_the_api_tell_what_was_spent(told: Tale) -> None:
    for cents, state, says in (
        (None, "warning", "set spend_per_day"),
        (5, "ok", "$0.01 of $0.05"),
        (1, "warning", "00:00"),
    ):
        network = dear(told, cents)
        network.charge("read", CENT if cents is None else 0)
        await keep_spend(told.bridge)
        (found,) = [each async for each in spend_of(told.bridge, told.bridge.at("acme", "acme"), "account acme")]
        assert (found.state, says in found.sentence) == (state, True), found
    (view,) = await StoredDesk(told.store).accounts(["acme"])
    shown = shapes.account(view, 5 * CENT).model_dump(mode="json")
    (day,) = shown["spend"]
    assert shown["spend_per_day"] == 0.05
    assert (day["day"], day["dollars"], day["by"]) == (told.clock.now().date().isoformat(), 0.01, {"read": 0.01})


def test_spend_is_counted_in_dollars() -> None:
    metrics = Metrics()
    Watcher(metrics).saw("spend", platform="x", account="acme-x", what="reply", micros=10_000)
    labels = {"platform": "x", "account": "acme-x", "what": "reply"}
    assert metrics.registry.get_sample_value("mentionbridge_spend_dollars_total", labels) == 0.01


@both
async def test_what_was_pushed_in_vain_is_asked_for_again_before_the_gap_closes(told: Tale) -> None:
    network = dear(told, None)
    asked: list[tuple[datetime, datetime]] = []

    async def replay(since: datetime, until: datetime) -> str:
        assert (await gaps(told))[0][1] in (0, False), "a crash here asks again; a gap that is closed would not"
        asked.append((since, until))
        return "it was asked to push it again"

    network.capabilities = replace(network.capabilities, replays=True)
    network.replay = replay  # type: ignore[attr-defined]
    await polls(told)
    assert asked == [], "nothing was missed"
    async with told.store.writing() as uow:
        await go_blind(uow, told.bridge.at("acme", "acme").account, "no answer", told.clock.now())
    blind = told.clock.now()
    told.clock.forward(600)
    await polls(told)
    assert asked == [(blind - NOTICED_LATE, told.clock.now())]
    ((repaired,),) = await told.rows("SELECT repaired FROM gaps")
    assert repaired.endswith("; it was asked to push it again")
