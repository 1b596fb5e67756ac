"""The form as a browser meets it: who sees what, what is kept, and what leads nowhere."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.form_world import FormWorld
from mentionbridge.domain.handoff import LINES_AN_HOUR
from mentionbridge.domain.ticket import TicketState
from mentionbridge.ports.access import Scope
from mentionbridge.store import tables as t
from mentionbridge.web.form import ink
from mentionbridge.web.form_words import LANGUAGES, WORDS, language

HEAVIEST = 60_000
NASTY = "<script>alert(1)</script>\u202egnp.exe\x00 & \"quoted\" 'n' done"


async def test_the_page_tells_of_the_public_post_asks_and_keeps_what_is_written(place: FormWorld) -> None:
    browser = place.browser()
    page = await browser.opens()
    assert "my parcel is three days late" in page and "@sam" in page
    assert 'name="order_number"' in page and 'name="model"' not in page
    await browser.sends(message="It lies at the depot.", order_number="A-1", phone="+44 20 7946 0000", call_when="noon")
    assert browser.status == 200 and "we have it" in browser.page and "It lies at the depot." in browser.page
    (entry,) = [row for row in await place.rows(t.entries) if row.kind == "form"]
    assert (entry.surface, entry.reason) == ("private", "unverified") and "unverified" in entry.actor
    assert entry.text == "order number: A-1\nphone: +44 20 7946 0000\ncall when: noon\nIt lies at the depot."


async def test_an_unverified_line_moves_nothing(place: FormWorld) -> None:
    (before,) = await place.rows(t.tickets)
    browser = place.browser()
    await browser.opens()
    await browser.sends(message="hello")
    (after,) = await place.rows(t.tickets)
    assert (after.state, after.priority, after.topic) == (before.state, before.priority, before.topic)
    assert await place.rows(t.waits) == [] and len(await place.rows(t.mentions)) == 1


async def test_the_funnel_has_its_times_and_events(place: FormWorld) -> None:
    robot, browser = place.browser(), place.browser()
    await robot.http.get(robot.path)
    assert (await place.funnel()).opened_at is None, "a robot that names no language does not count"
    await browser.opens()
    place.world.clock.forward(60)
    await browser.sends(message="here I am")
    await browser.sends(message="and more")
    found = await place.funnel()
    assert found.opened_at is not None and found.received_at == found.opened_at + timedelta(seconds=60)
    types = [row.type for row in await place.rows(t.events) if row.type.startswith("handoff")]
    assert types == ["handoff.opened", "handoff.details_received"]


async def test_each_browser_sees_its_own_words_alone(place: FormWorld) -> None:
    first, second = place.browser(), place.browser()
    await first.opens()
    await first.sends(message="the secret of the first")
    assert "the secret of the first" in await first.opens()
    assert "the secret of the first" not in await second.opens()


async def test_what_was_answered_is_shown_in_the_visitors_language_and_kept_in_the_teams(place: FormWorld) -> None:
    browser = place.browser()
    await browser.opens(**{"accept-language": "de"})
    await browser.sends(phone="+44 20 7946 0000", message="order number: none")
    page = await browser.opens(**{"accept-language": "de"})
    assert "Telefon: +44 20 7946 0000" in page and "phone:" not in page
    (entry,) = [row for row in await place.rows(t.entries) if row.kind == "form"]
    assert entry.text.startswith("phone: +44 20 7946 0000")


@pytest.mark.parametrize("how", ["guessed", "revoked", "expired", "erased"])
async def test_an_address_that_leads_nowhere_says_so(place: FormWorld, how: str) -> None:
    browser = place.browser(f"/h/{'0' * 40}" if how == "guessed" else "")
    if how == "revoked":
        await place.site.app.state.door.revoke("acme", place.handoff.ticket_id, "Kim")
    if how == "expired":
        place.world.clock.forward(15 * 86_400)
    if how == "erased":
        async with place.world.store.writing() as uow:
            (customer,) = [row.customer_id for row in await place.rows(t.authors)]
            await uow.customers.erase("acme", customer, place.world.clock.now())
    page = await browser.opens()
    assert browser.status == 404 and "leads nowhere" in page and "parcel" not in page
    assert (await browser.http.post(browser.path, data={"message": "x"})).status_code == 404


async def test_a_cookie_of_one_story_is_none_of_another(place: FormWorld) -> None:
    browser, other = place.browser(), place.browser("/c/acme")
    await browser.opens()
    await browser.sends(message="of the story")
    secret = browser.http.cookies["mb_form"]
    other.http.cookies.set("mb_form", secret)
    assert "of the story" not in await other.opens()


async def test_a_page_of_another_site_cannot_send(place: FormWorld) -> None:
    browser = place.browser()
    await browser.opens()
    browser.page = ""
    await browser.sends(message="forged")
    assert browser.status == 403
    assert (await place.browser().http.post(browser.path, data={"message": "x", "csrf": "x"})).status_code == 403
    assert await place.rows(t.form_lines) == [] and await place.rows(t.form_sessions) == []


async def test_the_headers_let_nothing_in_and_nothing_stay(place: FormWorld) -> None:
    browser = place.browser()
    answer = await browser.http.get(browser.path, headers={"accept-language": "en"})
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script" not in policy and "frame-ancestors 'none'" in policy
    assert answer.headers["cache-control"] == "no-store" and "noindex" in answer.headers["x-robots-tag"]
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and f"path={browser.path}" in cookie
    assert "<script" not in answer.text


async def test_whatever_is_written_is_shown_as_text(place: FormWorld) -> None:
    browser = place.browser()
    await browser.opens()
    await browser.sends(message=NASTY, phone=NASTY)
    assert browser.status == 200 and "<script>" not in browser.page and "&lt;script&gt;" in browser.page
    (entry,) = [row for row in await place.rows(t.entries) if row.kind == "form"]
    assert "\x00" not in entry.text
    await browser.sends(message="x" * 4001, phone='"><b>')
    assert browser.status == 422 and '"><b>' not in browser.page


async def test_nothing_is_sent_when_nothing_was_written(place: FormWorld) -> None:
    browser = place.browser()
    await browser.opens()
    await browser.sends(message="  ")
    assert browser.status == 422 and "write something" in browser.page


async def test_a_browser_that_writes_too_much_is_told_to_wait(place: FormWorld) -> None:
    browser = place.browser()
    await browser.opens()
    for number in range(LINES_AN_HOUR):
        await browser.sends(message=f"line {number}")
        assert browser.status == 200
    await browser.sends(message="one more")
    assert browser.status == 429
    place.world.clock.forward(3601)
    await browser.sends(message="an hour later")
    assert browser.status == 200


async def test_whoever_asks_too_often_is_told_to_wait(place: FormWorld) -> None:
    door = place.site.app.state.door
    place.site.app.state.door = replace(door, limits=replace(door.limits, form_requests_per_minute=3))
    browser = place.browser("/h/guess")
    seen = []
    for _ in range(5):
        await browser.opens()
        seen.append(browser.status)
    assert seen == [404, 404, 404, 429, 429]


async def test_a_solved_story_takes_no_more(place: FormWorld) -> None:
    browser = place.browser()
    await browser.opens()
    async with place.world.store.writing() as uow:
        ticket = await uow.tickets.get("acme", place.handoff.ticket_id)
        assert ticket is not None
        await uow.tickets.set_state(ticket, TicketState.SOLVED, place.world.clock.now())
    await browser.sends(message="late")
    assert browser.status == 409 and "/c/acme" in browser.page and await place.rows(t.form_lines) == []


async def test_a_brands_own_form_opens_a_private_ticket_once(place: FormWorld) -> None:
    browser = place.browser("/c/acme")
    await browser.opens()
    await browser.sends(message="my parcel never came")
    assert browser.status == 200
    await browser.sends(message="it is blue")
    tickets = [row for row in await place.rows(t.tickets) if row.platform == "form"]
    assert [(row.surface, row.topic) for row in tickets] == [("private", "parcel")]
    lines = [row for row in await place.rows(t.entries) if row.ticket_id == tickets[0].id]
    assert [row.text for row in lines] == ["my parcel never came", "it is blue"]
    types = [row.type for row in await place.rows(t.events) if row.ticket_id == tickets[0].id]
    assert types == ["ticket.opened", "ticket.updated", "ticket.updated"]
    assert len(await place.rows(t.waits)) == 1, "a story without a post waits for an answer too"
    assert (await place.browser("/c/borealis").http.get("/c/borealis")).status_code == 404


async def test_the_api_tells_the_funnel_and_ends_it(place: FormWorld) -> None:
    browser = place.browser()
    await browser.opens()
    await browser.sends(message="here I am")
    headers = await place.site.token(Scope.READ, Scope.REPLY)
    path = f"/v1/tickets/{place.handoff.ticket_id}/handoff"
    (told,) = (await browser.http.get(path, headers=headers)).json()["items"]
    assert (told["way"], told["state"], told["proof"]) == ("form", "details_received", "none")
    ended = await browser.http.post(f"{path}/revoke", headers={**headers, "idempotency-key": "k"})
    assert ended.json()["items"][0]["revoked_at"] is not None
    await browser.opens()
    assert browser.status == 404


async def test_no_token_is_kept_as_it_is(place: FormWorld) -> None:
    for table in (t.handoffs, t.form_sessions, t.entries, t.events):
        assert place.token not in str(await place.rows(table))


async def test_the_page_is_light_in_every_language(place: FormWorld) -> None:
    browser = place.browser()
    for lang in LANGUAGES:
        answer = await browser.http.get(browser.path, headers={"accept-language": lang})
        assert f'lang="{lang}"' in answer.text and len(answer.content) < HEAVIEST
        assert WORDS["send"][LANGUAGES.index(lang)] in answer.text


def test_every_sentence_has_every_language() -> None:
    assert [name for name, told in WORDS.items() if len(told) != len(LANGUAGES) or not all(told)] == []
    assert len({told for each in WORDS.values() for told in each}) > 4 * len(WORDS)


@pytest.mark.parametrize(
    ("accepted", "own", "found"),
    [("de-AT,en;q=0.5", "en", "de"), ("pt", "fr", "fr"), ("", "xx", "en"), ("\xff" * 4000, "it", "it")],
)
def test_the_language_is_the_visitors_then_the_brands(accepted: str, own: str, found: str) -> None:
    assert language(accepted, own) == found


@pytest.mark.parametrize("colour", ["#ffffff", "#000000", "#1f4e79", "#ffcc00", "#777777", "#e4002b"])
def test_the_head_can_be_read_on_any_colour(colour: str) -> None:
    def light(told: str) -> float:
        parts = [int(told[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        return sum(
            weight * (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
            for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True)
        )

    one, two = sorted((light(colour), light(ink(colour))))
    assert (two + 0.05) / (one + 0.05) >= 4.5
    assert re.fullmatch(r"#\w{6}", ink(colour))
