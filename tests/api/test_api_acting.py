"""What a person tells the bridge over `/v1`, once, whoever repeats it."""

import asyncio
from typing import Any

import pytest

from fakes.people import ACME, story
from fakes.web_world import EVERY_SCOPE, Site
from mentionbridge.domain.account import AccountState
from mentionbridge.domain.errors import StoreDown
from mentionbridge.domain.reply import Reply, ReplyState
from mentionbridge.ports.access import Scope

both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
KIM = {"actor": {"id": "7", "name": "Kim"}}


async def waiting(site: Site, external_id: str = "p-1", state: ReplyState = ReplyState.AWAITING_APPROVAL) -> Reply:
    async with site.world.store.writing() as uow:
        return await story(uow, external_id, state=state, due=None)


async def stored(site: Site, reply: Reply) -> Reply:
    async with site.world.store.reading() as uow:
        found = await uow.replies.get(reply.brand_id, reply.id)
    assert found is not None
    return found


@both
async def test_a_person_lets_a_reply_out_once(site: Site) -> None:
    reply = await waiting(site)
    headers = {**await site.token(Scope.APPROVE), "Idempotency-Key": "k-1"}
    url = f"/v1/replies/{reply.id}/approve"
    first, again = [await site.http.post(url, headers, KIM) for _ in range(2)]
    assert (first.status_code, first.json()["state"], first.json()["approved_by"]) == (200, "queued", "Kim via desk")
    assert "idempotent-replayed" not in first.headers
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    assert "text" not in first.json()
    other = await site.http.post(url, headers, {"actor": {"name": "Lee"}})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    fresh = await site.http.post(url, {**headers, "Idempotency-Key": "k-2"}, KIM)
    assert (fresh.status_code, fresh.json()["code"]) == (409, "reply_move")
    assert (await stored(site, reply)).approved_by == "Kim via desk"
    assert site.woken


@both
@pytest.mark.parametrize("state", sorted(set(ReplyState) - {ReplyState.DRAFT, ReplyState.AWAITING_APPROVAL}))
async def test_only_what_waits_for_a_person_can_be_approved(site: Site, state: ReplyState) -> None:
    reply = await waiting(site, state=state)
    headers = {**await site.token(Scope.APPROVE), "Idempotency-Key": "k-1"}
    answer = await site.http.post(f"/v1/replies/{reply.id}/approve", headers, KIM)
    assert (answer.status_code, answer.json()["code"]) == (409, "reply_move")
    assert await stored(site, reply) == reply


async def test_letting_a_reply_out_needs_a_key(site: Site) -> None:
    reply = await waiting(site)
    headers = await site.token(Scope.APPROVE)
    bare = await site.http.post(f"/v1/replies/{reply.id}/approve", headers)
    assert (bare.status_code, bare.json()["code"]) == (400, "bad_idempotency_key")
    for key in ("", "a b", "x" * 256):
        odd = await site.http.post(f"/v1/replies/{reply.id}/approve", {**headers, "Idempotency-Key": key})
        assert odd.json()["code"] == "bad_idempotency_key"
    assert (await stored(site, reply)).state is ReplyState.AWAITING_APPROVAL
    keyed = await site.http.post(f"/v1/replies/{reply.id}/approve", {**headers, "Idempotency-Key": "k"})
    assert keyed.json()["approved_by"] == "desk"


async def test_a_repeat_while_the_first_still_runs_is_told_so(site: Site) -> None:
    reply = await waiting(site)
    gate, entered = asyncio.Event(), asyncio.Event()

    async def slow(*which: str) -> Reply:
        entered.set()
        await gate.wait()
        return await site.door.approve(*which)

    http = site.changed(approve=slow)
    headers = {**await site.token(Scope.APPROVE), "Idempotency-Key": "k"}
    first = asyncio.create_task(http.post(f"/v1/replies/{reply.id}/approve", headers))
    await entered.wait()
    second = await http.post(f"/v1/replies/{reply.id}/approve", headers)
    assert (second.status_code, second.json()["code"], second.json()["retryable"]) == (409, "idempotency_running", True)
    gate.set()
    assert (await first).status_code == 200


async def test_a_failure_frees_the_key(site: Site) -> None:
    reply = await waiting(site)
    headers = {**await site.token(Scope.APPROVE), "Idempotency-Key": "k"}

    async def fail(*which: str) -> Reply:
        raise StoreDown("The database is busy with another writer and nothing was kept; try again in a moment.")

    down = await site.changed(approve=fail).post(f"/v1/replies/{reply.id}/approve", headers)
    assert (down.status_code, down.json()["code"]) == (503, "store_down")
    assert (await site.http.post(f"/v1/replies/{reply.id}/approve", headers)).status_code == 200


