"""Who may prove what: the honest way, and eleven ways to be somebody else."""

import re
from dataclasses import replace
from typing import Any

import pytest

from fakes.form_world import Browser, FormWorld
from fakes.people import ACME, OTHER, SAM, post, store_post
from fakes.web_world import FETCHED
from mentionbridge.domain.capabilities import Capabilities
from mentionbridge.domain.errors import PlatformDown
from mentionbridge.domain.mention import Author, Origin, Surface, Visibility
from mentionbridge.domain.reply import Refusal, ReplyRight
from mentionbridge.pipeline.take_in import Result
from mentionbridge.store import tables as t

EARLIER = "the parcel held my late grandmother and a ring"
STRANGE = "call me on my own number, says a stranger"
KIM = Author("u-8", "kim", "Kim")


async def with_code(place: FormWorld) -> Browser:
    browser = place.browser()
    await browser.opens()
    await browser.sends("code")
    return browser


async def proof(place: FormWorld) -> str:
    (session,) = [row for row in await place.rows(t.form_sessions) if row.code_digest]
    return str(session.proof)


def lets_message(place: FormWorld) -> None:
    """Let the network take private messages from us."""
    platform: Any = place.bridge.at("acme", ACME.id).platform
    platform.capabilities = Capabilities(max_length=300, private_messages=True)


async def said_before(place: FormWorld) -> None:
    """The author wrote this as a private message already, and a stranger something into the form."""
    async with place.world.store.writing() as uow:
        told = await store_post(uow, post("dm-1", EARLIER, visibility=Visibility.DIRECT))
        await uow.mentions.join("acme", told.id, place.handoff.ticket_id)
    stranger = place.browser()
    await stranger.opens()
    await stranger.sends(message=STRANGE)
    assert stranger.status == 200


async def second_code(place: FormWorld) -> str:
    (sent,) = [row for row in await place.rows(t.replies) if row.purpose == "proof"]
    assert (sent.surface, sent.state, sent.author_id) == ("private", "queued", place.handoff.author_id)
    found = re.match(r"\w{4}-\w{4}", sent.text)
    assert found
    return found[0]


@pytest.mark.parametrize("answer", ["closed", "down"])
async def test_a_code_that_cannot_arrive_is_not_sent_and_the_page_says_what_to_do(
    place: FormWorld, answer: str
) -> None:
    lets_message(place)
    browser = await with_code(place)
    await place.shows(browser.sentence)
    platform: Any = place.bridge.at("acme", ACME.id).platform

    async def rights(target: object) -> list[ReplyRight]:
        if answer == "down":
            raise PlatformDown("no answer")
        return [ReplyRight(Surface.PRIVATE, False, "they did not write first", Refusal.PERMISSION)]

    platform.reply_rights = rights
    await browser.opens()
    await browser.sends("second")
    said = "Send us a private message there first" if answer == "closed" else "not possible now"
    assert browser.status == 409
    assert said in browser.page
    assert [row for row in await place.rows(t.replies) if row.purpose == "proof"] == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_the_author_proves_weakly_then_strongly_and_sees_the_story(place: FormWorld) -> None:
    lets_message(place)
    await said_before(place)
    browser = await with_code(place)
    assert "opening Acme" in browser.sentence
    taken = await place.shows(browser.sentence)
    assert taken.result is Result.PROOF and taken.mention_id is None
    assert len(await place.rows(t.mentions)) == 2, "the code's post is never a mention"
    assert (await place.funnel()).state == "verified"
    assert EARLIER not in await browser.opens(), "weak proof shows nothing earlier"
    await browser.sends("second")
    code = await second_code(place)
    await browser.sends("confirm", second=code.lower())
    assert await proof(place) == "strong"
    assert EARLIER in browser.page and STRANGE not in browser.page
    types = [row.type for row in await place.rows(t.events) if row.type.startswith("identity")]
    assert types == ["identity.verified", "identity.verified"]
    place.world.clock.forward(2 * 3600)
    assert EARLIER not in await browser.opens(), "proof ends"


async def test_the_second_code_is_sent_in_the_language_of_their_post(place: FormWorld) -> None:
    lets_message(place)
    async with place.world.engine.writing() as connection:
        await connection.exec_driver_sql("UPDATE mentions SET lang = 'de-CH'")
    browser = await with_code(place)
    await place.shows(browser.sentence)
    await browser.opens()
    await browser.sends("second")
    (sent,) = [row for row in await place.rows(t.replies) if row.purpose == "proof"]
    assert (sent.lang, "öffnet das private Formular von Acme" in sent.text) == ("de", True)
    await browser.sends("confirm", second=await second_code(place))
    assert await proof(place) == "strong"


async def test_relay_by_a_false_helper_stays_weak_and_shows_nothing(place: FormWorld) -> None:
    lets_message(place)
    await said_before(place)
    helper = await with_code(place)
    first = helper.sentence
    await place.shows(first)
    assert await proof(place) == "weak"
    await helper.sends("second")
    real = await second_code(place)
    for guess in ("0000-0000", "AAAA-AAAA", first, "", "1111-1111", "2222-2222"):
        await helper.sends("confirm", second=guess)
        assert helper.status == 422 and EARLIER not in helper.page
    await helper.sends("confirm", second=real)
    assert await proof(place) == "weak", "after five wrong ones the right one is dead too"


