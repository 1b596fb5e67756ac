"""What anybody who has run a social helpdesk expects: who is who, one ticket a matter, and what opens it again."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.tale import BILLED, LATE, STILL, Tale
from mentionbridge.domain.errors import NotAllowed
from mentionbridge.domain.mention import Author, MediaLink, Origin, Post
from mentionbridge.domain.ticket import REOPEN_WINDOW, SAME_TOPIC_WINDOW, TicketState
from mentionbridge.domain.verdict import Correction, Label
from mentionbridge.pipeline.change import change
from mentionbridge.pipeline.message import message
from mentionbridge.pipeline.relabel import relabel
from mentionbridge.pipeline.say import Saying
from mentionbridge.pipeline.steer import approve

KIM = "Kim via desk"
A_SECOND = timedelta(seconds=1)
pytestmark = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


async def moves(told: Tale, post: Post, *states: TicketState) -> str:
    """Let a person move the ticket of a post through these states."""
    ticket_id = await told.id_of(post)
    for state in states:
        await change(told.bridge, "acme", ticket_id, {"state": state}, KIM)
    return ticket_id


async def lines(told: Tale, ticket_id: str) -> int:
    query = f"SELECT count(*) FROM entries WHERE ticket_id = '{ticket_id}' AND mention_id IS NOT NULL"
    return int((await told.rows(query))[0][0])


async def tickets(told: Tale) -> int:
    return int((await told.rows("SELECT count(*) FROM tickets"))[0][0])


async def test_a_stranger_is_kept_by_id_and_a_known_one_takes_a_new_name(told: Tale) -> None:
    first = await told.says("sam", LATE)
    renamed = Author("u-sam", "sammy", "Sammy", 4)
    await told.hears(told.post("sam", BILLED, author=renamed))
    people = await told.rows("SELECT external_id, handle FROM authors WHERE external_id = 'u-sam'")
    assert people == [("u-sam", "sammy")]
    assert (await told.ticket(await told.id_of(first))).author_id is not None


async def test_somebody_else_under_a_name_that_became_free_is_another_person(told: Tale) -> None:
    first = await told.says("sam", LATE)
    newcomer = Author("u-other", "sam", "Sam", 1)
    second = await told.says("sam", LATE, author=newcomer)
    assert await told.id_of(first) != await told.id_of(second)
    about = {(await told.ticket(await told.id_of(post))).author_id for post in (first, second)}
    assert len(about) == 2


async def test_a_private_message_opens_one_ticket_however_often_it_is_shown(told: Tale) -> None:
    message = await told.whispers("sam", LATE)
    await told.hears(message)
    await told.hears(message, origin=Origin.HOOK)
    await told.works()
    ticket_id = await told.id_of(message)
    assert (await tickets(told), await lines(told, ticket_id)) == (1, 1)
    assert told.printed == [], "nobody is acknowledged in public for what they said in private"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], TicketState.NEW),
        ([TicketState.OPEN], TicketState.OPEN),
        ([TicketState.OPEN, TicketState.PENDING], TicketState.OPEN),
        ([TicketState.OPEN, TicketState.SOLVED], TicketState.OPEN),
    ],
    ids=["new", "open", "pending", "solved"],
)
async def test_a_further_private_message_joins_and_makes_it_our_turn(
    told: Tale, before: list[TicketState], after: TicketState
) -> None:
    first = await told.whispers("sam", LATE)
    ticket_id = await moves(told, first, *before)
    second = await told.whispers("sam", STILL)
    assert await told.id_of(second) == ticket_id
    assert (await told.ticket(ticket_id)).state is after


async def test_a_private_message_long_after_the_close_opens_a_ticket_that_names_the_earlier(told: Tale) -> None:
    first = await told.whispers("sam", LATE)
    ticket_id = await moves(told, first, TicketState.SOLVED, TicketState.CLOSED)
    told.clock.forward(REOPEN_WINDOW.total_seconds() + 61)
    second = await told.whispers("sam", STILL)
    assert await told.id_of(second) != ticket_id
    assert (await told.ticket(await told.id_of(second))).previous_id == ticket_id


@pytest.mark.parametrize(
    ("after", "joins"), [(timedelta(0), True), (A_SECOND, False)], ids=["at the edge", "a second later"]
)
async def test_the_window_of_a_closed_story_ends_to_the_second(told: Tale, after: timedelta, joins: bool) -> None:
    first = await told.says("sam", LATE)
    ticket_id = await moves(told, first, TicketState.SOLVED, TicketState.CLOSED)
    closed_at = (await told.ticket(ticket_id)).closed_at
    assert closed_at is not None
    told.clock.forward((closed_at + REOPEN_WINDOW + after - told.clock.now()).total_seconds())
    again = await told.says("sam", STILL, thread_id=first.thread_id, parent_id=first.external_id)
    ticket = await told.ticket(await told.id_of(again))
    assert (ticket.id == ticket_id, ticket.previous_id == ticket_id) == (joins, not joins)


@pytest.mark.parametrize(
    ("after", "joins"), [(timedelta(0), True), (A_SECOND, False)], ids=["at the edge", "a second later"]
)
async def test_the_window_of_a_topic_ends_to_the_second(told: Tale, after: timedelta, joins: bool) -> None:
    first = await told.says("sam", LATE)
    told.clock.forward((first.created_at + SAME_TOPIC_WINDOW + after - told.clock.now()).total_seconds())
    again = await told.says("sam", "@acme that parcel has now arrived broken, I want my money back, terrible")
    assert (await told.id_of(again) == await told.id_of(first)) is joins


async def test_two_matters_in_one_page_are_two_tickets(told: Tale) -> None:
    parcel, bill, other = told.post("sam", LATE), told.post("sam", BILLED, id="p-bill"), told.post("ann", LATE)
    await told.hears(parcel, bill, other)
    await told.works()
    assert len({await told.id_of(post) for post in (parcel, bill, other)}) == 3


async def test_the_same_post_by_poll_and_by_webhook_in_one_breath_is_one_of_everything(told: Tale) -> None:
    post = told.post("sam", LATE)
    await told.hears(post, post)
    await told.hears(post, origin=Origin.HOOK)
    await told.works()
    assert (await tickets(told), len(told.printed)) == (1, 1)
    assert len(await told.rows("SELECT id FROM mentions")) == 1


async def test_what_we_say_ourselves_is_no_ticket_in_public_or_in_private(told: Tale) -> None:
    await told.hears(told.post("acme", "Our harbour branch is closed today", author=Author("us", "acme")))
    await told.hears(told.ours("Please send us your number", "dm-nobody"))
    await told.works()
    assert await tickets(told) == 0


async def test_the_places_and_products_a_post_names_are_told_by_their_keys(told: Tale) -> None:
    await told.says("sam", "My kettle from the Harbour shop is broken, the kettle leaks")
    await told.says("ann", LATE)
    rows = await told.rows("SELECT facts FROM events WHERE type = 'mention.classified' ORDER BY id")
    facts = [json.loads(row) if isinstance(row, str) else row for (row,) in rows]
    told_of = sorted(([each.get("places"), each.get("products")] for each in facts), key=str)
    assert told_of == [[None, None], [["harbour"], ["kettle"]]]


async def test_a_third_person_in_the_thread_has_a_ticket_of_their_own(told: Tale) -> None:
    first = await told.says("sam", LATE)
    await told.whispers("sam", "my order is 4711 2233, please look")
    other = await told.says("ann", LATE, thread_id=first.thread_id, parent_id=first.external_id)
    theirs = await told.id_of(other)
    assert theirs != await told.id_of(first)
    assert await lines(told, theirs) == 1, "nothing of the first one's is in it"


async def test_a_repost_is_kept_and_belongs_to_no_story(told: Tale) -> None:
    post = await told.says("ann", LATE, is_repost=True)
    assert await told.ticket_of(post) is None
    assert len(await told.rows("SELECT id FROM mentions")) == 1


async def test_what_was_there_before_we_came_is_silent_and_what_comes_next_is_not(told: Tale) -> None:
    old = await told.says("sam", LATE, created_at=told.clock.now() - timedelta(days=2))
    assert (told.printed, await told.ticket_of(old) is not None) == ([], True)
    await told.says("ann", LATE)
    assert [who for who, _ in told.printed] == ["ann"]


async def test_an_answer_goes_below_the_post_it_was_written_for_although_newer_words_came(told: Tale) -> None:
    first = await told.says("sam", LATE)
    saying = Saying("acme", await told.id_of(first), "We look for it right now.", KIM, "1")
    await message(told.bridge, saying)
    await told.hears(told.post("sam", STILL, thread_id=first.thread_id, parent_id=first.external_id))
    await told.works()
    (*_, last) = told.paper.printed.values()
    assert (last.text, last.target.external_id) == ("We look for it right now.", first.external_id)


async def test_a_person_s_label_outlives_an_edit_and_the_machine_s_does_not(told: Tale) -> None:
    theirs, ours = await told.says("sam", LATE), await told.says("ann", LATE)
    ((mention_id,),) = await told.rows(f"SELECT id FROM mentions WHERE external_id = '{theirs.external_id}'")
    await relabel(told.bridge, "acme", mention_id, Correction(Label.OTHER, KIM))
    thanks = "@acme thank you all, it arrived, everything is great now"
    for post in (theirs, ours):
        await told.hears(replace(post, text=thanks, edit_version="2"))
    await told.works()
    query = (
        "SELECT m.external_id, v.label, v.model FROM verdicts v JOIN mentions m ON m.id = v.mention_id ORDER BY v.id"
    )
    newest = {external: (label, model) for external, label, model in await told.rows(query)}
    assert newest[theirs.external_id][0] == "other"
    assert newest[ours.external_id][0] != "complaint"


async def test_a_photo_without_words_is_kept_and_a_private_one_too(told: Tale) -> None:
    photo = (MediaLink("https://paper.example/photo.jpg", "image"),)
    shown = await told.says("sam", "@acme", media=photo)
    sent = await told.whispers("ann", "", media=photo)
    query = "SELECT m.external_id FROM media p JOIN mentions m ON m.id = p.mention_id"
    assert {post for (post,) in await told.rows(query)} == {shown.external_id, sent.external_id}
    assert await told.ticket_of(sent) is not None


async def test_a_draft_is_let_out_once_however_often_it_is_approved(told: Tale) -> None:
    post = await told.says("sam", LATE)
    await moves(told, post, TicketState.SOLVED)
    ((draft,),) = await told.rows("SELECT id FROM replies WHERE state = 'awaiting_approval'")
    await approve(told.bridge, "acme", draft, KIM)
    await told.works()
    with pytest.raises(NotAllowed, match="is sent waits"):
        await approve(told.bridge, "acme", draft, KIM)
    await told.works()
    assert len(told.printed) == 2, "the acknowledgement, and the answer that was approved"