async def test_keys_of_two_tokens_do_not_meet(site: Site) -> None:
    one, two = await waiting(site, "p-1"), await waiting(site, "p-2")
    for reply, name in ((one, "desk"), (two, "night desk")):
        headers = {**await site.token(Scope.APPROVE, name=name), "Idempotency-Key": "same"}
        assert (await site.http.post(f"/v1/replies/{reply.id}/approve", headers)).status_code == 200


@both
async def test_a_person_rejects_edits_and_settles(site: Site) -> None:
    headers = await site.token(Scope.APPROVE)
    rejected, edited = await waiting(site, "p-1"), await waiting(site, "p-2")
    open_one, open_two = [await waiting(site, f"p-{n}", ReplyState.UNKNOWN) for n in (3, 4)]
    answer = await site.http.post(f"/v1/replies/{rejected.id}/reject", headers, {**KIM, "reason": "we called them"})
    assert (answer.json()["state"], answer.json()["reason"]) == ("rejected", "we called them")
    answer = await site.http.post(f"/v1/replies/{edited.id}/edit", headers, {"text": "Sorry! A courier is on the way."})
    assert answer.json()["state"] == "awaiting_approval"
    changed = await stored(site, edited)
    assert (changed.text, changed.author_of_words) == ("Sorry! A courier is on the way.", "desk")
    answer = await site.http.post(f"/v1/replies/{open_one.id}/settle", headers, {"sent": True, "external_id": "3k2"})
    assert answer.json()["state"] == "sent"
    assert ((await stored(site, open_one)).external_id, (await stored(site, open_one)).evidence) == (
        "3k2",
        "person: desk",
    )
    answer = await site.http.post(f"/v1/replies/{open_two.id}/settle", headers, {"sent": False, **KIM})
    assert answer.json()["state"] == "not_sent"


WRONG: list[tuple[str, Any, int, str, str]] = [
    ("reject", {}, 422, "invalid", "`reason` is missing."),
    ("reject", None, 422, "invalid", "The body is missing."),
    ("reject", {"reason": ""}, 422, "invalid", "`reason` should have at least 1 character."),
    ("reject", {"reason": "a\x00"}, 422, "invalid", "`reason` holds a NUL character"),
    ("reject", b'{"reason": "\\ud83d"}', 422, "invalid", "`reason` holds half a character"),
    ("reject", {"reason": "no", "why": 1}, 422, "invalid", "`why` is not a field we know."),
    ("reject", b'{"reason": "no", "\\ud83d": 1}', 422, "invalid", "The body holds half a character"),
    ("reject", {"reason": "no", "a\u202eb": 1}, 422, "invalid", "`a?b` is not a field we know."),
    ("reject", {"reason": "no", "x" * 5000: 1}, 422, "invalid", "x` is not a field we know."),
    ("edit", {"text": 5}, 422, "invalid", "`text` must be text."),
    ("edit", {"text": "x" * 301}, 409, "too_long", "This network takes at most 300"),
    ("settle", {"sent": "yes"}, 422, "invalid", "`sent` must be true or false."),
    ("settle", {"sent": True, "external_id": "3k2"}, 409, "reply_move", "cannot become sent"),
    ("approve", {"actor": {"name": ""}}, 422, "invalid", "`actor.name` should have at least 1 character."),
    ("approve", {"actor": "Kim"}, 422, "invalid", "`actor` must be an object."),
    ("approve", [], 422, "invalid", "must be an object."),
]


