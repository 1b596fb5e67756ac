"""Our pages in a real browser, on a phone and on a desk: they fit, nothing keeps anybody out, and they can be used."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from PIL import Image

from console.test_console_approvals import drafted, stored
from fakes.clock import HandClock
from fakes.databases import fresh_database
from fakes.form_world import FormWorld, form_world
from fakes.people import connect
from fakes.web_world import ACCOUNTS
from fakes.world import World, open_store
from form.test_calls import PHONE, opens, staffed
from live.chromium import Chromium, chromium, served
from mentionbridge.domain.reply import ReplyState
from mentionbridge.ports.access import Scope
from mentionbridge.store import tables as t

pytestmark = pytest.mark.live
SIZES = {"phone": (390, 844), "desk": (1280, 900)}
HEAVIEST = 60_000
both = pytest.mark.parametrize("size", SIZES)


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with chromium() as started:
        yield started


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[FormWorld]:
    url, clock = fresh_database("sqlite", tmp_path), HandClock()
    store = open_store(url, clock)
    async with store.writing() as uow:
        for account in ACCOUNTS:
            await connect(uow, account)
    async with form_world(World(store, clock, url)) as made:
        yield made
        await made.site.door.writer.aclose()  # type: ignore[attr-defined]
    await store.engine.aclose()


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Where pictures go: a folder of the tester's choice, to be looked at, else nowhere that stays."""
    folder = Path(os.environ.get("MENTIONBRIDGE_SHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


async def looks_well(browser: Chromium, shots: Path, name: str) -> None:
    """Take a picture; nothing is wider than the window, and axe finds nothing serious."""
    await browser.does("shot", file=str(shots / f"{name}.png"))
    fits = await browser.does("fits")
    assert fits["wide"] <= fits["window"], name
    assert await browser.serious() == [], name


async def light(browser: Chromium, url: str) -> None:
    told = await browser.does("open", url=url)
    assert told["status"] == 200
    assert told["bytes"] <= HEAVIEST


@both
async def test_a_customer_fills_in_the_form(
    browser: Chromium, place: FormWorld, shots: Path, tmp_path: Path, size: str
) -> None:
    photo = tmp_path / "photo.jpg"
    Image.new("RGB", (640, 480), "#886644").save(photo)
    async with served(place.site.app) as site:
        await browser.begin(*SIZES[size])
        await light(browser, f"{site}/h/{place.token}")
        await looks_well(browser, shots, f"form-{size}")
        await browser.does("fill", on="#message", text="It lies at the depot since Monday.")
        await browser.does("fill", on="#order_number", text="A-10")
        await browser.does("attach", on="#photos", file=str(photo))
        await browser.does("submit", on="button[value=write]")
        said = await browser.text()
        assert "we have it" in said and "It lies at the depot since Monday." in said
        await looks_well(browser, shots, f"form-sent-{size}")
        await browser.does("click", on="summary")
        await browser.does("submit", on="button[value=code]")
        assert "private form, code" in await browser.text()
        await looks_well(browser, shots, f"form-code-{size}")
    assert [row.mime for row in await place.rows(t.uploads)] == ["image/jpeg"]


@both
async def test_a_customer_chooses_when_to_be_called(
    browser: Chromium, place: FormWorld, shots: Path, size: str
) -> None:
    async with served(staffed(place).site.app) as site:
        await browser.begin(*SIZES[size], lang="de-DE")
        await light(browser, f"{site}/c/acme")
        await looks_well(browser, shots, f"call-{size}")
        await browser.does("fill", on="#phone", text=PHONE)
        (slot, *_) = await slots_of(place)
        await browser.does("choose", on="#call_at", value=slot)
        await browser.does("submit", on="button[value=write]")
        assert "Wir rufen Sie an:" in await browser.text()
        await looks_well(browser, shots, f"call-booked-{size}")
    assert [row.phone for row in await place.rows(t.calls)] == [PHONE]


async def slots_of(place: FormWorld) -> list[str]:
    return (await opens(place, "/c/acme"))[1]


@both
async def test_without_script_it_is_sent_as_well(browser: Chromium, place: FormWorld, size: str) -> None:
    async with served(place.site.app) as site:
        await browser.begin(*SIZES[size], script=False)
        await light(browser, f"{site}/c/acme")
        await browser.does("fill", on="#message", text="My parcel has not come.")
        await browser.does("submit", on="button[value=write]")
        assert "My parcel has not come." in await browser.text()
    assert len(await place.rows(t.tickets)) == 2


@pytest.mark.parametrize("lang", ["de-DE", "ar-EG"])
async def test_it_speaks_the_visitors_language_or_the_brands(
    browser: Chromium, place: FormWorld, shots: Path, lang: str
) -> None:
    async with served(place.site.app) as site:
        await browser.begin(*SIZES["phone"], lang=lang)
        await light(browser, f"{site}/h/{place.token}")
        await looks_well(browser, shots, f"form-{lang}")


async def test_it_is_filled_in_by_keyboard_alone(browser: Chromium, place: FormWorld) -> None:
    async with served(place.site.app) as site:
        await browser.begin(*SIZES["desk"])
        await light(browser, f"{site}/c/acme")
        await browser.does("press", keys=["Tab"])
        assert (await browser.does("focused"))["name"] == "message"
        await browser.does("press", keys=[*"No parcel", "Tab"])
        while (focused := await browser.does("focused"))["tag"] != "BUTTON":
            assert focused["tag"] == "INPUT", focused
            await browser.does("press", keys=["Tab"])
        await browser.does("submit", key="Enter")
        assert "No parcel" in await browser.text()


@both
async def test_a_team_clears_its_queue(browser: Chromium, place: FormWorld, shots: Path, size: str) -> None:
    waiting = [await drafted(place.site, f"q-{number}") for number in range(3)]
    headers = await place.site.token(Scope.APPROVE)
    async with served(place.site.app) as site:
        await browser.begin(*SIZES[size])
        await light(browser, f"{site}/console/approvals")
        await looks_well(browser, shots, f"sign-in-{size}")
        await browser.does("fill", on="#person", text="Kim")
        await browser.does("fill", on="#token", text=headers["Authorization"].removeprefix("Bearer "))
        await browser.does("submit", on="button.main")
        await looks_well(browser, shots, f"queue-{size}")
        await browser.does("submit", on="article button[value=approve]")
        assert "It is on its way." in await browser.text()
        await browser.does("press", keys=["j"])
        assert (await browser.does("focused"))["tag"] == "ARTICLE"
        await browser.does("click", on="article summary")
        await browser.does("fill", on="article input[name=reason]", text="said already")
        await browser.does("submit", on="article button[value=reject]")
        await looks_well(browser, shots, f"queue-rejected-{size}")
    states = sorted([(await stored(place.site, reply)).state for reply in waiting])
    assert states == [ReplyState.AWAITING_APPROVAL, ReplyState.QUEUED, ReplyState.REJECTED]
