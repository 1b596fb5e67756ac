"""A desk answers from its side: rights first, once, and never over somebody else's answer."""

import json
import re
from pathlib import Path
from typing import Any

from fakes.people import story
from fakes.web_world import Site
from mentionbridge.domain.reply import ReplyState
from mentionbridge.ports.access import Scope

WORDS = "Your new jacket is on its way and is with you tomorrow."


async def ticket(site: Site) -> str:
    async with site.world.store.writing() as uow:
        return (await story(uow, "p-1", state=ReplyState.SENT)).ticket_id


async def say(site: Site, token: dict[str, str], ticket_id: str, key: str = "k-1", **more: Any) -> Any:
    body = {"text": WORDS, "seen": 0, "actor": {"name": "Kim"}, **more}
    return await site.http.post(f"/v1/tickets/{ticket_id}/messages", {**token, "Idempotency-Key": key}, body)


async def test_words_are_queued_once_and_open_the_ticket(site: Site) -> None:
    desk, ticket_id = await site.token(Scope.READ, Scope.REPLY), await ticket(site)
    first = await say(site, desk, ticket_id)
    assert (first.status_code, first.json()["state"], first.json()["purpose"]) == (201, "queued", "message")
    assert (first.json()["surface"], first.json()["author_of_words"]) == ("public", "Kim via desk")
    again = await say(site, desk, ticket_id)
    assert (again.json()["id"], again.headers["idempotent-replayed"]) == (first.json()["id"], "true")
    assert (await site.http.get(f"/v1/tickets/{ticket_id}", desk)).json()["state"] == "open"


async def test_a_writer_is_warned_about_their_own_words_and_they_go_out_as_they_are(site: Site) -> None:
    desk, ticket_id = await site.token(Scope.REPLY), await ticket(site)
    text = "You should have told us, @sam. We will call you tomorrow, and @lee too."
    told = (await say(site, desk, ticket_id, text=text)).json()
    assert (told["text"], told["state"]) == (text, "queued")
    assert [each["doubt"] for each in told["warnings"]] == ["blame", "promise", "somebody_else"]
    assert text[told["warnings"][0]["start"] : told["warnings"][0]["end"]] == "You should have"


async def test_another_desk_that_has_not_seen_the_answer_gets_it_instead(site: Site) -> None:
    ticket_id = await ticket(site)
    one, two = await site.token(Scope.REPLY, name="one"), await site.token(Scope.READ, Scope.REPLY, name="two")
    first = await say(site, one, ticket_id)
    second = await say(site, two, ticket_id, actor={"name": "Lee"})
    assert (second.status_code, second.json()["code"]) == (409, "already_answered")
    assert (second.json()["answer"]["id"], second.json()["answer"]["text"]) == (first.json()["id"], WORDS)
    own_second = await say(site, one, ticket_id, key="k-2", text="And it is blue, as you asked.")
    assert own_second.status_code == 201, "a desk's own second message goes through"
    seen = (await site.http.get(f"/v1/tickets/{ticket_id}", two)).json()["sequence"]
    informed = await say(site, two, ticket_id, key="k-3", seen=seen, text="The driver calls you before noon.")
    assert informed.status_code == 201, "whoever has read it may add to it"


async def test_a_release_needs_the_scope_to_approve_and_a_reason(site: Site) -> None:
    ticket_id = await ticket(site)
    leaking = {"text": "Call Ada on +44 20 7946 0018", "release": {"reason": "she asked for it"}}
    plain = await say(site, await site.token(Scope.REPLY), ticket_id, **leaking)
    assert (plain.status_code, plain.json()["code"]) == (403, "scope_missing")
    lead = await site.token(Scope.REPLY, Scope.APPROVE)
    for reason in ("", None):
        refused = await say(site, lead, ticket_id, key="k-2", **{**leaking, "release": {"reason": reason}})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    released = await say(site, lead, ticket_id, key="k-3", **leaking)
    assert (released.status_code, released.json()["released"]) == (201, "she asked for it")


async def test_the_example_of_the_documentation_is_taken(site: Site) -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    told = page.partition("## Answer the customer")[2]
    body, answer = (json.loads(each) for each in re.findall(r"^```json\n(.*?)^```", told, re.DOTALL | re.MULTILINE)[:2])
    taken = await say(site, await site.token(Scope.REPLY), await ticket(site), **{**body, "seen": 0})
    assert taken.status_code == 201
    given = taken.json()
    assert {name: given[name] for name in answer} == {**answer, "id": given["id"]}


async def test_what_may_not_be_said_comes_with_the_reason(site: Site) -> None:
    desk, ticket_id = await site.token(Scope.REPLY), await ticket(site)
    private = await say(site, desk, ticket_id, surface="private")
    assert (private.status_code, private.json()["code"]) == (409, "permission")
    assert "no one may write to them" in private.json()["detail"]
    leaking = await say(site, desk, ticket_id, key="k-2", text="Call Ada on +44 20 7946 0018")
    assert (leaking.status_code, leaking.json()["code"]) == (409, "tells_private")
    long = await say(site, desk, ticket_id, key="k-3", text="so " * 200)
    assert long.json()["code"] == "too_long"
    keyless = await site.http.post(f"/v1/tickets/{ticket_id}/messages", desk, {"text": WORDS, "seen": 0})
    assert (keyless.status_code, keyless.json()["code"]) == (400, "bad_idempotency_key")
    unseen = await site.http.post(
        f"/v1/tickets/{ticket_id}/messages", {**desk, "Idempotency-Key": "k-4"}, {"text": WORDS}
    )
    assert (unseen.status_code, "seen" in unseen.json()["detail"]) == (422, True)
    foreseen = await say(site, desk, ticket_id, key="k-5", seen=9999)
    assert (foreseen.status_code, foreseen.json()["code"]) == (422, "invalid"), "nobody sees past the next answer"


async def test_a_mirror_is_claimed_once(site: Site) -> None:
    desk, ticket_id = await site.token(Scope.READ, Scope.REPLY), await ticket(site)
    path = f"/v1/tickets/{ticket_id}/external"
    claim = {"desk": "service-desk", "external_id": "4711", "url": "https://desk.example/t/4711"}
    first = await site.http.post(path, desk, claim)
    assert (first.status_code, first.json()["external_id"]) == (200, "4711")
    assert (await site.http.post(path, desk, claim)).json() == first.json()
    other = await site.http.post(path, desk, {**claim, "external_id": "4712"})
    assert (other.status_code, other.json()["code"]) == (409, "external_taken")
    assert [each["desk"] for each in (await site.http.get(path, desk)).json()["items"]] == ["service-desk"]
