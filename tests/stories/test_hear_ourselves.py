"""What our team types in the network's own app is a person's answer: it ends the wait, and is in the story."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.tale import LATE, STILL, Tale
from mentionbridge.domain.errors import AlreadyAnswered
from mentionbridge.domain.mention import Post
from mentionbridge.domain.reply import Purpose, Reply, ReplyState, Sent
from mentionbridge.domain.ticket import TicketState
from mentionbridge.domain.wait import Wait, WaitEnd, WaitKind
from mentionbridge.pipeline.hear_ourselves import BY
from mentionbridge.pipeline.ledger import hand_over, record_sent
from mentionbridge.pipeline.message import message
from mentionbridge.pipeline.say import Saying

both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
WORDS = "The van broke down; your parcel is with you tomorrow before noon."


async def replies(told: Tale, post: Post) -> list[Reply]:
    async with told.store.reading() as uow:
        return sorted(await uow.replies.of_ticket("acme", await told.id_of(post)), key=lambda reply: reply.id)


async def waits(told: Tale, post: Post) -> list[Wait]:
    async with told.store.reading() as uow:
        return list(await uow.waits.of_ticket("acme", await told.id_of(post)))


@both
async def test_it_ends_the_wait_at_its_own_time_and_opens_the_ticket(told: Tale) -> None:
    said = await told.says("sam", LATE)
    typed = told.ours(WORDS, said)
    told.clock.forward(600)
    await told.hears(typed)
    (wait,) = await waits(told, said)
    assert (wait.end, wait.ended_at) == (WaitEnd.ANSWERED, typed.created_at)
    _, answer = await replies(told, said)
    assert (answer.state, answer.purpose, answer.text) == (ReplyState.SENT, Purpose.MESSAGE, WORDS)
    assert (answer.external_id, answer.sent_at, answer.author_of_words) == (typed.external_id, typed.created_at, BY)
    assert (await told.ticket_of(said)).state is TicketState.OPEN  # type: ignore[union-attr]
    lines = await told.rows(f"SELECT occurred_at, received_at FROM entries WHERE reply_id = '{answer.id}'")
    assert len(lines) == 1 and lines[0][0] < lines[0][1]


@both
async def test_however_often_it_is_shown_it_is_one_answer(told: Tale) -> None:
    said = await told.says("sam", LATE)
    typed = told.ours(WORDS, said)
    await told.hears(typed)
    await told.hears(typed)
    assert len(await replies(told, said)) == 2
    assert (await told.events(await told.id_of(said))).count("reply.sent") == 2
    assert await told.rows("SELECT text FROM own_posts") == [(None,)], "its words are kept once"


async def test_what_went_out_through_us_is_no_second_answer(told: Tale) -> None:
    said = await told.says("sam", LATE)
    (ours,) = await replies(told, said)
    await told.hears(replace(told.ours(f"@sam {ours.text}", said), external_id=str(ours.external_id)))
    assert len(await replies(told, said)) == 1
    assert (await waits(told, said))[0].ended_at is None, "the machine's acknowledgement ends no wait"


async def test_what_we_are_just_sending_is_left_to_whoever_sends_it(told: Tale) -> None:
    said = await told.says("sam", LATE)
    queued = await message(told.bridge, Saying("acme", await told.id_of(said), WORDS, "Kim via desk", "1"))
    await told.hears(told.ours(f"@sam {WORDS}", said, id="just-out"))
    assert len(await replies(told, said)) == 2, "it is ours by its words"
    async with told.store.writing() as uow:
        await record_sent(told.bridge, uow, queued, Sent("just-out"), told.clock.now())
    assert [reply.external_id for reply in await replies(told, said)][1:] == ["just-out"]


async def test_other_words_typed_while_we_send_are_a_persons(told: Tale) -> None:
    said = await told.says("sam", LATE)
    await message(told.bridge, Saying("acme", await told.id_of(said), WORDS, "Kim via desk", "1"))
    await told.hears(told.ours("Call us, Sam, we are so sorry", said))
    assert [reply.author_of_words for reply in await replies(told, said)] == [None, "Kim via desk", BY]


async def test_an_acknowledgement_that_a_restored_database_forgot_is_the_machines(told: Tale) -> None:
    said = await told.says("sam", LATE)
    (ours,) = await replies(told, said)
    other = told.post("ann", LATE, created_at=told.clock.now() + timedelta(seconds=1))
    await told.hears(told.ours(f"@ann {ours.text}", other))
    await told.hears(other)
    await told.works()
    assert (await waits(told, other))[0].ended_at is None
    assert [reply for reply in await replies(told, other) if reply.state is ReplyState.SENT] == []


async def test_it_is_heard_when_it_was_typed_before_we_saw_the_post(told: Tale) -> None:
    said = told.post("sam", LATE)
    told.clock.forward(60)
    typed = told.ours(WORDS, said)
    await told.hears(typed)
    await told.hears(said)
    await told.works()
    (answer,) = await replies(told, said)
    assert (answer.external_id, answer.author_of_words) == (typed.external_id, BY)
    (wait,) = await waits(told, said)
    assert (wait.end, wait.wall) == (WaitEnd.ANSWERED, timedelta(seconds=60))
    assert told.printed == [], "nobody is acknowledged who has an answer"


async def test_who_spoke_after_the_answer_waits_on(told: Tale) -> None:
    said = await told.says("sam", LATE)
    typed = told.ours(WORDS, said)
    told.clock.forward(60)
    more = await told.says("sam", STILL, thread_id=said.thread_id, parent_id=typed.external_id)
    await told.hears(typed)
    first, second = await waits(told, said)
    assert (first.end, first.ended_at) == (WaitEnd.ANSWERED, typed.created_at)
    assert (second.kind, second.started_at, second.ended_at) == (WaitKind.NEXT, more.created_at, None)


async def test_an_answer_older_than_the_question_ends_no_wait(told: Tale) -> None:
    said = await told.says("sam", LATE)
    early = told.ours(WORDS, said, created_at=said.created_at + timedelta(seconds=1))
    await told.hears(told.ours("We look into it, Sam.", said))
    told.clock.forward(60)
    more = await told.says("sam", STILL, thread_id=said.thread_id)
    await told.hears(early)
    waiting = [wait for wait in await waits(told, said) if wait.ended_at is None]
    assert [(wait.kind, wait.started_at) for wait in waiting] == [(WaitKind.NEXT, more.created_at)]


async def test_an_answer_to_our_own_answer_and_one_in_the_thread_alone_are_heard(told: Tale) -> None:
    said = await told.says("sam", LATE)
    (ours,) = await replies(told, said)
    await told.hears(replace(told.ours(WORDS, str(ours.external_id)), thread_id=said.thread_id))
    await told.hears(replace(told.ours("And we call you.", "who knows"), thread_id=said.thread_id))
    assert [reply.author_of_words for reply in await replies(told, said)] == [None, BY, BY]


async def test_in_a_thread_of_two_people_nobody_is_guessed(told: Tale) -> None:
    said = await told.says("sam", LATE)
    await told.says("ann", LATE, thread_id=said.thread_id, parent_id=said.external_id)
    await told.hears(replace(told.ours(WORDS, "who knows"), thread_id=said.thread_id))
    assert [wait.ended_at for wait in await waits(told, said)] == [None]


async def test_a_private_message_typed_in_the_app_stays_private(told: Tale) -> None:
    whispered = await told.whispers("sam", "my parcel is late and nobody answers")
    await told.hears(told.ours("Which number, please?", whispered))
    (answer,) = await replies(told, whispered)
    assert (answer.surface, answer.state) == ("private", ReplyState.SENT)


async def test_a_desk_that_has_not_seen_it_is_told(told: Tale) -> None:
    said = await told.says("sam", LATE)
    seen = (await told.ticket_of(said)).sequence  # type: ignore[union-attr]
    await told.hears(told.ours(WORDS, said))
    with pytest.raises(AlreadyAnswered):
        await message(told.bridge, Saying("acme", await told.id_of(said), "Hello", "Kim via desk", "1", seen=seen))


@both
@pytest.mark.parametrize("as_given", [True, False])
async def test_what_a_person_was_to_post_is_done_when_it_appears(told: Tale, as_given: bool) -> None:
    said = await told.says("sam", LATE)
    queued = await message(told.bridge, Saying("acme", await told.id_of(said), WORDS, "Kim via desk", "1"))
    async with told.store.writing() as uow:
        await hand_over(uow, queued, "the window has closed", "window_closed", told.clock.now())
    typed = told.ours(f"@sam {WORDS}" if as_given else "Sorry, Sam: tomorrow!", said)
    await told.hears(typed)
    _, done = await replies(told, said)
    assert (done.id, done.state, done.external_id) == (queued.id, ReplyState.SENT, typed.external_id)
    assert (done.task_done_at, done.task_done_by) == (told.clock.now(), BY)
    assert done.text == (WORDS if as_given else typed.text)
    assert (await told.events(await told.id_of(said)))[-3:] == ["task.opened", "reply.sent", "task.done"]
