"""What was complained of in public is called solved in public, and the customer has the last word on it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fakes.tale import LATE, Tale
from mentionbridge.domain.account import Mode
from mentionbridge.domain.errors import NotAllowed
from mentionbridge.domain.mention import Origin, Post
from mentionbridge.domain.ticket import Outcome, TicketState
from mentionbridge.domain.wording import Kind
from mentionbridge.pipeline.change import change
from mentionbridge.pipeline.merge import merge
from mentionbridge.pipeline.steer import approve, edit, reject
from stories.test_by_itself import account

KIM = "Kim via desk"
both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


async def solve(told: Tale, post: Post, state: TicketState = TicketState.SOLVED) -> str:
    ticket_id = await told.id_of(post)
    await change(told.bridge, "acme", ticket_id, {"state": state}, KIM)
    return ticket_id


async def closings(told: Tale) -> list[tuple[Any, ...]]:
    return await told.rows("SELECT id, state, text FROM replies WHERE purpose = 'resolve' ORDER BY id")


async def solved_in_public(told: Tale, who: str = "sam") -> tuple[Post, str]:
    """A complaint that was acknowledged, solved, and called solved in public."""
    post = await told.says(who, LATE)
    ticket_id = await solve(told, post)
    (*_, (reply_id, state, _text)) = await closings(told)
    assert state == "awaiting_approval"
    await approve(told.bridge, "acme", reply_id, KIM)
    await told.works()
    told.clock.forward(60)
    return post, ticket_id


async def answers(told: Tale, who: str, text: str, post: Post, **facts: Any) -> Post:
    return await told.says(who, text, thread_id=post.thread_id, parent_id=post.external_id, **facts)


async def stands(told: Tale, ticket_id: str) -> tuple[TicketState, Outcome | None]:
    ticket = await told.ticket(ticket_id)
    return ticket.state, ticket.outcome


async def events(told: Tale, type_: str) -> int:
    return len(await told.rows(f"SELECT id FROM events WHERE type = '{type_}'"))


@both
async def test_a_solved_story_proposes_a_closing_answer_that_a_person_lets_out_once(told: Tale) -> None:
    post, ticket_id = await solved_in_public(told)
    ((_, state, text),) = await closings(told)
    assert (state, told.printed) == ("sent", [("sam", "public"), ("sam", "public")])
    assert "your parcel" in text.casefold()
    assert await stands(told, ticket_id) == (TicketState.SOLVED, None)
    await change(told.bridge, "acme", ticket_id, {"state": TicketState.OPEN}, KIM)
    await solve(told, post)
    assert len(await closings(told)) == 1, "what was said stands while the customer has said nothing since"


@both
async def test_a_customer_who_agrees_leaves_it_solved(told: Tale) -> None:
    post, ticket_id = await solved_in_public(told)
    await answers(told, "sam", "@acme yes, it has arrived, thank you", post)
    assert await stands(told, ticket_id) == (TicketState.SOLVED, Outcome.CONFIRMED)
    assert (await events(told, "outcome.confirmed"), await events(told, "ticket.reopened")) == (1, 0)
    ((reason,),) = await told.rows("SELECT reason FROM entries WHERE kind = 'outcome'")
    assert reason == "the customer says that it is solved"


@both
async def test_a_customer_who_denies_opens_it_again_and_the_next_solving_may_be_told(told: Tale) -> None:
    post, ticket_id = await solved_in_public(told)
    denied = await answers(told, "sam", "@acme no, still not here", post)
    assert await stands(told, ticket_id) == (TicketState.OPEN, Outcome.DENIED)
    assert (await events(told, "outcome.denied"), await events(told, "ticket.reopened")) == (1, 1)
    await solve(told, post)
    assert await stands(told, ticket_id) == (TicketState.SOLVED, None)
    first, second = await closings(told)
    await approve(told.bridge, "acme", second[0], KIM)
    await told.works()
    assert len(told.printed) == 3
    assert first[2] != second[2], "the thread does not read the same sentence twice"
    assert (await told.rows(f"SELECT mention_id FROM replies WHERE id = '{second[0]}'"))[0] == (
        await told.rows(f"SELECT id FROM mentions WHERE external_id = '{denied.external_id}'")
    )[0]


async def test_doubt_is_for_a_person(told: Tale) -> None:
    post, ticket_id = await solved_in_public(told)
    await answers(told, "sam", "@acme it has arrived but the box is empty, what now?", post)
    assert await stands(told, ticket_id) == (TicketState.OPEN, None)


async def test_bitter_praise_is_for_a_person(told: Tale) -> None:
    post, ticket_id = await solved_in_public(told)
    await answers(told, "sam", "@acme oh great, fixed after three weeks, pathetic and terrible service", post)
    assert await stands(told, ticket_id) == (TicketState.OPEN, None)


async def test_nobody_agrees_with_what_they_were_not_told(told: Tale) -> None:
    post = await told.says("sam", LATE)
    ticket_id = await solve(told, post)
    await answers(told, "sam", "@acme thanks", post)
    assert await stands(told, ticket_id) == (TicketState.OPEN, None)
    ((_, state, _text),) = await closings(told)
    assert state == "cancelled", "the proposal is taken back, for the customer has spoken since"


async def test_who_says_plainly_that_it_works_need_not_be_asked(told: Tale) -> None:
    post = await told.says("sam", LATE)
    ticket_id = await solve(told, post)
    await answers(told, "sam", "@acme my parcel has arrived, thanks", post)
    assert await stands(told, ticket_id) == (TicketState.SOLVED, Outcome.CONFIRMED)


async def test_a_word_said_before_the_closing_answer_was_out_does_not_answer_it(told: Tale) -> None:
    said = told.clock.now() + timedelta(seconds=90)
    post, ticket_id = await solved_in_public(told)
    await answers(told, "sam", "@acme thank you", post, created_at=said - timedelta(seconds=60))
    assert await stands(told, ticket_id) == (TicketState.OPEN, None)


async def test_a_reopened_ticket_takes_its_proposal_back(told: Tale) -> None:
    post = await told.says("sam", LATE)
    await solve(told, post)
    await solve(told, post, TicketState.OPEN)
    assert [state for _, state, _ in await closings(told)] == ["cancelled"]
    await solve(told, post)
    assert [state for _, state, _ in await closings(told)] == ["cancelled", "awaiting_approval"]


async def test_a_rejected_closing_answer_is_not_proposed_again_until_the_customer_speaks(told: Tale) -> None:
    post = await told.says("sam", LATE)
    ticket_id = await solve(told, post)
    ((reply_id, *_),) = await closings(told)
    await reject(told.bridge, "acme", reply_id, KIM, "we phoned")
    await solve(told, post, TicketState.OPEN)
    await solve(told, post)
    assert len(await closings(told)) == 1
    told.clock.forward(60)
    await answers(told, "sam", "@acme and what of the next one, nobody answers?", post)
    await solve(told, post)
    assert len(await closings(told)) == 2
    assert (await told.ticket(ticket_id)).state is TicketState.SOLVED


@pytest.mark.parametrize(
    ("mode", "then"), [(Mode.AUTO, ["sent"]), (Mode.OFF, []), (Mode.APPROVE, ["awaiting_approval"])]
)
async def test_the_account_says_who_lets_a_closing_answer_out(told: Tale, mode: Mode, then: list[str]) -> None:
    account(told, modes={Kind.RESOLVED: mode})
    post = await told.says("sam", LATE)
    told.clock.forward(24 * 3600)
    await solve(told, post)
    await told.works()
    assert [state for _, state, _ in await closings(told)] == then


async def test_everybody_who_told_it_in_public_hears_that_it_is_solved(told: Tale) -> None:
    sam = await told.says("sam", LATE)
    ann = await told.says("ann", "@acme her parcel and mine came on one van, nobody answers, terrible")
    await merge(told.bridge, "acme", await told.id_of(ann), await told.id_of(sam), KIM, "one van")
    await solve(told, sam)
    assert [state for _, state, _ in await closings(told)] == ["awaiting_approval"] * 2


async def test_what_was_told_in_private_is_not_called_solved_in_public(told: Tale) -> None:
    post = await told.whispers("sam", LATE)
    await solve(told, post)
    assert await closings(told) == []


@pytest.mark.parametrize("origin", [Origin.IMPORT, Origin.REPLAY])
async def test_history_gets_no_closing_answer(told: Tale, origin: Origin) -> None:
    post = told.post("sam", LATE)
    await told.hears(post, origin=origin)
    await told.works()
    await solve(told, post)
    assert await closings(told) == []


async def test_edited_words_close_the_story_as_well(told: Tale) -> None:
    post = await told.says("sam", LATE)
    await solve(told, post)
    ((reply_id, *_),) = await closings(told)
    await edit(told.bridge, "acme", reply_id, "Your parcel is at the Harbour branch now. Has it reached you?", KIM)
    await approve(told.bridge, "acme", reply_id, KIM)
    await told.works()
    assert len(told.printed) == 2


async def test_in_a_story_that_goes_on_nobody_can_let_it_be_called_solved(told: Tale) -> None:
    sam, ann = await told.says("sam", LATE), await told.says("ann", LATE)
    await solve(told, ann)
    ((reply_id, *_),) = await closings(told)
    await merge(told.bridge, "acme", await told.id_of(ann), await told.id_of(sam), KIM, "one van")
    with pytest.raises(NotAllowed, match="says that it is solved"):
        await approve(told.bridge, "acme", reply_id, KIM)


async def test_a_ticket_is_solved_also_where_no_sentence_about_it_fits(told: Tale) -> None:
    post = await told.says("sam", LATE)
    told.paper.capabilities = replace(told.paper.capabilities, max_length=10)  # type: ignore[misc]
    ticket_id = await solve(told, post)
    assert (await stands(told, ticket_id), await closings(told)) == ((TicketState.SOLVED, None), [])
    held = [reason for (reason,) in await told.rows("SELECT reason FROM entries WHERE kind = 'held'")]
    assert len(held) == 1
    assert held[0].startswith("not called solved in public: ")


@both
async def test_a_database_from_before_the_closing_answer_does_not_say_it_again(told: Tale) -> None:
    post, ticket_id = await solved_in_public(told)
    async with told.engine.writing() as connection:
        closings_of = "SELECT id FROM replies WHERE purpose = 'resolve'"
        await connection.exec_driver_sql(f"DELETE FROM reply_attempts WHERE reply_id IN ({closings_of})")
        await connection.exec_driver_sql("DELETE FROM replies WHERE purpose = 'resolve'")
        await connection.exec_driver_sql("UPDATE tickets SET state = 'open', solved_at = NULL")
    await solve(told, post)
    ((reply_id, *_),) = await closings(told)
    await approve(told.bridge, "acme", reply_id, KIM)
    await told.works()
    assert [state for _, state, _ in await closings(told)] == ["sent"]
    assert len(told.paper.printed) == 2, "the network knew its key"
    assert (await stands(told, ticket_id))[0] is TicketState.SOLVED