@both
@pytest.mark.parametrize(("what", "body", "status", "code", "says"), WRONG)
async def test_a_wrong_order_changes_nothing(
    site: Site, what: str, body: Any, status: int, code: str, says: str
) -> None:
    reply = await waiting(site)
    headers = {**await site.token(Scope.APPROVE), "Idempotency-Key": "k"}
    answer = await site.http.post(f"/v1/replies/{reply.id}/{what}", headers, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert says in answer.json()["detail"]
    assert (await stored(site, reply)).state is ReplyState.AWAITING_APPROVAL


@both
async def test_an_account_is_paused_and_resumed(site: Site) -> None:
    headers = await site.token(Scope.ADMIN)
    answers = [await site.http.post(f"/v1/accounts/{ACME.id}/{what}", headers, KIM) for what in ("pause", "pause")]
    assert [answer.json() for answer in answers] == [
        {"account_id": ACME.id, "paused": True, "changed": True},
        {"account_id": ACME.id, "paused": True, "changed": False},
    ]
    async with site.world.store.reading() as uow:
        health = await uow.accounts.health("acme", ACME.id)
    assert (health.state, health.paused_by) == (AccountState.PAUSED, "Kim via desk")
    assert (await site.http.post(f"/v1/accounts/{ACME.id}/resume", headers)).json()["changed"] is True
    assert (await site.http.post("/v1/accounts/nobody/pause", headers)).status_code == 404


async def test_everything_is_paused_only_by_a_token_for_all_brands(site: Site) -> None:
    narrow = await site.http.post("/v1/pause", await site.token(Scope.ADMIN, brands=["acme", "borealis"]))
    assert (narrow.status_code, narrow.json()["code"]) == (403, "all_brands_needed")
    headers = await site.token(Scope.ADMIN, brands=["*"])
    assert (await site.http.post("/v1/pause", headers)).json() == {"account_id": None, "paused": True, "changed": True}
    assert (await site.http.get("/v1/accounts", headers)).json()["paused_everywhere"] is True
    assert (await site.http.post("/v1/resume", headers)).json()["changed"] is True
    assert (await site.http.get("/v1/accounts", headers)).json()["paused_everywhere"] is False


@both
async def test_a_subscriber_gets_its_secret_once(site: Site) -> None:
    headers = await site.token(Scope.ADMIN)
    body = {"url": "https://desk.example/hook", "types": ["ticket.opened", "reply.sent"]}
    keyed = {**headers, "Idempotency-Key": "k"}
    made, again = [await site.http.post("/v1/webhook-endpoints", keyed, body) for _ in range(2)]
    assert (made.status_code, again.status_code, again.headers["idempotent-replayed"]) == (201, 201, "true")
    assert made.json()["secret"] == again.json()["secret"] and made.json()["secret"].startswith("whsec_")
    (listed,) = (await site.http.get("/v1/webhook-endpoints", headers)).json()["items"]
    assert (listed["id"], listed["types"], "secret" in listed) == (made.json()["id"], body["types"], False)
    url = f"/v1/webhook-endpoints/{listed['id']}"
    assert (await site.http.get(f"{url}/deliveries", headers)).json() == {"items": [], "next": None}
    assert (await site.http("DELETE", url, headers=headers)).status_code == 204
    assert (await site.http("DELETE", url, headers=headers)).status_code == 404
    assert (await site.http.get(f"{url}/deliveries", headers)).status_code == 404
    async with site.world.engine.reading() as connection:
        rows = (await connection.exec_driver_sql("SELECT body FROM idempotency")).all()
    assert rows and not any(made.json()["secret"].encode() in bytes(row.body) for row in rows)


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        ({"url": "ftp://desk.example/"}, "invalid", "`url` must be a web address"),
        ({"url": "https://user:pw@desk.example/"}, "invalid", "`url` must be a web address"),
        ({"url": "https://desk.example:99999/"}, "invalid", "`url` must be a web address"),
        ({"url": "https://desk.example/", "types": ["ticket.exploded"]}, "invalid", "`types.0` is not an event type"),
        ({"url": "https://desk.example/", "brand": "borealis"}, "unknown_brand", "`brand` must name one"),
        ({"url": "https://desk.example/", "secret": "mine"}, "invalid", "`secret` is not a field we know."),
    ],
)
async def test_a_wrong_subscription_says_why(site: Site, body: Any, code: str, says: str) -> None:
    answer = await site.http.post("/v1/webhook-endpoints", await site.token(Scope.ADMIN), body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert says in answer.json()["detail"]


async def test_a_token_for_two_brands_must_name_one(site: Site) -> None:
    headers = await site.token(*EVERY_SCOPE, brands=["*"])
    body = {"url": "https://desk.example/hook"}
    assert (await site.http.post("/v1/webhook-endpoints", headers, body)).json()["code"] == "unknown_brand"
    made = await site.http.post("/v1/webhook-endpoints", headers, {**body, "brand": "borealis"})
    assert (made.json()["brand_id"], made.json()["created_at"]) == ("borealis", "2026-11-22T09:00:00Z")


async def test_taking_back_in_bulk_is_tried_dry_first_and_never_takes_back_everything(site: Site) -> None:
    headers = await site.token(Scope.APPROVE)
    body = {"brand": "acme", "since": "2020-01-01T00:00:00Z", "reason": "wrong words"}
    all_of_it = await site.http.post("/v1/replies/retract", headers, body)
    assert (all_of_it.status_code, all_of_it.json()["code"]) == (422, "invalid")
    stranger = await site.http.post("/v1/replies/retract", headers, {**body, "brand": "borealis", "template": "t_1"})
    assert (stranger.status_code, stranger.json()["code"]) == (422, "unknown_brand")
    async with site.world.store.writing() as uow:
        said = await story(
            uow,
            "p-1",
            state=ReplyState.SENT,
            due=None,
            template="t_1",
            sent_at=site.world.clock.now(),
        )
    ours = {**body, "template": "t_1"}
    dry = await site.http.post("/v1/replies/retract", headers, {**ours, "dry_run": True})
    assert [(each["id"], each["status"]) for each in dry.json()["results"]] == [(said.id, "would_retract")]
    assert (await stored(site, said)).state is ReplyState.SENT
    other = await site.http.post("/v1/replies/retract", headers, {**ours, "template": "t_2"})
    assert other.json() == {"results": []}
