"""Which story words belong to: one ticket a story, and a new one only when there is none."""

from datetime import datetime, timedelta

import pytest

from fakes.clock import START
from mentionbridge.domain.mention import Surface
from mentionbridge.domain.ticket import Priority, Ticket, TicketState
from mentionbridge.rules.stories import Story, Telling, Way, place

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def a_ticket(state: TicketState = TicketState.NEW, *, topic: str | None = "parcel", **facts: object) -> Ticket:
    known = {
        "brand_id": "acme",
        "id": "tkt_1",
        "account_id": "acme",
        "platform": "demo",
        "author_id": "ath_1",
        "thread_id": "p-1",
        "state": state,
        "priority": Priority.NORMAL,
        "topic": topic,
        "surface": Surface.PUBLIC,
        "opened_because": "a complaint",
        "occurred_at": START,
        "received_at": START,
        "updated_at": START,
        "sequence": 1,
    }
    return Ticket(**{**known, **facts})  # type: ignore[arg-type]


def told(
    topic: str | None = "parcel",
    at: datetime = START + HOUR,
    surface: Surface = Surface.PUBLIC,
    *,
    opens: bool = True,
) -> Telling:
    return Telling("p-9", surface, topic, at, opens)


def placed(telling: Telling, in_thread: Ticket | None = None, *others: tuple[Ticket, datetime]) -> Story:
    return place(telling, in_thread, others)


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
