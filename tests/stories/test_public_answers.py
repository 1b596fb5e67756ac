"""What was solved in public is found again by whoever is asked the same, and what was said in private finds nothing."""

import pytest

from fakes.tale import LATE, Tale
from mentionbridge.domain.errors import WrongValue
from mentionbridge.domain.mention import Post
from mentionbridge.domain.ticket import TicketState
from mentionbridge.pipeline.change import change
from mentionbridge.pipeline.message import message
from mentionbridge.pipeline.say import Saying
from mentionbridge.pipeline.steer import approve
from mentionbridge.ports.desk import PublicAnswer
from mentionbridge.store.reading import StoredDesk
from stories.test_resolved import KIM, answers, both, closings, solve, solved_in_public

RED = "@acme my parcel tracker blinks red and nobody answers, this is terrible"


async def found(told: Tale, q: str = "", **about: str) -> list[PublicAnswer]:
    return list((await StoredDesk(told.store).answers(["acme"], q, about, None, 50)).items)


async def like(told: Tale, post: Post) -> list[PublicAnswer]:
    alike = await StoredDesk(told.store).answers_like(["acme"], await told.id_of(post), 5)
    assert alike is not None
    return list(alike)


@both
async def test_a_story_solved_in_public_is_an_answer_with_all_that_was_said_there(told: Tale) -> None:
    post = await told.says("sam", f"{LATE}, call me on +44 20 7946 0958")
    await message(told.bridge, Saying("acme", await told.id_of(post), "It waits at the depot.", KIM, "k-1"))
    await told.works()
    assert await found(told) == [], "it is not solved yet"
    await told.whispers("sam", "@acme my door code is 4711")
    first = await solve(told, post)
    assert await found(told) == [], "the closing answer still waits"
    ((reply_id, *_),) = await closings(told)
    await approve(told.bridge, "acme", reply_id, KIM)
    await told.works()
    (answer,) = await found(told)
    assert (answer.id, answer.ticket_id, answer.topic, answer.helped) == (reply_id, first, "parcel", 0)
    assert "[phone]" in answer.asked
    assert "7946" not in answer.asked
    assert answer.said[0] == "It waits at the depot."
    assert len(answer.said) == 2
    assert [each.id for each in await found(told, "depot")] == [reply_id]
    assert [each.id for each in await found(told, "parc*", topic="parcel")] == [reply_id]
    assert await found(told, "depot", topic="billing") == []
    assert await found(told, "4711") == [], "what was said in private finds nothing"


@both
async def test_a_new_story_is_shown_the_answers_to_what_resembles_it(told: Tale) -> None:
    red, red_ticket = await _solved_as(told, "ann", RED)
    await solved_in_public(told, "sam")
    new = await told.says("bob", "@acme parcel tracker blinking? mine blinks red too, nobody answers, terrible")
    (first, *_) = await like(told, new)
    assert first.ticket_id == red_ticket
    assert await like(told, red) != [first], "a story is no answer to itself"


async def _solved_as(told: Tale, who: str, text: str) -> tuple[Post, str]:
    post = await told.says(who, text)
    ticket_id = await solve(told, post)
    (*_, (reply_id, *_)) = await closings(told)
    await approve(told.bridge, "acme", reply_id, KIM)
    await told.works()
    return post, ticket_id


@both
async def test_a_ticket_solved_with_an_answer_counts_for_it(told: Tale) -> None:
    await solved_in_public(told)
    (answer,) = await found(told)
    new = await told.says("bob", LATE)
    await change(told.bridge, "acme", await told.id_of(new), {"state": "solved", "solved_with": answer.id}, KIM)
    assert [each.helped for each in await found(told)] == [1]
    ((facts,),) = await told.rows(
        "SELECT facts FROM events WHERE type = 'ticket.solved' ORDER BY position DESC, id DESC LIMIT 1"
    )
    assert answer.id in str(facts)
    await solve(told, new, TicketState.OPEN)
    assert [each.helped for each in await found(told)] == [0], "it is open again"


async def test_only_a_public_answer_of_another_story_solves(told: Tale) -> None:
    post, ticket_id = await solved_in_public(told)
    (answer,) = await found(told)
    await solve(told, post, TicketState.OPEN)
    for wrong in ("rpl_nobody", answer.id):
        with pytest.raises(WrongValue, match="answer_id"):
            await change(told.bridge, "acme", ticket_id, {"state": "solved", "solved_with": wrong}, KIM)


async def test_what_is_open_again_is_no_answer(told: Tale) -> None:
    post, _ = await solved_in_public(told)
    assert len(await found(told)) == 1
    await answers(told, "sam", "@acme no, still not here", post)
    assert await found(told) == []
