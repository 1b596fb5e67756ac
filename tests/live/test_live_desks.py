"""Real helpdesks, both ways: Request Tracker and django-helpdesk, with customers on a real Bluesky network."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from fakes.databases import fresh_database
from fakes.running import Running, eventually, free_port, running
from live import real_desks
from live.bluesky_network import BlueskyNetwork, Person, Written, options
from live.real_desks import RealDesk
from mentionbridge.helpdesks import discover
from mentionbridge.helpdesks.plug import DeskTools
from mentionbridge.kit.clock import SystemClock
from mentionbridge.net.client import Http
from mentionbridge.settings import Settings, load

pytestmark = pytest.mark.live
T = TypeVar("T")
KINDS = sorted(real_desks.KINDS)


@pytest.fixture(params=KINDS)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A desk that calls a bridge on `desk.bridge_port`."""
    yield from desk_of(request.param, tmp_path)


def desk_of(kind: str, folder: Path, bridge_port: int | None = None) -> Iterator[Any]:
    bridge_port = bridge_port or free_port()
    place = folder / "desk"
    place.mkdir()
    with real_desks.running(kind, place, f"http://127.0.0.1:{bridge_port}/hooks/helpdesk/support") as started:
        started.bridge_port = bridge_port
        yield started


def settings_for(brand: Person, desk: Any, folder: Path, **section: Any) -> Settings:
    topic = {"name": "your broadband", "words": ["broadband", "internet"]}
    account = {"platform": "bluesky", "mode": "auto", "poll_seconds": 0.5, "options": options(brand)}
    support = {"helpdesk": desk.kind, "brand": "acme", "poll_seconds": 2.0, "options": desk.options, **section}
    return load(
        None,
        server={"port": desk.bridge_port, "public_url": f"http://127.0.0.1:{desk.bridge_port}"},
        database={"url": fresh_database("sqlite", folder), "files": folder},
        brands={"acme": {"name": "Acme", "topics": {"broadband": topic}, "accounts": {"acme-sky": account}}},
        helpdesks={"support": support},
    )


def at_work(brand: Person, desk: Any, folder: Path, **section: Any) -> AbstractAsyncContextManager[Running]:
    return running(settings_for(brand, desk, folder, **section))


async def until(look: Callable[[], T | None], what: str, within: float = 60) -> T:
    async def in_a_thread() -> T | None:
        return await asyncio.to_thread(look)

    return await eventually(in_a_thread, within=within, what=what)


async def posts(customer: Person, text: str, **more: Any) -> Written:
    return await asyncio.to_thread(lambda: customer.post(text, **more))


def ours(desk: RealDesk, ticket: str) -> list[str]:
    return [text for who, text in desk.lines(ticket) if who == "mentionbridge"]  # type: ignore[attr-defined]


def said_under(customer: Person, post: Written) -> list[str]:
    return [answer["record"]["text"] for answer in customer.replies_under(post)]


async def state_of(bridge: Running) -> list[str]:
    return [ticket["state"] for ticket in (await bridge.reads("tickets"))["items"]]


async def test_a_complaint_is_worked_on_at_the_desk(network: BlueskyNetwork, desk: Any, tmp_path: Path) -> None:
    brand, sam, robin = network.brand("deskbrand"), network.person("sam"), network.person("robin")
    async with at_work(brand, desk, tmp_path) as bridge:
        words = f"@{brand.handle} my broadband has been down {{{{ since }}}} Tuesday #1"
        complaint = await posts(sam, words, mentions=[brand])
        (ticket,) = await until(desk.tickets, "the ticket at the desk")
        await until(lambda: len(ours(desk, ticket)) == 2 or None, "the complaint and the acknowledgement there")
        first, second = await asyncio.to_thread(desk.words, ticket)
        assert "my broadband has been down" in first and "Tuesday" in first and "in public" in first
        assert second.startswith("We acknowledged in public")
        story = await answers_from_the_desk(bridge, desk, ticket, sam, complaint)
        await works_on_while_the_desk_is_down(desk, ticket, brand, sam, robin, complaint)
        await is_solved_at_the_desk_and_opened_by_the_customer(bridge, desk, ticket, sam, complaint, story)
        tickets = await asyncio.to_thread(desk.tickets)
        assert len(tickets) == 2
        for each in tickets:
            told = await asyncio.to_thread(ours, desk, each)
            assert len(told) == len(set(told))


