"""What django-helpdesk sends and takes, as JSON. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mentionbridge.domain.errors import OddAnswer
from mentionbridge.domain.helpdesk import DeskPerson, Heard, NewLine, NewTicket, TheirLine, TheirTicket
from mentionbridge.domain.mention import Surface
from mentionbridge.helpdesks.talk import a_list, a_number, an_id, an_object
from mentionbridge.rules.mirroring import mark
from mentionbridge.text.html import from_html

_MARK = re.compile(r"(?:^|\n)\[mb:([^\]\s]{1,120})\]\s*$")
_TEMPLATE = re.compile(r"\{(?=[{%#])|%(?=\})|#(?=\d)")
_WORD_JOINER = "\u2060"
_MARKUP = re.compile(r"</?(?:p|br|div|span|b|i|em|strong|a|ul|ol|li)\b[^<>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One line of a ticket, and which ticket it belongs to."""

    id: int
    ticket: str
    user: str | None
    text: str
    marker: str | None
    public: bool
    at: datetime


def defuse(text: str) -> str:
    """Take the meaning from what django-helpdesk would carry out: template tags, and `#12`, which links tickets.

    It renders every comment as a Django template, so a customer's words could read the ticket or break the call.
    """
    return _TEMPLATE.sub(lambda found: found[0] + _WORD_JOINER, text)


def new_ticket(ticket: NewTicket, queue: int, fields: Mapping[str, str], priority: str) -> dict[str, Any]:
    """Write a ticket to make; without a submitter's address nobody is sent mail."""
    own = {f"custom_{name}": ticket.facts[fact] for name, fact in fields.items() if fact in ticket.facts}
    return {
        "queue": queue,
        "title": ticket.title,
        "description": signed(ticket.text, ticket.key),
        "submitter_email": "",
        "priority": int(priority),
        **own,
    }


def signed(text: str, marker: str) -> str:
    """Write a text with its marker as the last line."""
    return f"{defuse(text)}\n\n{mark(marker)}"


def new_line(external_id: str, line: NewLine) -> dict[str, Any]:
    """Write a follow-up. It has no title of its own: a title given here would become the ticket's."""
    return {
        "ticket": int(external_id),
        "comment": signed(line.text, line.marker),
        "public": line.surface is Surface.PUBLIC,
    }


def read_ticket(body: Any, url: str, people: Mapping[str, str]) -> TheirTicket | str:
    """Read a ticket; returns the other's id when it was merged."""
    told = an_object(body, "ticket")
    if told.get("merged_to") is not None:
        return an_id(told["merged_to"], "merged ticket")
    ticket_id, status = an_id(told.get("id"), "ticket id"), an_id(told.get("status"), "status")
    follow_ups = sorted(map(read_follow_up, a_list(told.get("followup_set"), "follow-ups")), key=lambda each: each.id)
    us = next((each.user for each in follow_ups if each.marker), None)
    assigned = told.get("assigned_to")
    assignee = _person(an_id(assigned, "assignee"), people) if assigned is not None else None
    lines = [_line(each, us, people) for each in follow_ups]
    return TheirTicket(ticket_id, status, ticket_url(url, ticket_id), assignee, lines)


def ticket_url(url: str, ticket_id: str) -> str:
    """Where people read a ticket."""
    return f"{url}/tickets/{ticket_id}/"


def _person(user: str, people: Mapping[str, str]) -> DeskPerson:
    return DeskPerson(user, people.get(user, f"user {user}"))


def _line(told: FollowUp, us: str | None, people: Mapping[str, str]) -> TheirLine:
    ours = told.user is not None and told.user == us
    # A follow-up of nobody's came in by mail from outside: it is no answer of the desk's.
    surface = Surface.PUBLIC if told.public and told.user is not None else Surface.INTERNAL
    author = _person(told.user, people) if told.user is not None else None
    return TheirLine(str(told.id), surface, told.text, told.at, author, told.marker if ours else None, ours)


def read_follow_up(item: Any) -> FollowUp:
    """Read one follow-up."""
    told = an_object(item, "follow-up")
    comment, user = told.get("comment"), told.get("user")
    text = comment if isinstance(comment, str) else ""
    found = _MARK.search(text.replace("\r\n", "\n"))
    return FollowUp(
        id=a_number(told.get("id"), "follow-up id"),
        ticket=an_id(told.get("ticket"), "ticket id"),
        user=an_id(user, "user") if user is not None else None,
        text=from_html(text) if _MARKUP.search(text) else text,
        marker=found[1] if found else None,
        public=told.get("public") is True,
        at=read_time(told.get("date")),
    )


def read_time(value: Any) -> datetime:
    """Read a time with its offset."""
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise OddAnswer("wrong_type", "the desk sent a time that is none") from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def read_page(body: Any) -> tuple[int, list[FollowUp]]:
    """Read one page of all follow-ups: how many there are, and those on it."""
    told = an_object(body, "list")
    count = told.get("count")
    if not isinstance(count, int) or isinstance(count, bool):
        raise OddAnswer("wrong_type", "the desk's list has no count")
    return count, [read_follow_up(item) for item in a_list(told.get("results"), "list")]


def read_id(body: Any) -> str:
    """Return the id of what was made."""
    return an_id(an_object(body, "answer").get("id"), "new id")


def read_status(body: Any) -> str:
    """Return the status a ticket has now."""
    return an_id(an_object(body, "ticket").get("status"), "status")


def hear(body: Any) -> Heard:
    """Read the ticket a webhook is about; the rest of it vouches for nothing and is not used."""
    ticket = body.get("ticket") if isinstance(body, dict) else None
    named = ticket.get("id") if isinstance(ticket, dict) else None
    good = isinstance(named, int | str) and not isinstance(named, bool) and str(named).isdecimal()
    return Heard([str(named)]) if good else Heard()


def choices(actions: Mapping[str, Any], field: str) -> set[str] | None:
    """Return what a field may hold as the interface describes itself; None when it does not say."""
    told = actions.get(field)
    listed = told.get("choices") if isinstance(told, dict) else None
    return {str(each.get("value")) for each in listed if isinstance(each, dict)} if isinstance(listed, list) else None
