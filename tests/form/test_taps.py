"""One touch in the form says whether what we call solved is solved; whose touch it is decides what follows."""

from typing import Any

import pytest

from fakes.form_world import Browser, FormWorld
from form.test_proof_attacks import with_code
from mentionbridge.store import tables as t

both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
ASKED = "We call this solved. Is it?"


async def solve(place: FormWorld) -> None:
    await place.site.door.change_ticket("acme", place.handoff.ticket_id, {"state": "open"}, "Kim", None)
    await place.site.door.change_ticket("acme", place.handoff.ticket_id, {"state": "solved"}, "Kim", None)


async def proven(place: FormWorld) -> Browser:
    browser = await with_code(place)
    await place.shows(browser.sentence)
    await solve(place)
    assert ASKED in await browser.opens()
    return browser


async def stands(place: FormWorld) -> tuple[Any, Any]:
    (ticket,) = await place.rows(t.tickets)
    return ticket.state, ticket.outcome


async def told(place: FormWorld) -> list[str]:
    return [row.type for row in await place.rows(t.events) if row.type.startswith(("outcome.", "ticket.re"))]


@both
async def test_a_proven_yes_is_the_customers(place: FormWorld) -> None:
    browser = await proven(place)
    await browser.sends("solved")
    assert browser.status == 200
    assert ASKED not in browser.page
    assert (await stands(place), await told(place)) == (("solved", "confirmed"), ["outcome.confirmed"])


@both
async def test_a_proven_no_opens_it_again_and_somebody_waits(place: FormWorld) -> None:
    browser = await proven(place)
    await browser.sends("unsolved")
    assert 'name="message"' in browser.page, "there is something to say again"
    assert (await stands(place), await told(place)) == (("open", "denied"), ["outcome.denied", "ticket.reopened"])
    assert [row.ended_at for row in await place.rows(t.waits)][-1] is None


@both
async def test_without_proof_it_is_a_line_for_the_team_and_moves_nothing(place: FormWorld) -> None:
    await solve(place)
    stranger = place.browser()
    assert ASKED in await stranger.opens()
    await stranger.sends("unsolved")
    assert "we have it" in stranger.page
    assert (await stands(place), await told(place)) == (("solved", None), [])
    (line,) = [row for row in await place.rows(t.entries) if row.kind == "form"]
    assert (line.text, line.reason, line.surface) == ("It is not solved.", "unverified", "private")


async def test_nothing_is_asked_of_an_open_story_a_closed_one_or_one_that_was_answered(place: FormWorld) -> None:
    browser = await with_code(place)
    await place.shows(browser.sentence)
    await browser.opens()
    await browser.sends("solved")
    assert (browser.status, await stands(place)) == (409, ("new", None))
    await solve(place)
    asked = await browser.opens()
    await browser.sends("solved")
    browser.page = asked
    await browser.sends("unsolved")
    assert (browser.status, await stands(place)) == (409, ("solved", "confirmed"))


async def test_nobody_taps_for_hours(place: FormWorld) -> None:
    await solve(place)
    stranger = place.browser()
    await stranger.opens()
    for _ in range(21):
        await stranger.sends("unsolved")
    assert stranger.status == 429
