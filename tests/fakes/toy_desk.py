"""A helpdesk in memory with people in it, and a bridge that mirrors into it; the desk fails when it is told to."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fakes.chaos_driver import PAST_LEASES, Life, live
from fakes.chaos_kills import Fuse, Killed
from fakes.chaos_outside import Outside
from fakes.clock import HandClock
from mentionbridge.domain.errors import DeskRefused, NoAnswer
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
from mentionbridge.domain.ticket import TicketState
from mentionbridge.pipeline.bridge import LinkedDesk

KIM = DeskPerson("kim", "Kim")
US = DeskPerson("bridge", "bridge")
WORDS = StatusWords(
    theirs={
        TicketState.NEW: "new",
        TicketState.OPEN: "open",
        TicketState.PENDING: "waiting",
        TicketState.SOLVED: "done",
        TicketState.CLOSED: "done",
    },
    ours={"open": TicketState.OPEN, "waiting": TicketState.PENDING, "done": TicketState.SOLVED},
)


@dataclass
class Case:
    """A ticket at the toy desk."""

    id: str
    key: str
    title: str
    status: str = "new"
    into: str | None = None
    gone: bool = False
    lines: list[TheirLine] = field(default_factory=list)

    @property
    def of_ours(self) -> list[TheirLine]:
        return [line for line in self.lines if line.ours]

    @property
    def markers(self) -> list[str | None]:
        return [line.marker for line in self.of_ours]


@dataclass
class ToyDesk:
    """A `ports.helpdesk.Helpdesk`. `before` and `after` run around every call that changes something.

    What `before` raises keeps it from happening; what `after` raises comes when it has happened.
    """

    clock: HandClock
    fuse: Fuse = field(default_factory=Fuse)
    edits: bool = False
    cases: dict[str, Case] = field(default_factory=dict)
    log: list[tuple[int, str]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    before: Callable[[str], None] = lambda what: None
    after: Callable[[str], None] = lambda what: None
    down: Exception | None = None
    number: int = 0

    @property
    def capabilities(self) -> DeskCapabilities:
        return DeskCapabilities(edits=self.edits)

    @property
    def words(self) -> StatusWords:
        return WORDS

    async def check(self) -> Sequence[DeskFinding]:
        return [DeskFinding("credentials", True, "Signed in.")]

    def preview(self, ticket: NewTicket) -> Mapping[str, Any]:
        return {"title": ticket.title, "text": ticket.text}

    async def find(self, ticket: NewTicket) -> Made | None:
        self._enter("find")
        found = next((case for case in self.cases.values() if case.key == ticket.key), None)
        return Made(found.id, f"https://desk.example/{found.id}") if found else None

    async def create(self, ticket: NewTicket, gate: Any) -> Made:
        self._enter("create", gate)
        case = Case(f"D-{len(self.cases) + 1}", ticket.key, ticket.title)
        self.cases[case.id] = case
        self._leave("create")
        return Made(case.id, f"https://desk.example/{case.id}")

    async def read(self, external_id: str, *, known: Collection[str] = ()) -> TheirTicket | TicketGone:
        self._enter("read")
        case = self._case(external_id)
        if case.gone:
            return TicketGone("it was deleted")
        return TheirTicket(case.id, case.status, f"https://desk.example/{case.id}", lines=list(case.lines))

    async def append(self, external_id: str, line: NewLine, gate: Any) -> str:
        self._enter("append", gate)
        made = self._write(external_id, line.text, line.surface, US, marker=line.marker)
        self._leave("append")
        return made.id

    async def replace(self, external_id: str, line_id: str, line: NewLine, gate: Any) -> None:
        self._enter("replace", gate)
        case = self._case(external_id)
        case.lines = [replace(each, text=line.text) if each.id == line_id else each for each in case.lines]
        self._leave("replace")

    async def set_status(self, external_id: str, status: str, gate: Any) -> None:
        self._enter("set_status", gate)
        self._case(external_id).status = status
        self._leave("set_status")

    async def changes(self, cursor: str | None) -> AsyncIterator[Changed]:
        self._enter("changes")
        newest = max((number for number, _ in self.log), default=0)
        ids = [case for number, case in self.log if cursor is not None and number > int(cursor)]
        yield Changed(list(dict.fromkeys(ids)), str(newest))

    async def aclose(self) -> None:
        return None

    def _enter(self, what: str, gate: Any = None) -> None:
        self.calls.append(what)
        self.fuse(f"before {what}")
        if self.down is not None:
            raise self.down
        self.before(what)
        if gate is not None:
            gate.check()

    def _leave(self, what: str) -> None:
        self.fuse(f"after {what}")
        self.after(what)

    def _case(self, external_id: str) -> Case:
        case = self.cases[external_id]
        return self._case(case.into) if case.into else case

    def _write(
        self, external_id: str, text: str, surface: Surface, author: DeskPerson, marker: str | None = None
    ) -> TheirLine:
        self.number += 1
        line = TheirLine(str(self.number), surface, text, self.clock.now(), author, marker=marker, ours=author is US)
        case = self._case(external_id)
        case.lines.append(line)
        if author is not US:
            self.log.append((self.number, case.id))
        return line

    # What people at the desk do.

    @property
    def case(self) -> Case:
        """The only ticket there is."""
        (case,) = self.cases.values()
        return case

    def answers(self, text: str, case: str = "D-1") -> str:
        """Kim answers the customer."""
        return self._write(case, text, Surface.PUBLIC, KIM).id

    def notes(self, text: str, case: str = "D-1") -> str:
        """Kim leaves a note for colleagues."""
        return self._write(case, text, Surface.INTERNAL, KIM).id

    def sets(self, status: str, case: str = "D-1") -> None:
        """Kim changes the status."""
        self._case(case).status = status
        self.number += 1
        self.log.append((self.number, case))

    def merges(self, case: str, into: str) -> None:
        """Kim merges one ticket into another."""
        self.cases[case].into = into
        self.cases[into].lines += self.cases[case].lines
        self.number += 1
        self.log.append((self.number, case))

    def deletes(self, case: str = "D-1") -> None:
        """Kim deletes a ticket."""
        self.cases[case].gone = True
        self.number += 1
        self.log.append((self.number, case))


def lost(times: int = 1, what: str = "append") -> Callable[[str], None]:
    """Lose the answers to the next calls of a kind, though they were carried out."""
    left = [times]

    def after(called: str) -> None:
        if called == what and left[0] > 0:
            left[0] -= 1
            raise NoAnswer("the desk gave no usable answer: it took too long")

    return after


def refused(what: str, code: str = "invalid") -> Callable[[str], None]:
    """Decline every call of a kind."""

    def before(called: str) -> None:
        if called == what:
            raise DeskRefused(code, f"The desk declined: {code}.")

    return before


def with_desks(outside: Outside, url: str, folder: Path, *desks: ToyDesk, fuse: Fuse | None = None) -> Life:
    """A process that mirrors acme's tickets into these desks, named support, billing …"""
    life = live(outside, url, folder, fuse)
    names = ("support", "billing", "third")
    linked = {
        ("acme", name): LinkedDesk("acme", name, "toy", desk, poll_seconds=5.0, look_seconds=900.0)
        for name, desk in zip(names, desks, strict=False)
    }
    life.bridge = replace(life.bridge, desks=linked)
    return life


async def passes(life: Life, seconds: float, step: float = 2.0) -> None:
    """Let the process work while time passes."""
    until = life.now.timestamp() + seconds
    while True:
        await life.hear()
        while await life.round():
            pass
        if life.now.timestamp() >= until:
            return
        life.outside.clock.forward(step)


async def outlive(
    outside: Outside, url: str, folder: Path, desk: ToyDesk, acts: Sequence[Callable[[], Any]], fuse: Fuse
) -> Life:
    """Let things happen one after the other, through as many lives as it takes."""
    desk.fuse = fuse
    life, waiting, begun = with_desks(outside, url, folder, desk, fuse=fuse), list(acts), False
    while True:
        try:
            if not begun:
                await life.begin()
                begun = True
            await passes(life, 60, step=10)
            if not waiting:
                return life
            done = waiting.pop(0)()
            if done is not None:
                await done
        except Killed:
            await life.end()
            outside.clock.forward(PAST_LEASES)
            life, begun = with_desks(outside, url, folder, desk, fuse=fuse), False
