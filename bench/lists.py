"""Lists and reads over the whole API, in process: at a million tickets beside ten thousand, and beside the bare query.

What is compared between the sizes is the middle of many answers in wall time; a page is compared with its statements
in CPU time. Both are taken in turns, so that what else the machine does weighs on either alike.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench.fill import author_of, brand, fill, key
from mentionbridge.cli.run import rest_memory
from mentionbridge.kit.cursor import binding, encode
from mentionbridge.store import plain
from mentionbridge.store.keyset import Keyset, statement
from mentionbridge.store.reading import MENTIONS, REPLIES, TICKETS
from mentionbridge.telemetry.logs import configure

SMALL = 10_000
WARM, ASKED, SECONDS_A_QUESTION = 3, 150, 15
ROUNDS, PAGES_A_ROUND = 30, 20
LISTS = {"tickets": TICKETS, "mentions": MENTIONS, "replies": REPLIES}
Path_ = Callable[[], str]


def main(tickets: int, databases: Sequence[str]) -> None:
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    configure("console", "error")
    for family in databases:
        with tempfile.TemporaryDirectory() as small, tempfile.TemporaryDirectory() as large:
            asyncio.run(_compare(family, (SMALL, small), (tickets, large)))


async def _compare(family: str, *sizes: tuple[int, str]) -> None:
    from fakes.databases import drop_postgres, fresh_database

    urls = [fresh_database(family, Path(folder)) for _, folder in sizes]
    for url, (many, _) in zip(urls, sizes, strict=True):
        began = time.perf_counter()
        fill(url, many)
        print(f"{family}: {many:,} tickets filled in {time.perf_counter() - began:,.0f} s", file=sys.stderr, flush=True)
    bridges = [await _opened(url) for url in urls]
    rest_memory()
    await _pages(family, bridges[0])
    await _p50s(family, [many for many, _ in sizes], bridges)
    for url, bridge in zip(urls, bridges, strict=True):
        await bridge.engine.aclose()
        if family == "postgresql":
            drop_postgres(url)


async def _p50s(family: str, sizes: Sequence[int], bridges: Sequence["Bridge"]) -> None:
    print(f"| {family}: p50 in ms | {sizes[0]:,} tickets | {sizes[1]:,} tickets | ratio |\n|---|---:|---:|---:|")
    questions = [_questions(many) for many in sizes]
    for name in questions[0]:
        small, large = await _in_turn(bridges, [each[name] for each in questions], both="two brands" in name)
        print(f"| {name} | {small:.2f} | {large:.2f} | {large / small:.2f} |", flush=True)
    print(flush=True)


async def _in_turn(bridges: Sequence["Bridge"], paths: Sequence[Path_], *, both: bool) -> list[float]:
    """Return the middle of how long each bridge's answers take, in milliseconds."""
    took: list[list[float]] = [[] for _ in bridges]
    deadline = time.perf_counter() + SECONDS_A_QUESTION
    for number in range(ASKED + WARM):
        if number > WARM and time.perf_counter() > deadline:
            break
        for bridge, path, each in zip(bridges, paths, took, strict=True):
            asked, began = path(), time.perf_counter()
            await bridge.ask(asked, bridge.both if both else bridge.one)
            each.append(time.perf_counter() - began)
    return [statistics.median(each[WARM:]) * 1000 for each in took]


async def _opened(url: str) -> "Bridge":
    from fakes.clock import HandClock
    from fakes.web_world import EVERY_SCOPE, open_site
    from fakes.world import World, open_store

    clock = HandClock()
    store = open_store(url, clock)
    site = open_site(World(store, clock, url), requests_per_minute=10**9)
    one = await site.token(*EVERY_SCOPE)
    return Bridge(site.app, store.engine, one, await site.token(*EVERY_SCOPE, brands=["*"], name="both"))