async def answers_from_the_desk(bridge: Running, desk: Any, ticket: str, sam: Person, complaint: Written) -> str:
    await asyncio.to_thread(desk.note, ticket, "This customer has called twice.")
    answer = "Hello Sam, we have found the broken cable and mend it today."
    await asyncio.to_thread(desk.answer, ticket, answer)
    await until(lambda: answer in said_under(sam, complaint) or None, "Kim's answer in the customer's own view")
    await until(lambda: len(ours(desk, ticket)) == 3 or None, "the note that it was said")
    told = await asyncio.to_thread(desk.words, ticket)
    assert any(text.startswith("Your answer was said in public") for text in told)
    (story,) = (await bridge.reads("tickets"))["items"]
    lines = (await bridge.reads(f"tickets/{story['id']}/timeline"))["items"]
    # Request Tracker opens a ticket by itself when it is answered, and that is a line of ours too.
    assert [(line["kind"], line["surface"]) for line in lines if line["kind"] != "changed"] == [
        ("mention", "public"),
        ("reply", "public"),
        ("note", "internal"),
        ("reply", "public"),
    ]
    return str(story["id"])


async def works_on_while_the_desk_is_down(
    desk: Any, ticket: str, brand: Person, sam: Person, robin: Person, complaint: Written
) -> None:
    await asyncio.to_thread(desk.stop)
    await posts(sam, "Thank you! And when will it be done?", reply_to=below(sam, complaint))
    other = await posts(robin, f"@{brand.handle} my broadband is down too, it is terrible", mentions=[brand])
    await until(lambda: said_under(robin, other) or None, "an acknowledgement while the desk is down", within=30)
    await posts(sam, "Hello? It is evening now.", reply_to=below(sam, complaint))
    await asyncio.sleep(5)
    await asyncio.to_thread(desk.start)
    await until(lambda: len(desk.tickets()) == 2 or None, "the second ticket once the desk is back", within=120)
    await until(lambda: len(ours(desk, ticket)) == 5 or None, "what was said meanwhile", within=120)
    later, last = (await asyncio.to_thread(desk.words, ticket))[3:]
    assert "when will it be done" in later and "It is evening" in last


async def is_solved_at_the_desk_and_opened_by_the_customer(
    bridge: Running, desk: Any, ticket: str, sam: Person, complaint: Written, story: str
) -> None:
    await asyncio.to_thread(desk.solve, ticket)
    await eventually(lambda: solved(bridge, story), within=60, what="our ticket solved")
    await posts(sam, "No, it is still down!", reply_to=below(sam, complaint))
    await until(lambda: desk.status(ticket) == "open" or None, "the desk's ticket open again")
    private = "Please write to kim.desk@acme.example about it."
    await asyncio.to_thread(desk.answer, ticket, private)
    await until(lambda: any("was not said" in text for text in desk.words(ticket)) or None, "why it was not said")
    await asyncio.sleep(6)
    assert len(said_under(sam, complaint)) == 2
    assert private not in said_under(sam, complaint)


def below(customer: Person, complaint: Written) -> Written:
    """What the brand said first below a complaint, as something to answer."""
    answer = customer.replies_under(complaint)[0]
    return Written(answer["uri"], answer["cid"], root=(complaint.uri, complaint.cid))


async def solved(bridge: Running, ticket_id: str) -> bool | None:
    return (await bridge.reads(f"tickets/{ticket_id}"))["state"] == "solved" or None


async def test_a_hundred_exchanges_make_no_loop(network: BlueskyNetwork, desk: Any, tmp_path: Path) -> None:
    brand, sam = network.brand("loopbrand"), network.person("sam2")
    async with at_work(brand, desk, tmp_path) as bridge:
        complaint = await posts(sam, f"@{brand.handle} my broadband has been down since Tuesday", mentions=[brand])
        (ticket,) = await until(desk.tickets, "the ticket at the desk")
        await until(lambda: said_under(sam, complaint) or None, "the acknowledgement")
        for number in range(0, 100, 20):
            for each in range(number, number + 20):
                await posts(sam, f"Question {each}: when is it back?", reply_to=below(sam, complaint))
            await has_lines(desk, ticket, 2 + number * 2 + 20)
            for each in range(number, number + 20):
                await asyncio.to_thread(desk.answer, ticket, f"Answer {each}: we are at it.")
            await has_lines(desk, ticket, 2 + number * 2 + 40)
        await asyncio.sleep(15)
        assert [who for who, _ in desk.lines(ticket)].count("kim") == 100
        assert len(ours(desk, ticket)) == len(set(ours(desk, ticket))) == 202
        replies = [reply for reply in await everything(bridge, "replies") if reply["purpose"] == "message"]
        assert sorted(reply["text"] for reply in replies) == sorted(
            f"Answer {number}: we are at it." for number in range(100)
        )
        assert {reply["state"] for reply in replies} == {"sent"}
        assert desk.tickets() == [ticket]


