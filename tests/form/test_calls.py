"""A call back: a slot that is free is chosen in the form, promised, and rung until somebody answers."""

import asyncio
import re
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest

from fakes.form_world import TERMS, Browser, FormWorld
from mentionbridge.bootstrap.doors import use_cases
from mentionbridge.domain.handoff import CallTerms
from mentionbridge.ports.access import Scope
from mentionbridge.rules.hours import Hours
from mentionbridge.rules.waits import Timing
from mentionbridge.store import tables as t

PHONE = "+44 20 7946 0000"
both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
STAFFED = Hours(week={day: [(time(9), time(17))] for day in range(7)})


def staffed(place: FormWorld, at_once: int = 1, hours: Hours = STAFFED) -> FormWorld:
    """Let the brand of a form call back."""
    bridge = place.bridge
    acme = replace(bridge.brands["acme"], form=replace(TERMS, calls=CallTerms(at_once)))
    brands = {**bridge.brands, "acme": acme}
    place.bridge = replace(bridge, brands=brands, timing={"acme": Timing(hours=hours)})
    place.site.app.state.door = replace(place.site.app.state.door, **use_cases(place.bridge))
    return place


async def opens(place: FormWorld, path: str = "") -> tuple[Browser, list[str]]:
    """Open the form in a new browser; returns it and the slots it shows."""
    browser = place.browser(path)
    page = await browser.opens()
    return browser, re.findall(r'<option value="([^"]+)"', page)


async def calls(place: FormWorld, **query: str) -> list[dict[str, Any]]:
    answer = await place.site.http.get(
        f"/v1/calls?{'&'.join(f'{k}={v}' for k, v in query.items())}", await reader(place)
    )
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def reader(place: FormWorld) -> dict[str, str]:
    return await place.site.token(Scope.READ, Scope.REPLY)


async def rings(place: FormWorld, outcome: str) -> dict[str, Any]:
    (call,) = await calls(place)
    told = {"outcome": outcome, "actor": {"name": "Kim"}}
    answer = await place.site.http.post(f"/v1/calls/{call['id']}/attempts", await reader(place), told)
    assert answer.status_code in (201, 409), answer.text
    return dict(answer.json())


async def words_given(place: FormWorld) -> list[tuple[str, str]]:
    return [(row.what, row.state) for row in await place.rows(t.commitments)]


async def told(place: FormWorld, kind: str) -> list[str]:
    return [row.type for row in await place.rows(t.events) if row.type.startswith(kind)]


@both
async def test_a_slot_is_chosen_promised_rung_and_reached(place: FormWorld) -> None:
    browser, slots = await opens(staffed(place))
    page = await browser.sends(message="please ring", phone=PHONE, call_at=slots[0])
    assert "We will call you:" in page and "<option" not in page, "one call is enough"
    (call,) = await calls(place, state="open")
    assert (call["phone"], call["proof"], call["tried"]) == (PHONE, "none", [])
    assert await words_given(place) == [("a call back", "open")]

    assert (await rings(place, "no_answer"))["state"] == "open"
    assert await words_given(place) == [("a call back", "kept")], "we did ring"
    over = await rings(place, "reached")
    assert (over["state"], [each["outcome"] for each in over["tried"]]) == ("reached", ["no_answer", "reached"])
    assert (await rings(place, "reached"))["code"] == "call_over"
    assert await told(place, "call.") == ["call.booked", "call.ended"]
    assert "<option" in await browser.opens(), "another may be asked for"


@both
async def test_of_two_who_want_the_last_place_one_gets_it(place: FormWorld) -> None:
    first, slots = await opens(staffed(place, at_once=1), "/c/acme")
    second, _ = await opens(place, "/c/acme")
    wanted: dict[str, str] = {"message": "ring me", "phone": PHONE, "call_at": slots[0]}
    await asyncio.gather(first.sends(**wanted), second.sends(**wanted))
    assert sorted((first.status, second.status)) == [200, 409]
    late = first if first.status == 409 else second
    assert "not free any more" in late.page and "ring me" in late.page, "what they wrote is still there"
    assert len(await calls(place)) == 1
    assert len(await place.rows(t.entries)) == 2, "the call and the line of the one who got it"


async def test_where_nobody_is_there_no_call_is_offered(place: FormWorld) -> None:
    for hours in (Hours(), Hours(week={0: []})):
        browser, slots = await opens(staffed(place, hours=hours))
        assert slots == []
        assert 'name="phone"' in browser.page and "call_when" not in browser.page, (
            "no time is held out that nobody keeps"
        )


async def test_a_call_needs_a_number_and_a_slot_of_ours(place: FormWorld) -> None:
    browser, slots = await opens(staffed(place))
    assert "give us a number" in await browser.sends(message="ring", call_at=slots[0])
    for odd in ("2026-11-23T03:00:00+00:00", "2026-11-23T09:00:00", "tomorrow", "2999-01-01T09:00:00Z", "<b>"):
        assert "not free any more" in await browser.sends(message="ring", phone=PHONE, call_at=odd)
        assert browser.status == 409
    assert await calls(place) == []
    assert await place.rows(t.form_lines) == []


async def test_one_story_takes_up_no_more_than_three_slots(place: FormWorld) -> None:
    staffed(place, at_once=9)
    for number in range(4):
        browser, slots = await opens(place)
        await browser.sends(message="ring", phone=PHONE, call_at=slots[number])
        assert browser.status == (200 if number < 3 else 409)


async def test_three_silences_give_up_and_free_the_slot(place: FormWorld) -> None:
    browser, slots = await opens(staffed(place))
    await browser.sends(message="ring", phone=PHONE, call_at=slots[0])
    assert slots[0] not in (await opens(place, "/c/acme"))[1]
    for _ in range(3):
        over = await rings(place, "no_answer")
    assert over["state"] == "given_up"
    assert slots[0] in (await opens(place, "/c/acme"))[1]


async def test_a_call_that_is_never_made_is_a_word_broken(place: FormWorld) -> None:
    browser, slots = await opens(staffed(place))
    await browser.sends(message="ring", phone=PHONE, call_at=slots[0])
    place.world.clock.forward(timedelta(days=1).total_seconds())
    await rings(place, "no_answer")
    assert await words_given(place) == [("a call back", "missed")]
    assert "commitment.missed" in await told(place, "commitment.")
