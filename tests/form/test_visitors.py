"""A visitor of a brand's own form is nobody, until they prove to be the author of a story; then it is one story."""

import re
from typing import Any

import pytest

from fakes.form_world import Browser, FormWorld
from form.test_proof_attacks import KIM, lets_message
from mentionbridge.domain.account import Identity
from mentionbridge.pipeline.take_in import Result
from mentionbridge.ports.access import Scope
from mentionbridge.store import tables as t

both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
SAID = "I have the receipt, it was paid in cash."


async def visits(place: FormWorld, text: str = SAID) -> Browser:
    """Write in the brand's own form, and ask for a code."""
    browser = place.browser("/c/acme")
    await browser.opens()
    await browser.sends(message=text)
    await browser.sends("code")
    return browser


async def second(place: FormWorld, browser: Browser) -> str:
    await browser.opens()
    await browser.sends("second")
    codes = [re.match(r"\w{4}-\w{4}", row.text) for row in await place.rows(t.replies) if row.purpose == "proof"]
    assert codes[-1]
    return codes[-1][0]


async def story(place: FormWorld) -> list[str]:
    """Return the words in the timeline of the ticket that began in public."""
    lines = await place.site.http.get(f"/v1/tickets/{place.handoff.ticket_id}/timeline", await reader(place))
    return [line["text"] for line in lines.json()["items"] if line["kind"] == "form"]


async def reader(place: FormWorld) -> dict[str, str]:
    return await place.site.token(Scope.READ)


async def customers(place: FormWorld) -> list[Any]:
    return [row for row in await place.rows(t.customers) if row.merged_into is None]


async def test_who_has_written_nothing_has_nothing_to_prove(place: FormWorld) -> None:
    browser = place.browser("/c/acme")
    assert 'value="code"' not in await browser.opens()
    await browser.sends("code")
    assert browser.status == 409
    assert await place.rows(t.form_sessions) == []


@both
async def test_strong_proof_makes_one_person_and_one_story_of_it(place: FormWorld) -> None:
    lets_message(place)
    browser = await visits(place)
    assert (await place.shows(browser.sentence)).result is Result.PROOF
    assert "I have the receipt" not in str(await story(place)), "weak proof joins nothing"
    code = await second(place, browser)
    await browser.sends("confirm", second=code)
    assert await story(place) == [SAID]
    assert len(await customers(place)) == 1
    (act,) = await place.rows(t.story_acts)
    assert (act.kind, act.actor, act.target_id) == ("merge", "proof of handle", place.handoff.ticket_id)

    await browser.sends(message="And a photo of it.")
    assert await story(place) == [SAID, "And a photo of it."]
    headers = await place.site.token(Scope.REPLY, Scope.READ)
    undone = await place.site.http.post(f"/v1/tickets/{place.handoff.ticket_id}/undo", headers, {"act_id": act.id})
    assert undone.status_code == 200, undone.text
    assert SAID not in await story(place)


async def test_weak_proof_marks_the_line_and_joins_nothing(place: FormWorld) -> None:
    browser = await visits(place)
    await place.shows(browser.sentence)
    await browser.opens()
    await browser.sends(message="It is me.")
    (*_, line) = [row for row in await place.rows(t.entries) if row.kind == "form"]
    assert line.reason == "weak proof"
    assert (await story(place), await place.rows(t.story_acts)) == ([], [])


async def test_a_helper_who_relays_the_code_reads_nothing_and_joins_nothing(place: FormWorld) -> None:
    lets_message(place)
    helper = await visits(place, "Where is the parcel sent to?")
    await place.shows(helper.sentence)
    await helper.opens()
    await helper.sends("second")
    for guess in ("AAAA-AAAA", "", "ABCD-1234"):
        await helper.sends("confirm", second=guess)
    assert helper.status == 422
    assert (await story(place), await place.rows(t.story_acts)) == ([], [])
    assert "three days late" not in helper.page


async def test_whoever_has_no_story_here_stays_a_visitor_with_a_name(place: FormWorld) -> None:
    lets_message(place)
    browser = await visits(place)
    assert (await place.shows(browser.sentence, by=KIM)).result is Result.PROOF
    assert 'value="second"' not in await browser.opens(), "there is nothing they could be shown or joined to"
    types = [row.type for row in await place.rows(t.events)]
    assert types.count("identity.verified") == 1


async def test_each_network_has_its_own_way_to_call_on_us(place: FormWorld) -> None:
    async with place.world.store.writing() as uow:
        ours = [each.account for each in place.bridge.connected.values() if each.account.brand_id == "acme"]
        for account in ours:
            await uow.accounts.identified(account, Identity(f"id-{account.id}", f"we_{account.id}"))
    page = (await visits(place)).page
    assert len(ours) > 1
    assert re.findall(r"<code>@(\S+) I am opening Acme", page) == [f"we_{account.id}" for account in ours]


async def test_a_person_who_joined_them_already_is_no_hindrance(place: FormWorld) -> None:
    lets_message(place)
    browser = await visits(place)
    await place.shows(browser.sentence)
    (visitor,) = [row.ticket_id for row in await place.rows(t.form_sessions)]
    await place.site.door.merge("acme", visitor, place.handoff.ticket_id, "Kim", "the same matter", None)
    code = await second(place, browser)
    await browser.sends("confirm", second=code)
    assert browser.status == 200
    assert len(await place.rows(t.story_acts)) == 1
    assert len(await customers(place)) == 1
