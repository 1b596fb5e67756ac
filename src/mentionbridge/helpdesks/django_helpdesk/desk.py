"""django-helpdesk as a helpdesk: moves bytes; what they mean is in `wire`."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from mentionbridge.domain.errors import DeskRefused, LoginNeeded, OddAnswer
from mentionbridge.domain.helpdesk import (
    Changed,
    DeskCapabilities,
    DeskFinding,
    Made,
    NewLine,
    NewTicket,
    StatusWords,
    TheirTicket,
    TicketGone,
)
from mentionbridge.helpdesks.django_helpdesk import wire
from mentionbridge.helpdesks.django_helpdesk.options import DjangoHelpdeskOptions
from mentionbridge.helpdesks.talk import MOST_PAGES, Talk, an_object
from mentionbridge.helpdesks.window import Window
from mentionbridge.ports.platform import SendGate

TICKETS = "/api/tickets/"
FOLLOW_UPS = "/api/followups/"
PAGE = 100
OVERLAP = 20
"""Follow-ups looked at again: one that began earlier may be stored later."""

CLOCKS_DIFFER = timedelta(hours=1)
MERGES_IN_A_ROW = 10


class DjangoHelpdesk:
    """One queue of one django-helpdesk."""

    def __init__(self, talk: Talk, options: DjangoHelpdeskOptions, capabilities: DeskCapabilities) -> None:
        self._talk = talk
        self._options = options
        self._can = capabilities

    @property
    def capabilities(self) -> DeskCapabilities:
        return self._can

    @property
    def words(self) -> StatusWords:
        return self._options.words

    def preview(self, ticket: NewTicket) -> Mapping[str, Any]:
        options = self._options
        return wire.new_ticket(ticket, options.queue, options.fields, options.priorities[ticket.priority])

    async def check(self) -> Sequence[DeskFinding]:
        try:
            status, body = await self._talk.read(TICKETS, method="OPTIONS", fine=(403, 404))
        except LoginNeeded as error:
            return [DeskFinding("credentials", False, str(error))]
        if status == 404:
            step = "set HELPDESK_ACTIVATE_API_ENDPOINT there, and let url lead to where helpdesk.urls is included"
            return [
                DeskFinding("credentials", False, f"There is no interface at {self._options.url}{TICKETS}; {step}.")
            ]
        if status == 403:
            return [DeskFinding("credentials", False, "Our user may not use the interface; make it staff there.")]
        offered = an_object(an_object(body, "description").get("actions") or {}, "actions").get("POST") or {}
        found = [DeskFinding("credentials", True, "Signed in."), await self._check_queue()]
        return [*found, *self._check_fields(offered), self._check_choices(offered)]

    async def _check_queue(self) -> DeskFinding:
        # Only the number of a queue can be asked for, and only by a ticket that cannot be made for want of a title.
        _, said = await self._talk.read(TICKETS, method="POST", json={"queue": self._options.queue}, fine=(400,))
        if isinstance(said, dict) and "queue" in said:
            step = "look its number up in the admin, and let our user see it"
            return DeskFinding("queue", False, f"There is no queue {self._options.queue} for us; {step}.")
        return DeskFinding("queue", True, f"The queue {self._options.queue} is there.")

    def _check_fields(self, offered: Mapping[str, Any]) -> Iterable[DeskFinding]:
        for name in self._options.fields:
            if f"custom_{name}" not in offered:
                yield DeskFinding("field", False, f"There is no custom field {name!r}; make it in the admin.")
            else:
                yield DeskFinding("field", True, f"The custom field {name} is there.")

    def _check_choices(self, offered: Mapping[str, Any]) -> DeskFinding:
        for field, told in (("status", self.words.theirs.values()), ("priority", self._options.priorities.values())):
            known = wire.choices(offered, field)
            if known is not None and (unknown := sorted(set(told) - known)):
                sentence = f"There is no {field} {unknown[0]}; it has {', '.join(sorted(known))}."
                return DeskFinding("states", False, f"{sentence} Change the mapping.")
        return DeskFinding("states", True, "Every status and priority of the mapping is there.")

    async def find(self, ticket: NewTicket) -> Made | None:
        """Walk the follow-ups back to when our ticket began; the list of tickets cannot be filtered by a field."""
        since = ticket.since - CLOCKS_DIFFER
        async for each in self._newest_first(lambda oldest: oldest.at < since):
            if each.marker == ticket.key:
                return self._made(each.ticket)
        return None

    async def _newest_first(self, enough: Any) -> AsyncIterator[wire.FollowUp]:
        """Walk all follow-ups page by page from the last, until one satisfies `enough`."""
        count, _ = wire.read_page((await self._page(1))[1])
        last = max(1, -(-count // PAGE))
        for page in range(last, max(0, last - MOST_PAGES), -1):
            status, body = await self._page(page)
            # Pages end earlier when follow-ups are deleted meanwhile.
            found = wire.read_page(body)[1] if status == 200 else []
            for each in sorted(found, key=lambda one: one.id, reverse=True):
                yield each
            if found and any(enough(each) for each in found):
                return
        if last > MOST_PAGES:
            raise OddAnswer("endless", f"the desk lists more than {MOST_PAGES} pages of follow-ups since then")

    async def _page(self, page: int) -> tuple[int, Any]:
        return await self._talk.read(
            FOLLOW_UPS, params={"page_size": PAGE, "page": page}, fine=(404,) if page > 1 else ()
        )

    async def create(self, ticket: NewTicket, gate: SendGate) -> Made:
        _, body = await self._talk.write("POST", TICKETS, self.preview(ticket), gate)
        return self._made(wire.read_id(body))

    def _made(self, ticket_id: str) -> Made:
        return Made(ticket_id, wire.ticket_url(self._options.url, ticket_id))

    async def read(self, external_id: str, *, known: Collection[str] = ()) -> TheirTicket | TicketGone:
        for _ in range(MERGES_IN_A_ROW):
            status, body = await self._talk.read(f"{TICKETS}{external_id}/", fine=(404,))
            if status == 404:
                return TicketGone("it was deleted, or is hidden from us")
            found = wire.read_ticket(body, self._options.url, self._options.people)
            if isinstance(found, TheirTicket):
                return found
            external_id = found
        raise OddAnswer("merged_in_a_circle", f"the desk's ticket {external_id} was merged in a circle")

    async def append(self, external_id: str, line: NewLine, gate: SendGate) -> str:
        _, body = await self._talk.write("POST", FOLLOW_UPS, wire.new_line(external_id, line), gate)
        return wire.read_id(body)

    async def replace(self, external_id: str, line_id: str, line: NewLine, gate: SendGate) -> None:
        words = {"comment": wire.signed(line.text, line.marker)}
        await self._talk.write("PATCH", f"{FOLLOW_UPS}{line_id}/", words, gate, fine=(404,))

    async def set_status(self, external_id: str, status: str, gate: SendGate) -> None:
        _, body = await self._talk.write("PATCH", f"{TICKETS}{external_id}/", {"status": int(status)}, gate)
        if wire.read_status(body) != status:
            raise DeskRefused("status_refused", f"The desk did not set the status {status}.")

    async def changes(self, cursor: str | None) -> AsyncIterator[Changed]:
        before = Window.parse(cursor, OVERLAP) if cursor is not None else None
        found = [each async for each in self._newest_first(lambda old: before is None or old.id <= before.start)]
        now = (before or Window(0, frozenset(), OVERLAP)).after([each.id for each in found])
        others = [each.ticket for each in found if before and before.is_new(each.id) and each.marker is None]
        yield Changed(list(dict.fromkeys(others)), str(now))

    async def aclose(self) -> None:
        await self._talk.http.aclose()
