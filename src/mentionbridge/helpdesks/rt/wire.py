"""What Request Tracker sends and takes, as JSON. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mentionbridge.domain.errors import OddAnswer
from mentionbridge.domain.helpdesk import DeskPerson, Heard, NewLine, NewTicket, TheirTicket, TicketGone
from mentionbridge.domain.mention import Surface
from mentionbridge.helpdesks.talk import a_list, a_number, an_id, an_object
from mentionbridge.rules.mirroring import mark
from mentionbridge.text.html import from_html

NOBODY = "Nobody"
SAID = {"Correspond": Surface.PUBLIC, "Comment": Surface.INTERNAL}
TRANSACTION_FIELDS = "Type,Creator,Created,Data"
_MARK = re.compile(r"\[mb:([^\]\s]{1,120})\]\s*$")
_NOT_A_SUBJECT = re.compile(r"[\r\n]+")


@dataclass(frozen=True, slots=True)
class Transaction:
    """One line of a ticket's history, its words not yet read."""

    id: str
    type: str
    creator: str
    created: datetime
    marker: str | None


def new_ticket(ticket: NewTicket, queue: str, fields: Mapping[str, str], priority: str | None) -> dict[str, Any]:
    """Write a ticket to make. No requestor is named: RT would send them mail."""
    body: dict[str, Any] = {
        "Queue": queue,
        "Subject": _subject(ticket.title),
        "Content": ticket.text,
        "ContentType": "text/plain",
        "CustomFields": {name: ticket.facts[fact] for name, fact in fields.items() if fact in ticket.facts},
    }
    return body | ({"Priority": priority} if priority else {})


def new_line(line: NewLine) -> dict[str, Any]:
    """Write a comment; its subject carries the marker, so that a history tells it without its words.

    Everything of ours is a comment: a correspondence would go out by mail and open the ticket.
    """
    return {"Subject": f"{_subject(line.title)} {mark(line.marker)}", "Content": line.text, "ContentType": "text/plain"}


def _subject(text: str) -> str:
    return _NOT_A_SUBJECT.sub(" ", text)[:200]


def read_ticket(body: Any, url: str) -> TheirTicket | TicketGone:
    """Read a ticket; one that was merged comes under the id of the other."""
    told = an_object(body, "ticket")
    ticket_id, status = an_id(told.get("id"), "ticket id"), told.get("Status")
    if not isinstance(status, str) or not status:
        raise OddAnswer("wrong_type", "the desk's ticket has no status")
    if status == "deleted":
        return TicketGone("it was deleted")
    return TheirTicket(ticket_id, status, ticket_url(url, ticket_id), _person(told.get("Owner")))


def ticket_url(url: str, ticket_id: str) -> str:
    """Where people read a ticket."""
    return f"{url}/Ticket/Display.html?id={ticket_id}"


def _person(value: Any) -> DeskPerson | None:
    name = value.get("id") if isinstance(value, dict) else None
    return DeskPerson(name) if isinstance(name, str) and name and name != NOBODY else None


def read_history(body: Any) -> list[Transaction]:
    """Read one page of a history."""
    return [_transaction(item) for item in a_list(an_object(body, "history").get("items"), "history")]


def _transaction(item: Any) -> Transaction:
    told = an_object(item, "transaction")
    subject = told.get("Data")
    found = _MARK.search(subject) if isinstance(subject, str) else None
    return Transaction(
        id=an_id(told.get("id"), "transaction id"),
        type=str(told.get("Type") or ""),
        creator=_creator(told),
        created=read_time(told.get("Created")),
        marker=found[1] if found else None,
    )


def read_time(value: Any) -> datetime:
    """Read a time; RT writes UTC."""
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise OddAnswer("wrong_type", "the desk sent a time that is none") from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def read_words(body: Any) -> str:
    """Return the words of a transaction out of its attachments: plain text before HTML, never a file."""
    items = [
        an_object(item, "attachment") for item in a_list(an_object(body, "attachments").get("items"), "attachments")
    ]
    said = [(each.get("ContentType"), each.get("Content")) for each in items if not each.get("Filename")]
    words = [(kind, text) for kind, text in said if isinstance(text, str) and text.strip()]
    plain = next((text for kind, text in words if kind == "text/plain"), None)
    if plain is not None:
        return plain
    return next((from_html(text) for kind, text in words if kind == "text/html"), "")


@dataclass(frozen=True, slots=True)
class Change:
    """A transaction, the ticket it changed, and by whom."""

    id: int
    ticket: str
    creator: str


def read_changes(body: Any) -> list[Change]:
    """Read one page of all transactions."""
    items = [an_object(item, "transaction") for item in a_list(an_object(body, "list").get("items"), "list")]
    return [
        Change(
            id=a_number(item.get("id"), "transaction id"),
            ticket=an_id(item.get("ObjectId"), "ticket id"),
            creator=_creator(item),
        )
        for item in items
    ]


def _creator(item: Mapping[str, Any]) -> str:
    creator = item.get("Creator")
    return str(creator.get("id") or "") if isinstance(creator, dict) else ""


def read_id(body: Any) -> str:
    """Return the id of what was made."""
    return an_id(an_object(body, "answer").get("id"), "new id")


def transaction_of(location: str) -> str:
    """Return the transaction a line became, from its address."""
    found = re.search(r"/transaction/(\d+)$", location)
    if not found:
        raise OddAnswer("wrong_type", "the desk did not say which transaction the line became")
    return found[1]


def field_names(body: Any) -> set[str]:
    """Return the names of a queue's custom fields."""
    fields: Sequence[Any] = a_list(an_object(body, "queue").get("TicketCustomFields") or [], "custom fields")
    return {str(field.get("name")) for field in fields if isinstance(field, dict)}


def first_item(body: Any) -> dict[str, Any] | None:
    """Return the first of a list of things."""
    items = a_list(an_object(body, "list").get("items"), "list")
    return an_object(items[0], "item") if items else None


def hear(body: Any) -> Heard:
    """Read the ticket our scrip names; whatever else comes only tells that something changed."""
    ticket = body.get("ticket") if isinstance(body, dict) else None
    named = ticket.get("id") if isinstance(ticket, dict) else ticket
    good = isinstance(named, int | str) and not isinstance(named, bool) and str(named).isdecimal()
    return Heard([str(named)]) if good else Heard()


def quoted(text: str) -> str:
    """Write a text the way a query takes it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
