"""Request Tracker as a helpdesk: moves bytes; what they mean is in `wire`."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from mentionbridge.domain.errors import DeskRefused, LoginNeeded, OddAnswer
from mentionbridge.domain.helpdesk import (
    Changed,
    DeskCapabilities,
    DeskFinding,
    DeskPerson,
    Made,
    NewLine,
    NewTicket,
    StatusWords,
    TheirLine,
    TheirTicket,
    TicketGone,
)
from mentionbridge.domain.mention import Surface
from mentionbridge.helpdesks.rt import wire
from mentionbridge.helpdesks.rt.options import RtOptions
from mentionbridge.helpdesks.talk import MOST_PAGES, Talk
from mentionbridge.helpdesks.window import Window
from mentionbridge.ports.platform import SendGate

REST = "/REST/2.0"
PAGE = 100
OVERLAP = 50
"""Transactions looked at again: RT gives an id before it commits, so a lower one may show up after a higher one."""


class RtDesk:
    """One queue of one Request Tracker."""

    def __init__(self, talk: Talk, options: RtOptions, capabilities: DeskCapabilities) -> None:
        self._talk = talk
        self._options = options
        self._can = capabilities
        self._us: str | None = None
        self._people: dict[str, tuple[DeskPerson, bool]] = {}
        self._has_key = False
        self._asking = asyncio.Lock()

    @property
    def capabilities(self) -> DeskCapabilities:
        return self._can

    @property
    def words(self) -> StatusWords:
        return self._options.words

    def preview(self, ticket: NewTicket) -> Mapping[str, Any]:
        options = self._options
        fields = {**options.fields, options.key_field: "key"}
        return wire.new_ticket(ticket, options.queue, fields, options.priorities.get(ticket.priority))

    async def check(self) -> Sequence[DeskFinding]:
        try:
            _, about = await self._talk.read(f"{REST}/rt")
        except LoginNeeded as error:
            return [DeskFinding("credentials", False, str(error))]
        version = about.get("Version") if isinstance(about, dict) else None
        found = [DeskFinding("credentials", True, f"Signed in to Request Tracker {version}.")]
        return [*found, *await self._check_queue()]

    async def _check_queue(self) -> list[DeskFinding]:
        options = self._options
        status, queue = await self._talk.read(f"{REST}/queue/{quote(options.queue, safe='')}", fine=(403, 404))
        if status != 200:
            step = "check its name, and give the bridge's user SeeQueue, CreateTicket and ShowTicket there"
            return [DeskFinding("queue", False, f"There is no queue {options.queue!r} for us; {step}.")]
        found = [DeskFinding("queue", True, f"The queue {options.queue} is there.")]
        missing = sorted({options.key_field, *options.fields} - wire.field_names(queue))
        for name in missing:
            step = "make it (type: enter one value), apply it to the queue, grant SeeCustomField and ModifyCustomField"
            found.append(DeskFinding("field", False, f"The queue has no custom field {name!r}; {step}."))
        if not missing:
            found.append(DeskFinding("field", True, f"The key is kept in {options.key_field}."))
        return [*found, *await self._check_statuses()]

    async def _check_statuses(self) -> list[DeskFinding]:
        # An unknown status matches nothing and is no error, so the lifecycle itself cannot be asked for.
        told = ", ".join(f"{state} → {status}" for state, status in self._options.words.theirs.items())
        return [DeskFinding("states", True, f"{told}; each is read back when it is set.")]

    async def find(self, ticket: NewTicket) -> Made | None:
        await self._require_key_field()
        options = self._options
        query = f"Queue = {wire.quoted(options.queue)} AND 'CF.{{{options.key_field}}}' = {wire.quoted(ticket.key)}"
        asked = {"query": query, "fields": "Status", "orderby": "id", "order": "ASC", "per_page": 1}
        _, body = await self._talk.read(f"{REST}/tickets", params=asked)
        first = wire.first_item(body)
        return self._made(wire.read_id(first)) if first is not None else None

    async def _require_key_field(self) -> None:
        """RT takes a field it does not know without a word; a ticket made so could never be found again."""
        if self._has_key:
            return
        options = self._options
        _, queue = await self._talk.read(f"{REST}/queue/{quote(options.queue, safe='')}")
        if options.key_field not in wire.field_names(queue):
            raise DeskRefused(
                "no_key_field",
                f"The queue {options.queue} has no custom field {options.key_field!r}; make it there, "
                "or name another as `key_field`.",
            )
        self._has_key = True

    async def create(self, ticket: NewTicket, gate: SendGate) -> Made:
        _, body = await self._talk.write("POST", f"{REST}/ticket", self.preview(ticket), gate)
        return self._made(wire.read_id(body))

    def _made(self, ticket_id: str) -> Made:
        return Made(ticket_id, wire.ticket_url(self._options.url, ticket_id))

    async def read(self, external_id: str, *, known: Collection[str] = ()) -> TheirTicket | TicketGone:
        status, body = await self._talk.read(f"{REST}/ticket/{external_id}", fine=(404,))
        if status == 404:
            return TicketGone("it is not there, or hidden from us")
        found = wire.read_ticket(body, self._options.url)
        if isinstance(found, TicketGone):
            return found
        lines = [await self._line(each, known) async for each in self._history(found.id) if each.type in wire.SAID]
        assignee = await self._named(found.assignee)
        return TheirTicket(found.id, found.status, found.url, assignee, lines)

    async def _history(self, ticket_id: str) -> AsyncIterator[wire.Transaction]:
        for page in range(1, MOST_PAGES + 1):
            asked = {"fields": wire.TRANSACTION_FIELDS, "orderby": "id", "order": "ASC", "per_page": PAGE, "page": page}
            _, body = await self._talk.read(f"{REST}/ticket/{ticket_id}/history", params=asked)
            transactions = wire.read_history(body)
            for each in transactions:
                yield each
            if len(transactions) < PAGE:
                return
        raise OddAnswer("endless", f"the desk lists more than {MOST_PAGES} pages of history for ticket {ticket_id}")

    async def _line(self, told: wire.Transaction, known: Collection[str]) -> TheirLine:
        ours = told.creator == await self._ourselves()
        if ours or told.id in known:
            return TheirLine(
                told.id, Surface.INTERNAL, "", told.created, marker=told.marker if ours else None, ours=ours
            )
        person, works_here = await self._person(told.creator)
        asked = {"fields": "ContentType,Content,Filename", "per_page": PAGE}
        _, body = await self._talk.read(f"{REST}/transaction/{told.id}/attachments", params=asked)
        # What came in by mail from outside is no answer of the desk's.
        surface = wire.SAID[told.type] if works_here else Surface.INTERNAL
        return TheirLine(told.id, surface, wire.read_words(body), told.created, author=person)

    async def _named(self, person: DeskPerson | None) -> DeskPerson | None:
        return (await self._person(person.id))[0] if person is not None else None

    async def _person(self, name: str) -> tuple[DeskPerson, bool]:
        """Return who that is, and whether they work at the desk."""
        if name not in self._people:
            status, body = await self._talk.read(f"{REST}/user/{quote(name, safe='')}", fine=(403, 404))
            told = body if status == 200 and isinstance(body, dict) else {}
            shown = self._options.people.get(name) or str(told.get("RealName") or "")
            self._people[name] = DeskPerson(name, shown), told.get("Privileged") in (1, "1", True)
        return self._people[name]

    async def _ourselves(self) -> str | None:
        """Return our own user's name there; until we have made a ticket nothing can be ours."""
        async with self._asking:
            if self._us is None:
                asked = {"query": "Creator = '__CurrentUser__'", "fields": "Creator", "per_page": 1}
                _, body = await self._talk.read(f"{REST}/tickets", params=asked)
                creator = (wire.first_item(body) or {}).get("Creator")
                self._us = str(creator.get("id")) if isinstance(creator, dict) else None
            return self._us

    async def append(self, external_id: str, line: NewLine, gate: SendGate) -> str:
        answer = await self._talk.send("POST", f"{REST}/ticket/{external_id}/comment", wire.new_line(line), gate)
        return wire.transaction_of(answer.headers.get("location", ""))

    async def replace(self, external_id: str, line_id: str, line: NewLine, gate: SendGate) -> None:
        raise DeskRefused("no_edits", "Request Tracker does not change what was written.")

    async def set_status(self, external_id: str, status: str, gate: SendGate) -> None:
        _, said = await self._talk.write("PUT", f"{REST}/ticket/{external_id}", {"Status": status}, gate)
        _, body = await self._talk.read(f"{REST}/ticket/{external_id}")
        found = wire.read_ticket(body, self._options.url)
        if not isinstance(found, TheirTicket) or found.status != status:
            why = "; ".join(map(str, said))[:200] if isinstance(said, list) else "it does not say why"
            raise DeskRefused("status_refused", f"The desk did not set the status {status!r}: {why}")

    async def changes(self, cursor: str | None) -> AsyncIterator[Changed]:
        if cursor is None:
            yield Changed([], await self._newest())
            return
        now = before = Window.parse(cursor, OVERLAP)
        us = await self._ourselves()
        # What is left beyond is for the next walk, which begins where this one ends.
        for page in range(1, MOST_PAGES + 1):
            body = await self._transactions(before.start, page)
            found = wire.read_changes(body)
            now = now.after([each.id for each in found])
            others = [each.ticket for each in found if before.is_new(each.id) and each.creator != us]
            yield Changed(list(dict.fromkeys(others)), str(now))
            if len(found) < PAGE:
                return

    async def _transactions(self, after: int, page: int) -> Any:
        asked = [
            {"field": "id", "operator": ">", "value": after},
            {"field": "ObjectType", "value": "RT::Ticket"},
        ]
        how = {"fields": "ObjectId,Creator", "orderby": "id", "order": "ASC", "per_page": PAGE, "page": page}
        _, body = await self._talk.read(f"{REST}/transactions", method="POST", params=how, json=asked)
        return body

    async def _newest(self) -> str:
        asked = [{"field": "ObjectType", "value": "RT::Ticket"}]
        how = {"orderby": "id", "order": "DESC", "per_page": 1}
        _, body = await self._talk.read(f"{REST}/transactions", method="POST", params=how, json=asked)
        first = wire.first_item(body)
        newest = int(wire.read_id(first)) if first is not None else 0
        # What is being stored at this moment under lower ids belongs to the past.
        return str(Window(newest, frozenset(range(max(newest - OVERLAP, 0) + 1, newest + 1)), OVERLAP))

    async def aclose(self) -> None:
        await self._talk.http.aclose()
