"""Which story words belong to: one ticket a story, and a new one only when there is none."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from fakes.clock import START
from fakes.stories import a_ticket
from mentionbridge.domain.mention import Surface
from mentionbridge.domain.ticket import Ticket, TicketState
from mentionbridge.rules.stories import Known, Story, Telling, Way, in_same_words, place

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def told(
    topic: str | None = "parcel",
    at: datetime = START + HOUR,
    surface: Surface = Surface.PUBLIC,
    *,
    opens: bool = True,
) -> Telling:
    return Telling(surface, topic, at, opens)


def placed(telling: Telling, in_thread: Ticket | None = None, *others: tuple[Ticket, datetime]) -> Story:
    return place(telling, Known(in_thread, told=others))


def test_the_first_complaint_opens_a_ticket() -> None:
    assert placed(told()) == Story(Way.OPEN, None, "the first we hear of this")


def test_what_is_no_matter_for_a_ticket_opens_none() -> None:
    assert placed(told(opens=False)).way is Way.NONE


@pytest.mark.parametrize("state", [TicketState.NEW, TicketState.OPEN, TicketState.PENDING])
@pytest.mark.parametrize("opens", [True, False])
def test_whatever_the_customer_says_next_in_the_thread_joins(state: TicketState, opens: bool) -> None:
    ticket = a_ticket(state)
    assert placed(told(None, opens=opens), ticket) == Story(Way.JOIN, ticket, "the same person in the same thread")


def test_an_answer_to_a_solved_ticket_reopens_it() -> None:
    assert placed(told(opens=False), a_ticket(TicketState.SOLVED)).way is Way.REOPEN


@pytest.mark.parametrize(
    ("after", "way"),
    [
        (timedelta(0), Way.REOPEN),
        (7 * DAY, Way.REOPEN),
        (7 * DAY + timedelta(seconds=1), Way.OPEN),
        (90 * DAY, Way.OPEN),
    ],
)
def test_a_closed_ticket_is_reopened_within_a_week_and_linked_later(after: timedelta, way: Way) -> None:
    ticket = a_ticket(TicketState.CLOSED, closed_at=START)
    story = placed(told(at=START + after), ticket)
    assert (story.way, story.ticket) == (way, ticket)


@pytest.mark.parametrize(
    ("after", "way"),
    [
        (timedelta(0), Way.JOIN),
        (72 * HOUR, Way.JOIN),
        (-72 * HOUR, Way.JOIN),
        (72 * HOUR + timedelta(seconds=1), Way.OPEN),
        (-72 * HOUR - timedelta(seconds=1), Way.OPEN),
    ],
)
def test_the_same_topic_within_72_hours_joins_whichever_came_first(after: timedelta, way: Way) -> None:
    assert placed(told(at=START + after), None, (a_ticket(), START)).way is way


def test_another_topic_is_another_story() -> None:
    assert placed(told("billing"), None, (a_ticket(), START)).way is Way.OPEN


def test_the_topic_of_a_solved_ticket_reopens_it() -> None:
    assert placed(told(), None, (a_ticket(TicketState.SOLVED), START)).way is Way.REOPEN


def test_the_newest_ticket_of_the_topic_is_taken() -> None:
    newer, older = a_ticket(id="tkt_2"), a_ticket(id="tkt_1")
    assert placed(told(), None, (newer, START), (older, START)).ticket is newer


def test_small_talk_on_the_same_topic_stays_outside() -> None:
    assert placed(told(opens=False), None, (a_ticket(), START)).way is Way.NONE


def test_a_private_message_joins_the_newest_open_story_whatever_its_topic() -> None:
    newer, older = a_ticket(id="tkt_2", topic="billing"), a_ticket(id="tkt_1")
    story = placed(told(surface=Surface.PRIVATE, at=START + 30 * DAY), None, (newer, START), (older, START))
    assert (story.way, story.ticket) == (Way.JOIN, newer)


def test_a_private_message_without_a_story_opens_its_own_ticket() -> None:
    assert placed(told(surface=Surface.PRIVATE)).way is Way.OPEN


def test_a_public_complaint_never_joins_a_ticket_that_began_in_private() -> None:
    assert placed(told(), None, (a_ticket(surface=Surface.PRIVATE), START)).way is Way.OPEN


def test_the_thread_counts_before_the_topic() -> None:
    here, elsewhere = a_ticket(id="tkt_1", topic="billing"), a_ticket(id="tkt_2")
    assert placed(told(), here, (elsewhere, START)).ticket is here


def test_every_way_has_its_reason_in_words() -> None:
    stories = [
        placed(told()),
        placed(told(opens=False)),
        placed(told(), a_ticket()),
        placed(told(), a_ticket(TicketState.SOLVED)),
        placed(told(), None, (a_ticket(), START)),
    ]
    assert len({story.reason for story in stories}) == len(stories)


def test_a_repost_is_nobodys_own_word() -> None:
    assert place(replace(told(), is_repost=True), Known(a_ticket())).way is Way.NONE


@pytest.mark.parametrize("where", ["answered", "quoted", "same_words"])
@pytest.mark.parametrize("opens", [True, False])
def test_words_about_a_story_join_it_wherever_they_are_said(where: str, opens: bool) -> None:
    ticket = a_ticket(topic="billing")
    story = place(told(opens=opens), Known(**{where: ticket}, others_here=True))
    assert (story.way, story.ticket) == (Way.JOIN, ticket)
    solved = place(told(opens=opens), Known(**{where: replace(ticket, state=TicketState.SOLVED)}))
    assert (solved.way, solved.reason) == (Way.REOPEN, f"{story.reason}, after it was solved")


def test_a_stale_thread_gives_way_to_a_living_story_and_is_linked_by_a_new_one() -> None:
    stale = a_ticket(TicketState.CLOSED, id="tkt_old", closed_at=START - 8 * DAY)
    living = a_ticket(id="tkt_2")
    assert place(told(), Known(stale, told=((living, START),))).ticket is living
    assert place(told(), Known(stale, answered=living)).ticket is living
    alone = place(told(opens=False), Known(stale))
    assert (alone.way, alone.ticket) == (Way.OPEN, stale)
    assert place(told(), Known(answered=stale)).ticket is stale


def test_a_private_message_after_the_ticket_was_closed_a_moment_ago_reopens_it() -> None:
    closed = a_ticket(TicketState.CLOSED, id="tkt_2", closed_at=START)
    living = a_ticket(id="tkt_1", topic="billing")
    private = told(surface=Surface.PRIVATE)
    assert placed(private, None, (closed, START)).way is Way.REOPEN
    assert placed(private, None, (closed, START), (living, START)).ticket is living


def test_the_same_words_do_not_carry_a_private_story_into_the_open() -> None:
    private = a_ticket(surface=Surface.PRIVATE)
    assert place(told(), Known(same_words=private)).way is Way.OPEN
    assert place(told(surface=Surface.PRIVATE), Known(same_words=private)).way is Way.JOIN


def test_another_person_in_the_thread_begins_a_story_of_their_own() -> None:
    story = place(told(), Known(others_here=True))
    assert (story.way, story.ticket) == (Way.OPEN, None)
    assert "another person" in story.reason
    assert place(told(opens=False), Known(others_here=True)).way is Way.NONE


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("@acme_help my PARCEL is three days late!", True),
        ("my parcel is three days late https://acme.example/x", True),
        ("@acme my parcel is four days late", False),
        ("@acme my parcel", False),
        ("", False),
    ],
)
def test_the_same_words_are_the_same_whomever_they_address(text: str, same: bool) -> None:
    ticket = a_ticket()
    assert in_same_words(text, [(ticket, "@acme my parcel is three days late")]) == (ticket if same else None)


def test_two_words_said_twice_are_no_cross_post() -> None:
    assert in_same_words("thank you", [(a_ticket(), "Thank you!")]) is None
