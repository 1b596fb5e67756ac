"""Which story do these words belong to? Pure: facts in, a way to join and its reason out.

In this order: the person's ticket in this thread, the story of the post they answer, the story of the post they quote,
the same words elsewhere, a private message to the newest story, the same topic within 72 hours, a story of its own.
A ticket closed longer than 7 days ago is joined by nothing; what answers it opens a new one that links it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mentionbridge.domain.mention import Surface
from mentionbridge.domain.ticket import REOPEN_WINDOW, SAME_TOPIC_WINDOW, Ticket, TicketState
from mentionbridge.text.words import own_words

FEWEST_WORDS = 4
"""Shorter texts are said twice by chance."""


class Way(StrEnum):
    """How a mention meets its ticket."""

    JOIN = "join"
    REOPEN = "reopen"
    OPEN = "open"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Telling:
    """One mention as far as stories care: where, about what, when, and whether it may open a ticket."""

    surface: Surface
    topic: str | None
    occurred_at: datetime
    opens_ticket: bool
    is_repost: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """This person's stories that a mention may belong to, and whether others tell theirs in the same thread.

    `answered` and `quoted` are the stories of posts the mention answers and quotes, as far as those are this person's
    own or our answers to them. `told` are the tickets not closed long ago, newest first, with when something was last
    said.
    """

    in_thread: Ticket | None = None
    answered: Ticket | None = None
    quoted: Ticket | None = None
    same_words: Ticket | None = None
    told: Sequence[tuple[Ticket, datetime]] = ()
    others_here: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """What to do, with which ticket (or which earlier one to link), and why in words a person can read."""

    way: Way
    ticket: Ticket | None
    reason: str


def place(telling: Telling, known: Known) -> Story:
    """Find the story of a mention."""
    if telling.is_repost:
        return Story(Way.NONE, None, "a repost is not this person's own word")
    joined = (_join(telling, ticket, why) for ticket, why in _near(telling, known))
    return next((story for story in joined if story is not None), None) or _begin(telling, known)


def _near(telling: Telling, known: Known) -> Iterator[tuple[Ticket, str]]:
    if known.in_thread is not None:
        yield known.in_thread, "the same person in the same thread"
    if known.answered is not None:
        yield known.answered, "an answer to what was said in this story"
    if known.quoted is not None:
        yield known.quoted, "this person quotes what was said in this story"
    if known.same_words is not None and not _would_show(telling, known.same_words):
        yield known.same_words, "the same person with the same words elsewhere"
    if telling.surface is Surface.PRIVATE:
        yield from ((ticket, "a private message of the same person") for ticket, _ in _open_first(known.told))
    if telling.opens_ticket:
        yield from ((ticket, "the same person on the same topic within 72 hours") for ticket in _same(telling, known))


def _would_show(telling: Telling, ticket: Ticket) -> bool:
    return telling.surface is Surface.PUBLIC and ticket.surface is not Surface.PUBLIC


def _open_first(told: Sequence[tuple[Ticket, datetime]]) -> list[tuple[Ticket, datetime]]:
    return sorted(told, key=lambda each: each[0].state is TicketState.CLOSED)


def _same(telling: Telling, known: Known) -> Iterator[Ticket]:
    for ticket, last_said_at in known.told:
        near = abs(telling.occurred_at - last_said_at) <= SAME_TOPIC_WINDOW
        if near and ticket.topic == telling.topic and ticket.surface is telling.surface:
            yield ticket


def _join(telling: Telling, ticket: Ticket, why: str) -> Story | None:
    if ticket.closed_at is not None:
        if telling.occurred_at - ticket.closed_at > REOPEN_WINDOW:
            return None
        return Story(Way.REOPEN, ticket, f"{why}, soon after it was closed")
    if ticket.state is TicketState.SOLVED:
        return Story(Way.REOPEN, ticket, f"{why}, after it was solved")
    return Story(Way.JOIN, ticket, why)


def _begin(telling: Telling, known: Known) -> Story:
    earlier = known.in_thread or known.answered or known.quoted
    if earlier is not None:
        return Story(Way.OPEN, earlier, "an answer to a story that was closed more than a week ago")
    if not telling.opens_ticket:
        return Story(Way.NONE, None, "not a matter for a ticket")
    if known.others_here:
        return Story(Way.OPEN, None, "another person in the thread of somebody else's story")
    return Story(Way.OPEN, None, "the first we hear of this")


def in_same_words(text: str, earlier: Sequence[tuple[Ticket, str]]) -> Ticket | None:
    """Return the ticket in which this person said the same words, whomever they addressed; None for a few words."""
    said = own_words(text)
    if len(said) < FEWEST_WORDS:
        return None
    return next((ticket for ticket, told in earlier if own_words(told) == said), None)