async def has_lines(desk: Any, ticket: str, count: int) -> None:
    await until(lambda: len(ours(desk, ticket)) >= count or None, f"{count} lines at the desk", within=300)


async def everything(bridge: Running, path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    params: dict[str, Any] = {"limit": 100}
    while True:
        page = await bridge.reads(path, **params)
        items += page["items"]
        if not page.get("next"):
            return items
        params["cursor"] = page["next"].partition("cursor=")[2].partition("&")[0]


async def test_a_ticket_merged_or_deleted_there_is_noticed(network: BlueskyNetwork, desk: Any, tmp_path: Path) -> None:
    """django-helpdesk tells nobody of a merge, so there the mirror's own look finds it."""
    brand, sam = network.brand("mergebrand"), network.person("sam3")
    async with at_work(brand, desk, tmp_path, look_seconds=10.0) as bridge:
        complaint = await posts(sam, f"@{brand.handle} my broadband has been down since Tuesday", mentions=[brand])
        (ticket,) = await until(desk.tickets, "the ticket at the desk")
        await until(lambda: len(ours(desk, ticket)) == 2 or None, "its lines")
        older = await asyncio.to_thread(desk.open_another)
        await asyncio.to_thread(desk.merge, ticket, into=older)
        answer = "We have merged your reports, Sam."
        await asyncio.to_thread(desk.answer, older, answer)
        await bridge.http.post(*hook(desk, ticket))
        await until(lambda: answer in said_under(sam, complaint) or None, "an answer in the merged ticket")
        await asyncio.to_thread(desk.delete, older)
        await bridge.http.post(*hook(desk, older))

        async def gone() -> bool | None:
            async with bridge.app.store.reading() as uow:
                return [each.state for each in await uow.mirrors.parked("acme", "support")] == ["gone"] or None

        await eventually(gone, within=60, what="the deletion")
        assert await state_of(bridge) != []


def hook(desk: Any, ticket: str) -> tuple[str]:
    return (f"/hooks/helpdesk/support?secret={real_desks.SECRET}",)


@pytest.fixture
def deaf_desk(tmp_path: Path) -> Iterator[Any]:
    """A django-helpdesk whose webhooks reach nobody."""
    for started in desk_of("django_helpdesk", tmp_path, free_port()):
        started.bridge_port = free_port()
        yield started


async def test_answers_lost_by_its_own_webhooks_double_nothing(
    network: BlueskyNetwork, deaf_desk: Any, tmp_path: Path
) -> None:
    """django-helpdesk answers 500 to what it has carried out when its own webhook reaches nobody."""
    brand, sam, desk = network.brand("lostbrand"), network.person("sam4"), deaf_desk
    async with at_work(brand, desk, tmp_path):
        await posts(sam, f"@{brand.handle} my broadband has been down since Tuesday", mentions=[brand])
        (ticket,) = await until(desk.tickets, "the ticket at the desk")
        await until(lambda: len(ours(desk, ticket)) == 2 or None, "two lines", within=90)
        await asyncio.sleep(40)
        assert len(ours(desk, ticket)) == 2


WRONG: list[tuple[dict[str, dict[str, Any]], set[str]]] = [
    ({"rt": {}, "django_helpdesk": {}}, set()),
    ({"rt": {"token": "1-2-3"}, "django_helpdesk": {"token": "none"}}, {"credentials"}),
    ({"rt": {"fields": {"No": "key"}}, "django_helpdesk": {"fields": {"no": "key"}}}, {"field"}),
    ({"rt": {"queue": "Nowhere"}, "django_helpdesk": {"queue": 99}}, {"queue"}),
]


def test_checks_say_what_is_wrong(desk: Any) -> None:
    async def check(**changed: Any) -> set[str]:
        clock, plug = SystemClock(), discover()[desk.kind]
        tools = DeskTools(clock, lambda base: Http(base, clock=clock))
        helpdesk = plug.link(plug.options(**{**desk.options, **changed}), tools).helpdesk
        findings = await helpdesk.check()
        await helpdesk.aclose()
        return {finding.what for finding in findings if not finding.ok}

    for changed, expected in WRONG:
        assert asyncio.run(check(**changed[desk.kind])) == expected
