"""The company's own records: asked after proof, off the page, a proof of their own; and what else proof opens."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from fakes.form_world import TERMS, Browser, FormWorld
from fakes.people import SAM
from form.test_calls import opens, staffed
from form.test_form_uploads import picture
from form.test_proof_attacks import lets_message, second_code
from form.test_taps import ASKED, solve, stands
from mentionbridge.bootstrap.doors import use_cases
from mentionbridge.domain.errors import NoAnswer
from mentionbridge.domain.handoff import Needs, Proof
from mentionbridge.domain.mention import Author
from mentionbridge.domain.record import MOST_AN_HOUR, Held, RecordCheck
from mentionbridge.pipeline.records import ask_records
from mentionbridge.ports.access import Scope
from mentionbridge.ports.records import RecordAnswer
from mentionbridge.ports.store import Queue
from mentionbridge.store import tables as t

both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
ORDER = "AC-4711"


@dataclass
class Ledger:
    """A company's records: who holds what, and everything they were asked."""

    holders: dict[str, str] = field(default_factory=lambda: {ORDER: "customer 17"})
    asked: list[tuple[dict[str, str], Proof, str, Author | None]] = field(default_factory=list)
    down: bool = False

    async def ask(self, check: RecordCheck, proof: Proof, platform: str, author: Author | None) -> RecordAnswer:
        self.asked.append((dict(check.details), proof, platform, author))
        if self.down:
            raise NoAnswer("the records answered 500")
        account = self.holders.get(check.details.get("order_number", ""))
        return RecordAnswer(Held.HOLDS, account) if account else RecordAnswer(Held.DOES_NOT)

    async def aclose(self) -> None: ...


def with_records(place: FormWorld, **needs: Proof) -> Ledger:
    """Let the brand have records, and need these proofs."""
    ledger, bridge = Ledger(), place.bridge
    form = replace(bridge.brands["acme"].form or TERMS, needs=Needs(**needs))
    acme = replace(bridge.brands["acme"], form=form)
    place.bridge = replace(bridge, brands={**bridge.brands, "acme": acme}, records={"acme": ledger})
    place.site.app.state.door = replace(place.site.app.state.door, **use_cases(place.bridge))
    return ledger


async def works(place: FormWorld) -> int:
    """Let the worker ask whatever is due; returns how much that was."""
    async with place.world.store.writing() as uow:
        leases = await uow.claims.take(Queue.RECORDS, 50, 60)
    for lease in leases:
        await ask_records(place.bridge, lease)
    return len(leases)


async def names_an_order(place: FormWorld, order: str = ORDER, path: str = "") -> Browser:
    browser = place.browser(path)
    await browser.opens()
    await browser.sends(message="where is it?", order_number=f"  {order} ", phone="")
    assert browser.status == 200
    return browser


async def proves(place: FormWorld, browser: Browser) -> None:
    await browser.sends("code")
    await place.shows(browser.sentence)


async def told(place: FormWorld) -> list[dict[str, Any]]:
    answer = await place.site.http.get(
        f"/v1/tickets/{place.handoff.ticket_id}/handoff", await place.site.token(Scope.READ)
    )
    records: list[dict[str, Any]] = answer.json()["records"]
    return records


async def lines(place: FormWorld) -> list[tuple[str, str | None, str]]:
    return [(row.reason, row.text, row.surface) for row in await place.rows(t.entries) if row.kind == "records"]


@both
async def test_what_was_written_before_proof_is_asked_once_there_is_proof(place: FormWorld) -> None:
    ledger = with_records(place)
    browser = await names_an_order(place)
    assert (await works(place), ledger.asked) == (0, []), "a stranger at the link has nothing looked up"
    await proves(place, browser)
    assert await works(place) == 1
    ((details, proof, platform, author),) = ledger.asked
    assert (details, proof) == ({"order_number": ORDER}, Proof.WEAK)
    assert (platform, author and (author.external_id, author.handle)) == ("demo", (SAM.external_id, SAM.handle))
    (check,) = await told(place)
    assert (check["state"], check["account"], check["proof"]) == ("holds", "customer 17", "weak")
    says = "the company's records: this customer holds the account"
    assert await lines(place) == [(says, "customer 17", "internal")]
    (event,) = [row for row in await place.rows(t.events) if row.type == "records.answered"]
    assert {name: event.facts[name] for name in ("held", "proof")} == {"held": "holds", "proof": "weak"}
    assert "customer 17" not in str(event.facts)
    (row,) = await place.rows(t.record_checks)
    assert row.details == {}, "what was given is not kept once it was asked"
    assert await works(place) == 0


@both
async def test_it_is_a_proof_of_its_own_and_nobody_at_the_form_learns_of_it(place: FormWorld) -> None:
    ledger = with_records(place)
    found, other = await names_an_order(place), await names_an_order(place, "AC-1")
    for browser in (found, other):
        await proves(place, browser)
        await works(place)
        await browser.opens()
    assert [sorted(each[0].values()) for each in ledger.asked] == [[ORDER], ["AC-1"]]
    assert [check["state"] for check in await told(place)] == ["holds", "does_not"]
    pages = [each.page.replace(ORDER, "X").replace("AC-1", "X") for each in (found, other)]
    assert "customer 17" not in "".join(pages)
    assert len(set(map(_plain, pages))) == 1, "the two pages differ by what the records said"
    sessions = [row.proof for row in await place.rows(t.form_sessions)]
    assert sessions == ["weak", "weak"], "whoever knows an order number is not the author for that"


def _plain(page: str) -> str:
    """Leave out what differs between two visits anyway."""
    return "\n".join(line for line in page.split("\n") if "csrf" not in line and "nonce" not in line)


