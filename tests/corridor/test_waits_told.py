"""How long a customer waits is counted from their own words, and told before it is too long."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from fakes.chaos_driver import Life, begun
from fakes.databases import drop_postgres, fresh_database
from mentionbridge.domain.reply import Purpose, Reply, ReplyState, Sent
from mentionbridge.domain.ticket import Ticket, TicketState
from mentionbridge.domain.wait import Wait, WaitEnd, WaitKind
from mentionbridge.pipeline.ledger import record_sent
from mentionbridge.pipeline.promise import keep, promise
from mentionbridge.pipeline.watch import priority_changed, state_changed
from mentionbridge.ports.store import Queue

HOUR = 3600.0
SLA = "SELECT type FROM events WHERE substr(type, 1, 4) = 'sla.' ORDER BY id"
WORDS = "SELECT type FROM events WHERE substr(type, 1, 10) = 'commitment' ORDER BY id"


@pytest.fixture(params=["sqlite", "postgresql"])
async def life(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Life]:
    url = fresh_database(request.param, tmp_path)
    async with begun(url, tmp_path) as alive:
        await alive.outside.complains()
        await alive.until_quiet()
        yield alive
    if request.param == "postgresql":
        drop_postgres(url)


async def ticket(life: Life) -> Ticket:
    async with life.bridge.store.reading() as uow:
        found = await uow.tickets.get("acme", await life.one("SELECT id FROM tickets"))
    assert found is not None
    return found


async def waits(life: Life) -> list[Wait]:
    async with life.bridge.store.reading() as uow:
        return list(await uow.waits.of_ticket("acme", (await ticket(life)).id))


async def a_person_answers(life: Life) -> None:
    """Record what a person of the team said, as the post use case does once it is out."""
    async with life.bridge.store.writing() as uow:
        ours = await uow.replies.get("acme", await life.one("SELECT id FROM replies LIMIT 1"))
        assert ours is not None
        fresh = {"external_id": None, "permalink": None, "evidence": None, "sent_at": None}
        said: Reply = replace(
            ours, id=life.bridge.ids.new("rpl"), purpose=Purpose.MESSAGE, state=ReplyState.SENDING, **fresh
        )
        await uow.replies.add(said, said.id)
        await record_sent(life.bridge, uow, said, Sent(f"p-{said.id}"), life.now)


async def look(life: Life, seconds: float) -> list[str]:
    life.outside.clock.forward(seconds)
    await life.serve(Queue.WAIT)
    return [type_ for (type_,) in await life.rows(SLA)]


async def test_the_clock_starts_at_the_public_post_and_the_machine_does_not_stop_it(life: Life) -> None:
    said_at: datetime = (await ticket(life)).occurred_at
    (wait,) = await waits(life)
    assert (wait.kind, wait.started_at, wait.ended_at) == (WaitKind.FIRST, said_at, None)
    assert await life.one("SELECT count(*) FROM replies WHERE state = 'sent'") == 1, "the acknowledgement is out"


async def test_it_warns_once_before_the_breach_and_tells_the_breach_once(life: Life) -> None:
    assert await look(life, 6 * HOUR) == []
    assert await look(life, HOUR) == ["sla.at_risk"]
    assert await look(life, HOUR / 2) == ["sla.at_risk"]
    assert await look(life, HOUR) == ["sla.at_risk", "sla.breached"]
    assert await look(life, 100 * HOUR) == ["sla.at_risk", "sla.breached"]


async def test_a_persons_answer_ends_it_and_the_customers_next_words_begin_another(life: Life) -> None:
    life.outside.clock.forward(HOUR)
    await a_person_answers(life)
    (wait,) = await waits(life)
    assert wait.end is WaitEnd.ANSWERED
    assert wait.wall is not None and wait.wall >= timedelta(hours=1)
    assert await look(life, 100 * HOUR) == []
    thread = await life.one("SELECT thread_id FROM tickets")
    await life.outside.says("sam", "@acme it is still down", parent=thread)
    await life.until_quiet()
    assert [each.kind for each in await waits(life)] == [WaitKind.FIRST, WaitKind.NEXT]


async def test_more_words_of_a_customer_who_waits_start_no_second_clock(life: Life) -> None:
    await life.outside.says("sam", "@acme hello?", parent=await life.one("SELECT thread_id FROM tickets"))
    await life.until_quiet()
    assert len(await waits(life)) == 1


async def test_pending_stops_the_clock(life: Life) -> None:
    async with life.bridge.store.writing() as uow:
        await state_changed(life.bridge, uow, await ticket(life), TicketState.PENDING, life.now)
    assert await look(life, 100 * HOUR) == []
    async with life.bridge.store.writing() as uow:
        await state_changed(life.bridge, uow, await ticket(life), TicketState.OPEN, life.now)
    assert await look(life, 6 * HOUR) == []
    assert await look(life, 3 * HOUR) == ["sla.breached"]


async def test_a_story_solved_without_an_answer_stays_unanswered_and_a_late_end_is_a_breach(life: Life) -> None:
    life.outside.clock.forward(9 * HOUR)
    async with life.bridge.store.writing() as uow:
        await state_changed(life.bridge, uow, await ticket(life), TicketState.SOLVED, life.now)
    (wait,) = await waits(life)
    assert wait.end is WaitEnd.UNANSWERED
    assert wait.breached_at is not None
    assert await look(life, HOUR) == ["sla.breached"], "told although no worker looked in time"


async def test_another_priority_counts_against_its_own_target(life: Life) -> None:
    from mentionbridge.domain.ticket import Priority

    life.outside.clock.forward(2 * HOUR)
    async with life.bridge.store.writing() as uow:
        urgent = replace(await ticket(life), priority=Priority.URGENT)
        await priority_changed(life.bridge, uow, urgent, life.now)
    assert await look(life, 1) == ["sla.breached"]


async def test_a_promise_is_told_at_risk_and_missed_and_may_be_kept_late(life: Life) -> None:
    due = life.now + timedelta(hours=10)
    made = await promise(life.bridge, "acme", (await ticket(life)).id, "fixed by noon", due, "Kim via desk")
    seen = []
    for hours in (7, 2, 2):
        life.outside.clock.forward(hours * HOUR)
        await life.serve(Queue.COMMITMENT)
        seen.append([type_ for (type_,) in await life.rows(WORDS)][1:])
    assert seen == [[], ["commitment.at_risk"], ["commitment.at_risk", "commitment.missed"]]
    late = await keep(life.bridge, "acme", made.id, "Kim via desk")
    assert (late.state, late.kept_at, late.missed_at is not None) == ("missed", life.now, True)


async def test_a_promise_kept_in_time_is_never_told_as_missed(life: Life) -> None:
    due = life.now + timedelta(hours=10)
    made = await promise(life.bridge, "acme", (await ticket(life)).id, "fixed by noon", due, "Kim via desk")
    assert (await keep(life.bridge, "acme", made.id, "Kim via desk")).state == "kept"
    life.outside.clock.forward(100 * HOUR)
    assert await life.serve(Queue.COMMITMENT) == 0
