"""A desk that answers by its folder's `samples/exchanges.json`, and the folder's helpdesk connected to it."""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx

from contract.folders import Missing
from fakes.clock import HandClock
from mentionbridge.domain.helpdesk import NewLine, NewTicket
from mentionbridge.domain.mention import Surface
from mentionbridge.domain.ticket import Priority, TicketState
from mentionbridge.helpdesks import discover
from mentionbridge.helpdesks.plug import DeskPlug, DeskTools, Link
from mentionbridge.net.client import Http

READS = ("find_none", "find", "read", "read_gone", "read_merged", "changes_first", "changes")
WRITES = ("create", "append", "set_status")
OPERATIONS = (*READS, *WRITES)
Fail = Callable[[httpx.Request], httpx.Response]


@dataclass(frozen=True)
class DeskFolder:
    """One helpdesk's folder and what it brings to the contract tests."""

    plug: DeskPlug

    @property
    def name(self) -> str:
        return self.plug.name

    @cached_property
    def path(self) -> Path:
        package = import_module(type(self.plug).__module__.rpartition(".")[0])
        return Path(str(package.__file__)).parent

    @cached_property
    def exchanges(self) -> Mapping[str, Any]:
        file = self.path / "samples" / "exchanges.json"
        if not file.exists():
            raise Missing(f"{file} is missing: say there how the desk answers (tests/contract/README.md).")
        return json.loads(file.read_text(encoding="utf-8"))

    def told(self, key: str) -> Any:
        if key not in self.exchanges:
            raise Missing(f"{self.path}/samples/exchanges.json lacks {key!r} (tests/contract/README.md).")
        return self.exchanges[key]

    def operation(self, name: str) -> Mapping[str, Any]:
        operations = self.told("operations")
        if name not in operations:
            raise Missing(f"{self.path}/samples/exchanges.json lacks the operation {name!r}: see the README here.")
        return operations[name]

    @cached_property
    def now(self) -> datetime:
        return datetime.fromisoformat(self.told("clock"))

    def ticket(self) -> NewTicket:
        """The ticket every folder is asked to make."""
        return NewTicket(
            key="tkt_1",
            title="@sam on demo: your parcel",
            text="Sam (@sam) on demo, for Acme.",
            priority=Priority.HIGH,
            state=TicketState.NEW,
            since=self.now,
            facts={"key": "tkt_1", "permalink": "https://demo.example/p-1"},
        )

    def line(self) -> NewLine:
        """The line every folder is asked to append."""
        return NewLine("ent_1", Surface.PUBLIC, "in public: @sam", "Sam (@sam) in public\n\nmy parcel is late ☹")


FOLDERS = [DeskFolder(plug) for _, plug in sorted(discover().items())]
NAMES = [folder.name for folder in FOLDERS]


@dataclass
class Desk:
    """Plays one operation: its own lines, then what is always so. `fail` replaces the answer to its first line."""

    folder: DeskFolder
    operation: str
    fail: Mapping[str, Any] | Fail | None = None
    payload: Any = None
    lines: str = ""
    asked: list[httpx.Request] = field(default_factory=list)
    key: list[httpx.Request] = field(default_factory=list)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        own: Sequence[Mapping[str, Any]] = self.folder.operation(self.lines or self.operation)["lines"]
        if _matches(own[0], request):
            self.key.append(request)
            if self.fail is not None:
                return _play(self.fail, request)
            return _play(own[0] if self.payload is None else {**own[0], "json": self.payload}, request)
        for line in (*own[1:], *self.folder.told("always")):
            if _matches(line, request):
                return _play(line, request)
        if self.payload is not None:
            # Changed words may lead anywhere.
            return httpx.Response(404, json={"message": "No such thing."})
        raise AssertionError(f"exchanges.json has no line for {request.method} {request.url.raw_path.decode()}")


class OpenGate:
    """Lets everything out."""

    def check(self) -> None:
        return None


@asynccontextmanager
async def linked(desk: Desk) -> AsyncIterator[Link]:
    """Connect the folder's helpdesk to its scripted desk."""
    clock, folder = HandClock(desk.folder.now), desk.folder
    transport = httpx.MockTransport(desk.handle)
    tools = DeskTools(clock=clock, http=lambda base: Http(base, clock=clock, transport=transport))
    link = folder.plug.link(folder.plug.options(**folder.told("options")), tools)
    try:
        yield link
    finally:
        await link.helpdesk.aclose()


async def carry_out(desk: Desk, gate: Any = None) -> Any:
    """Do one operation and return its result as the samples write it."""
    folder, gate = desk.folder, gate or OpenGate()
    there = str(folder.told("ticket_id"))
    async with linked(desk) as link:
        helpdesk = link.helpdesk
        match desk.operation:
            case "find" | "find_none":
                made = await helpdesk.find(folder.ticket())
                return made and made.id
            case "create":
                return (await helpdesk.create(folder.ticket(), gate)).id
            case "append":
                return await helpdesk.append(there, folder.line(), gate)
            case "set_status":
                return await helpdesk.set_status(there, helpdesk.words.theirs[TicketState.SOLVED], gate)
            case "changes_first" | "changes":
                cursor = folder.operation("changes")["cursor"] if desk.operation == "changes" else None
                pages = [page async for page in helpdesk.changes(cursor)]
                return {"ids": [one for page in pages for one in page.ids], "cursor": pages[-1].cursor}
        return _plain(await helpdesk.read(there))


def _plain(found: Any) -> dict[str, Any]:
    if hasattr(found, "reason"):
        return {"gone": True}
    return {
        "id": found.id,
        "status": found.status,
        "assignee": str(found.assignee) if found.assignee else None,
        "ours": [line.marker for line in found.lines if line.ours],
        "answers": [line.text for line in found.lines if not line.ours and line.surface is Surface.PUBLIC],
        "notes": [line.text for line in found.lines if not line.ours and line.surface is not Surface.PUBLIC],
    }


def _matches(line: Mapping[str, Any], request: httpx.Request) -> bool:
    query = dict(request.url.params)
    return (
        line["method"] == request.method
        and fnmatchcase(request.url.path, line["path"])
        and all(query.get(name) == value for name, value in line.get("query", {}).items())
    )


def _play(answer: Mapping[str, Any] | Fail, request: httpx.Request) -> httpx.Response:
    if callable(answer):
        return answer(request)
    body = answer.get("text", json.dumps(answer.get("json")))
    headers = {"content-type": "text/html" if "text" in answer else "application/json", **answer.get("headers", {})}
    return httpx.Response(answer.get("status", 200), headers=headers, text=body)