@dataclass
class Bridge:
    """The app without a server, the engine below it, and a token of one brand and of both."""

    app: Any
    engine: Any
    one: dict[str, str]
    both: dict[str, str]

    async def ask(self, path: str, token: dict[str, str]) -> bytes:
        """Return the answer's body."""
        address, _, query = path.partition("?")
        headers = [(b"host", b"bench"), *((name.lower().encode(), each.encode()) for name, each in token.items())]
        scope = {"type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "root_path": ""}
        scope |= {"path": address, "raw_path": address.encode(), "query_string": query.encode(), "headers": headers}
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        if sent[0]["status"] != 200:
            raise RuntimeError(f"{path} answers {sent[0]['status']}: {sent[1]['body']!r}")
        return bytes(sent[1]["body"])


def _questions(many: int) -> dict[str, Path_]:
    pick = random.Random(7)

    def some() -> int:
        """Return any ticket of acme."""
        number = pick.randrange(many)
        return number if brand(number) == "acme" else number - 1

    def a_list(name: str, **filters: str) -> Path_:
        return lambda: f"/v1/{name}?{urlencode({'limit': 50, **filters})}"

    def any_page() -> str:
        return a_list("tickets", cursor=encode(binding("tickets", {}), key("tkt", some())))()

    return {
        "tickets, first page": a_list("tickets"),
        "tickets, any page": any_page,
        "tickets of two brands": a_list("tickets"),
        "tickets by state": a_list("tickets", state="new"),
        "tickets by account": a_list("tickets", account_id="big"),
        "tickets by account and state": a_list("tickets", account_id="small", state="new"),
        "tickets of a person": lambda: a_list("tickets", author_id=author_of(some()))(),
        "mentions, first page": a_list("mentions"),
        "mentions of a ticket": lambda: a_list("mentions", ticket_id=key("tkt", some()))(),
        "replies by state": a_list("replies", state="sent"),
        "events, any page": lambda: a_list("events", after=str(some()))(),
        "events of a type": lambda: a_list("events", after=str(some()), types="ticket.opened")(),
        "events of a ticket": lambda: a_list("events", after="0", ticket_id=key("tkt", some()))(),
        "one ticket": lambda: f"/v1/tickets/{key('tkt', some())}",
        "one mention": lambda: f"/v1/mentions/{key('mnt', some())}",
        "a timeline": lambda: f"/v1/tickets/{key('tkt', some())}/timeline",
        "search: a word of 40 tickets": lambda: a_list("tickets", q=f"needle{pick.randrange(many // 40)}")(),
        "search: a word in 1 %": a_list("tickets", q="swing"),
        "search: a word in 30 %": a_list("tickets", q="parcel"),
        "search: a word in all": a_list("tickets", q="late"),
        "search: two words": a_list("tickets", q="parcel late"),
        "search: a phrase": a_list("tickets", q='"late again"'),
        "search: a beginning": a_list("tickets", q="parc*"),
        "search: a word in 30 %, by state": a_list("tickets", q="parcel", state="new"),
        "search: nothing": a_list("tickets", q="nowhere"),
    }


async def _pages(family: str, bridge: Bridge) -> None:
    print(f"| {family}: CPU of a page of 50 | statements, ms | answer, ms | ratio |\n|---|---:|---:|---:|")
    for name, keyset in LISTS.items():
        bare, page = await _in_turns(bridge, name, keyset)
        ratios = sorted(answer / query for query, answer in zip(bare, page, strict=True))
        low, middle, high = ratios[len(ratios) // 10], statistics.median(ratios), ratios[-len(ratios) // 10]
        cost = f"{statistics.median(bare):.2f} | {statistics.median(page):.2f}"
        print(f"| {name} | {cost} | {middle:.2f} [{low:.2f}–{high:.2f}] |", flush=True)
    print(flush=True)


async def _in_turns(bridge: Bridge, name: str, keyset: Keyset) -> tuple[list[float], list[float]]:
    bare, page = [], []
    for _ in range(ROUNDS):
        bare.append(await _cpu(lambda: _statements(bridge, keyset)))
        page.append(await _cpu(lambda: bridge.ask(f"/v1/{name}?limit=50", bridge.one)))
    return bare, page


async def _statements(bridge: Bridge, keyset: Keyset) -> None:
    """Run what the page runs, fetch all of it, and do nothing with it."""
    async with bridge.engine.reading() as connection:
        rows = (await connection.execute(statement(keyset, (), False), {"brand": "acme", "rows": 51})).all()
        if keyset is MENTIONS:
            those: dict[str, Any] = {"brands": ["acme"], "mentions": [row.id for row in rows[:50]]}
            for query in (plain.VERDICTS, plain.MEDIA):
                (await connection.execute(query, those)).all()


async def _cpu(work: Callable[[], Awaitable[Any]]) -> float:
    """Return what one run costs this process, in milliseconds."""
    began = time.process_time()
    for _ in range(PAGES_A_ROUND):
        await work()
    return (time.process_time() - began) / PAGES_A_ROUND * 1000
