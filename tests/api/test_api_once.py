"""`Idempotency-Key` on every POST there is, made from the routes: whoever adds one is asked for all of this."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.people import ACME
from fakes.web_things import Asking, asking, things_of
from fakes.web_world import EVERY_SCOPE, Site, document
from mentionbridge.ports.access import Earlier, Scope
from mentionbridge.web.app import rules
from mentionbridge.web.once import digest_of

RULES = rules()
POSTS = sorted(path for method, path in RULES if method == "POST" and path.startswith("/v1"))
BY_PEOPLE = {path for path in POSTS if {Scope.REPLY, Scope.APPROVE} & set(RULES["POST", path].scopes)}  # type: ignore[union-attr]
SENDS = {
    "/v1/incidents",
    "/v1/incidents/{incident_id}/broadcast",
    "/v1/replies/{reply_id}/approve",
    "/v1/tickets/{ticket_id}/messages",
}
SAYS_NOTHING = {
    "/v1/calls/{call_id}/attempts",
    "/v1/commitments",
    "/v1/commitments/{commitment_id}/keep",
    "/v1/commitments/{commitment_id}/move",
    "/v1/customers/{customer_id}/join",
    "/v1/customers/{customer_id}/separate",
    "/v1/replies/{reply_id}/edit",
    "/v1/replies/{reply_id}/reject",
    "/v1/replies/retract",
    "/v1/replies/{reply_id}/retract",
    "/v1/replies/{reply_id}/settle",
    "/v1/tasks/{task_id}/done",
    "/v1/tickets/bulk",
    "/v1/tickets/{ticket_id}/handoff/revoke",
    "/v1/tickets/{ticket_id}/external",
    "/v1/tickets/{ticket_id}/merge",
    "/v1/tickets/{ticket_id}/notes",
    "/v1/tickets/{ticket_id}/solve",
    "/v1/tickets/{ticket_id}/split",
    "/v1/tickets/{ticket_id}/undo",
}
NOT_NOW = {
    "/v1/replies/{reply_id}/retract",
    "/v1/replies/{reply_id}/settle",
    "/v1/customers/{customer_id}/join",
    "/v1/customers/{customer_id}/separate",
    "/v1/tickets/{ticket_id}/merge",
    "/v1/tickets/{ticket_id}/split",
    "/v1/tickets/{ticket_id}/undo",
}
"""Their example comes at the wrong time or names a second thing: they do nothing, so there is no answer to keep."""
KEYED = {"Idempotency-Key": "once"}
by_post = pytest.mark.parametrize("path", POSTS)


async def prepared(site: Site, path: str) -> tuple[Asking, dict[str, str], dict[str, str]]:
    site.world.clock.forward(3600)
    return _bare(path), await things_of(site, ACME), await site.token(*EVERY_SCOPE, brands=["*"])


def test_every_post_by_a_person_either_sends_or_says_nothing() -> None:
    assert SENDS | SAYS_NOTHING == BY_PEOPLE and not SENDS & SAYS_NOTHING


@by_post
async def test_the_same_request_again_gets_the_stored_answer(site: Site, path: str) -> None:
    ask, things, token = await prepared(site, path)
    first = await ask.send(site, things, {**token, **KEYED})
    again = await ask.send(site, things, {**token, **KEYED})
    assert "idempotent-replayed" not in first.headers
    if path in NOT_NOW:
        assert first.status_code in (404, 409), first.text
        assert (again.status_code, "idempotent-replayed" in again.headers) == (first.status_code, False)
        return
    assert 200 <= first.status_code < 300, first.text
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    site.world.clock.forward(timedelta(hours=23, minutes=59).total_seconds())
    assert (await ask.send(site, things, {**token, **KEYED})).headers["idempotent-replayed"] == "true"
    site.world.clock.forward(timedelta(minutes=2).total_seconds())
    assert "idempotent-replayed" not in (await ask.send(site, things, {**token, **KEYED})).headers


async def test_a_repeat_of_what_still_runs_and_another_body_are_refused(site: Site) -> None:
    things, token = await things_of(site, ACME), await site.token(*EVERY_SCOPE, brands=["*"])
    (known,) = await site.door.tokens.list()  # type: ignore[attr-defined]
    for path in POSTS:
        ask, keyed = _bare(path), {**token, "Idempotency-Key": path}
        digest = digest_of("POST", ask.at(things), "", ask.content(things))
        begun = await site.door.idempotency.begin(known.id, path, digest, site.world.clock.now())
        assert begun.earlier is Earlier.NEW
        running = await ask.send(site, things, keyed)
        assert (running.status_code, running.json()["code"]) == (409, "idempotency_running"), path
        other = replace(ask, query={"n": "1"}) if ask.body is None else replace(ask, body={**ask.body, "more": 1})
        refused = await other.send(site, things, keyed)
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_mismatch"), path


async def test_what_sends_needs_a_key_and_nothing_else_does(site: Site) -> None:
    things, token = await things_of(site, ACME), await site.token(*EVERY_SCOPE, brands=["*"])
    for path in POSTS:
        bare = await _bare(path).send(site, things, token)
        assert (bare.json().get("code") == "bad_idempotency_key") == (path in SENDS), bare.text
        documented = document()["paths"][path]["post"]
        assert ("needs an Idempotency-Key" in documented["summary"]) == (path in SENDS)
        odd = await _bare(path).send(site, things, {**token, "Idempotency-Key": "two words"})
        assert (odd.status_code, odd.json()["code"]) == (400, "bad_idempotency_key"), path


def _bare(path: str) -> Asking:
    return replace(asking(document(), "post", path), headers={})