async def test_what_needs_strong_proof_waits_for_it(place: FormWorld) -> None:
    lets_message(place)
    ledger = with_records(place, records=Proof.STRONG)
    browser = await names_an_order(place)
    await proves(place, browser)
    assert (await works(place), ledger.asked) == (0, [])
    await browser.opens()
    await browser.sends("second")
    await browser.sends("confirm", second=await second_code(place))
    assert (await works(place), [each[1] for each in ledger.asked]) == (1, [Proof.STRONG])


async def test_proof_that_has_ended_asks_nothing(place: FormWorld) -> None:
    ledger = with_records(place)
    browser = await names_an_order(place)
    await proves(place, browser)
    place.world.clock.forward(3 * 3600)
    assert (await works(place), ledger.asked) == (1, [])
    assert (await works(place), [each["state"] for each in await told(place)]) == (0, ["asked"])
    await browser.opens()
    await proves(place, browser)
    assert (await works(place), len(ledger.asked)) == (1, 1)


@both
async def test_records_that_are_down_are_asked_four_times_and_then_nobody_can_tell(place: FormWorld) -> None:
    ledger = with_records(place)
    ledger.down = True
    browser = await names_an_order(place)
    await proves(place, browser)
    waited = []
    while not await lines(place):
        waited.append(await works(place))
        place.world.clock.forward(60)
        assert len(waited) < 60
    assert (len(ledger.asked), sum(waited)) == (4, 4)
    assert [(each["state"], each["account"]) for each in await told(place)] == [("unknown", None)]


async def test_nobody_finds_out_by_trying(place: FormWorld) -> None:
    ledger = with_records(place)
    browser = await names_an_order(place, "AC-0")
    await proves(place, browser)
    for number in range(1, 3 * MOST_AN_HOUR):
        await browser.opens()
        await browser.sends(message="it is me", order_number=f"AC-{number}")
    while await works(place):
        pass
    assert len(ledger.asked) == MOST_AN_HOUR
    place.world.clock.forward(3601)
    await browser.opens()
    await browser.sends(message="it is me", order_number="AC-99")
    assert (await works(place), len(ledger.asked)) == (1, MOST_AN_HOUR + 1)


async def test_without_records_or_without_an_answer_nothing_is_kept(place: FormWorld) -> None:
    browser = await names_an_order(place)
    await proves(place, browser)
    ledger = with_records(place)
    await browser.opens()
    await browser.sends(message="only words, and AC-4711 among them")
    assert (await works(place), ledger.asked, await place.rows(t.record_checks)) == (0, [], [])


async def test_records_taken_from_the_config_leave_it_untold(place: FormWorld) -> None:
    with_records(place)
    browser = await names_an_order(place)
    await proves(place, browser)
    place.bridge = replace(place.bridge, records={})
    await works(place)
    assert [each["state"] for each in await told(place)] == ["unknown"]


async def test_who_was_erased_meanwhile_is_asked_about_no_more(place: FormWorld) -> None:
    ledger = with_records(place)
    browser = await names_an_order(place)
    await proves(place, browser)
    (customer,) = {row.customer_id for row in await place.rows(t.authors) if row.customer_id}
    await place.site.door.forget("acme", customer, "Kim")
    assert (await works(place), ledger.asked) == (0, [])
    (row,) = await place.rows(t.record_checks)
    assert (row.state, row.details, row.redacted) == ("unknown", {}, True)


async def test_a_visitor_of_the_brands_own_page_needs_no_proof_where_none_is_asked_for(place: FormWorld) -> None:
    ledger = with_records(place, records=Proof.NONE)
    await names_an_order(place, path="/c/acme")
    assert await works(place) == 1
    ((_, proof, platform, author),) = ledger.asked
    assert (proof, platform, author) == (Proof.NONE, "", None)


async def test_photos_may_need_proof(place: FormWorld) -> None:
    with_records(place, photos=Proof.WEAK)
    browser = place.browser()
    assert 'type="file"' not in await browser.opens() and "To send photos" in browser.page
    await browser.sends(message="look", files=[("photos", ("a.png", picture("PNG"), "image/png"))])
    assert (browser.status, "Nothing was sent" in browser.page, "look" in browser.page) == (403, True, True)
    assert (await place.rows(t.uploads), [row for row in await place.rows(t.entries) if row.kind == "form"]) == ([], [])
    await proves(place, browser)
    assert 'type="file"' in await browser.opens()
    await browser.sends(message="look", files=[("photos", ("a.png", picture("PNG"), "image/png"))])
    assert (browser.status, len(await place.rows(t.uploads))) == (200, 1)


async def test_a_call_may_need_proof(place: FormWorld) -> None:
    staffed(place)
    _, slots = await opens(place)
    with_records(place, call=Proof.WEAK)
    browser, hidden = await opens(place)
    assert (bool(slots), hidden, "To choose when we call you" in browser.page) == (True, [], True)
    await browser.sends(message="ring me", phone="+44 20 7946 0000", call_at=slots[0])
    assert (browser.status, await place.rows(t.calls)) == (403, [])
    await proves(place, browser)
    await browser.opens()
    await browser.sends(message="ring me", phone="+44 20 7946 0000", call_at=slots[0])
    assert (browser.status, len(await place.rows(t.calls))) == (200, 1)


async def test_a_yes_may_need_strong_proof(place: FormWorld) -> None:

    with_records(place, outcome=Proof.STRONG)
    browser = await names_an_order(place)
    await proves(place, browser)
    await solve(place)
    assert ASKED in await browser.opens()
    assert "counts as the author" in browser.page
    await browser.sends("solved")
    assert await stands(place) == ("solved", None)