async def test_a_wrong_author_proves_nothing(place: FormWorld) -> None:
    browser = await with_code(place)
    assert (await place.shows(browser.sentence, by=KIM)).result is Result.CREATED
    assert await proof(place) == "none"


async def test_a_copied_code_proves_nothing_for_the_copier(place: FormWorld) -> None:
    browser = await with_code(place)
    await place.shows(browser.sentence)
    assert (await place.shows(browser.sentence, by=KIM)).result is Result.CREATED
    (session,) = [row for row in await place.rows(t.form_sessions) if row.proof != "none"]
    assert session.proven_author == place.handoff.author_id


async def test_an_expired_code_proves_nothing(place: FormWorld) -> None:
    browser = await with_code(place)
    said = browser.sentence
    place.world.clock.forward(16 * 60)
    assert (await place.shows(said)).result is Result.CREATED
    assert await proof(place) == "none"
    assert "<code>" not in await browser.opens()


async def test_a_replayed_code_proves_nothing_again(place: FormWorld) -> None:
    browser = await with_code(place)
    said = browser.sentence
    await place.shows(said)
    again = await place.shows(said)
    assert again.result is Result.PROOF, "the same post by a later poll is known, and still no mention"
    assert (await place.shows(said, external_id="p-again")).result is Result.CREATED
    await browser.sends("code")
    assert await proof(place) == "none", "a new code begins anew"
    assert (await place.shows(said, external_id="p-old-code")).result is Result.CREATED
    assert await proof(place) == "none"


async def test_a_renamed_handle_lapses(place: FormWorld) -> None:
    browser = await with_code(place)
    await place.shows(browser.sentence)
    assert "seen your code" in await browser.opens()
    await place.shows("hello @acme", by=replace(SAM, handle="sam_is_gone"))
    assert "seen your code" not in await browser.opens()
    assert [row.type for row in await place.rows(t.events)].count("identity.lapsed") == 1


async def test_a_recycled_handle_inherits_nothing(place: FormWorld) -> None:
    browser = await with_code(place)
    stranger = Author("u-99", SAM.handle, SAM.name)
    assert (await place.shows(browser.sentence, by=stranger)).result is Result.CREATED
    assert await proof(place) == "none"


async def test_a_second_browser_has_no_proof(place: FormWorld) -> None:
    first, second = await with_code(place), place.browser()
    await place.shows(first.sentence)
    assert "seen your code" in await first.opens()
    assert "seen your code" not in await second.opens()
    await second.sends("second")
    assert second.status == 409


@pytest.mark.parametrize("facts", [{"is_quote": True}, {"is_repost": True}], ids=["quote", "repost"])
async def test_a_code_in_a_quote_or_repost_proves_nothing(place: FormWorld, facts: dict[str, bool]) -> None:
    browser = await with_code(place)
    assert (await place.shows(browser.sentence, **facts)).result is Result.CREATED
    assert await proof(place) == "none"


async def test_a_homoglyph_handle_proves_nothing(place: FormWorld) -> None:
    browser = await with_code(place)
    stranger = Author("u-77", "s\u0430m", "Sam Rivera")
    assert (await place.shows(browser.sentence, by=stranger)).result is Result.CREATED
    assert await proof(place) == "none"


@pytest.mark.parametrize("account", [FETCHED, OTHER], ids=["network", "brand"])
async def test_a_post_on_another_network_or_to_another_brand_proves_nothing(place: FormWorld, account: Any) -> None:
    browser = await with_code(place)
    assert (await place.shows(browser.sentence, account=account)).result is Result.CREATED
    assert await proof(place) == "none"


@pytest.mark.parametrize("origin", [Origin.PUSH, Origin.IMPORT, Origin.REPLAY])
async def test_what_we_did_not_fetch_proves_nothing(place: FormWorld, origin: Origin) -> None:
    browser = await with_code(place)
    assert (await place.shows(browser.sentence, origin=origin)).result is Result.CREATED
    assert await proof(place) == "none"


async def test_a_code_without_its_sentence_proves_nothing(place: FormWorld) -> None:
    browser = await with_code(place)
    code = re.search(r"\w{4}-\w{4}", browser.sentence)
    assert code
    assert (await place.shows(f"Claim your refund, post {code[0]}")).result is Result.CREATED
    assert await proof(place) == "none"


async def test_a_private_message_with_the_sentence_is_as_good(place: FormWorld) -> None:
    browser = await with_code(place)
    taken = await place.shows(browser.sentence, visibility=Visibility.DIRECT)
    assert (taken.result, await proof(place)) == (Result.PROOF, "weak")


async def test_no_code_is_kept_as_it_was_shown(place: FormWorld) -> None:
    browser = await with_code(place)
    code = re.search(r"\w{4}-\w{4}", browser.sentence)
    assert code
    for row in await place.rows(t.form_sessions):
        assert code[0] not in str(row) and str(browser.http.cookies.get("mb_form")) not in str(row)
