"""Who may do what: tokens, scopes, brands, limits, and what strangers see."""

import pytest

from fakes.people import ACME, story
from fakes.web_things import Asking, asking, things_of
from fakes.web_world import EVERY_SCOPE, Site, document
from mentionbridge.ports.access import Scope
from mentionbridge.web.app import rules

BAD_TOKENS = [
    "mb_x",
    "Basic bWI6eA==",
    "Bearer",
    "Bearer mb_",
    "Bearer " + "x" * 35,
    "Bearer mb_" + "a" * 32,
    "bearer\xe9",
]


@pytest.mark.parametrize("sent", BAD_TOKENS)
async def test_a_token_that_is_none_is_refused(site: Site, sent: str) -> None:
    answer = await site.http("GET", "/v1/tickets", headers={"Authorization": sent.encode("latin-1")})  # type: ignore[dict-item]
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_token")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_revoked_token_is_refused_at_once(site: Site) -> None:
    headers = await site.token(Scope.READ)
    assert (await site.http.get("/v1/tickets", headers)).status_code == 200
    (token,) = await site.door.tokens.list()
    await site.door.tokens.revoke(token.id, site.world.clock.now())
    assert (await site.http.get("/v1/tickets", headers)).json()["code"] == "bad_token"


async def test_a_token_for_a_brand_we_do_not_serve_sees_nothing(site: Site) -> None:
    async with site.world.store.writing() as uow:
        await story(uow)
    headers = await site.token(Scope.READ, brands=["gone"])
    assert (await site.http.get("/v1/tickets", headers)).json() == {"items": [], "next": None}


async def test_a_busy_token_is_told_when_to_come_back(site: Site) -> None:
    http = site.changed(limits=type(site.door.limits)(requests_per_minute=3))
    headers, other = await site.token(Scope.READ), await site.token(Scope.READ, name="other")
    answers = [await http.get("/v1/tickets", headers) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert (answers[3].json()["code"], answers[3].headers["retry-after"]) == ("rate_limited", "60")
    assert (await http.get("/v1/tickets", other)).status_code == 200
    site.world.clock.forward(45)
    assert (await http.get("/v1/tickets", headers)).headers["retry-after"] == "15"
    site.world.clock.forward(15)
    assert (await http.get("/v1/tickets", headers)).status_code == 200


async def test_every_answer_tells_what_is_left(site: Site) -> None:
    things, token = await things_of(site, ACME), await site.token(*EVERY_SCOPE, brands=["*"])
    left, seen = site.door.limits.requests_per_minute, set()
    asks = [asking(document(), method.lower(), path) for method, path in sorted(rules()) if path.startswith("/v1")]
    for ask in [*asks, Asking("GET", "/v1/nothing", None), Asking("PATCH", "/v1/tickets", {})]:
        left -= 1
        answer = await ask.send(site, things, token)
        told = {name: answer.headers.get(f"ratelimit-{name}") for name in ("limit", "remaining", "reset")}
        assert told == {"limit": "1200", "remaining": str(left), "reset": "60"}, f"{ask.method} {ask.path}"
        seen.add(answer.status_code // 100)
    assert seen == {2, 4}


def test_the_document_tells_of_the_limits() -> None:
    for path, methods in document()["paths"].items():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                told = set(answer.get("headers", {})) >= {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}
                assert told == (path.startswith("/v1") and status != "401"), f"{path} {status}"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("path", ["/v1/mentions/%00", "/v1/tickets?account_id=a%00b", "/v1/tickets/tkt_%00/timeline"])
async def test_a_nul_in_the_address_is_refused(site: Site, path: str) -> None:
    answer = await site.http.get(path, await site.token(Scope.READ))
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_address")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize(
    "path", ["/v1/mentions/%ED%A0%80", "/v1/tickets?account_id=%ff%fe", "/v1/replies/" + "x" * 5000]
)
async def test_an_odd_address_is_just_not_found(site: Site, path: str) -> None:
    assert (await site.http.get(path, await site.token(Scope.READ))).status_code in (200, 404)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/v1/tickets/", 404, "not_found"),
        ("DELETE", "/v1/tickets", 405, "method_not_allowed"),
        ("PATCH", "/v1/mentions", 405, "method_not_allowed"),
        ("GET", "/v1/tickets?limit=0", 422, "invalid"),
        ("GET", "/v1/tickets?limit=many", 422, "invalid"),
        ("GET", "/v1/tickets?limit=201", 422, "invalid"),
        ("GET", "/v1/tickets?state=angry", 422, "invalid"),
        ("GET", "/v1/tickets?cursor=nonsense", 400, "bad_cursor"),
        ("GET", "/v1/events?after=-1", 422, "invalid"),
        ("GET", "/v1/events?after=99999999999999999999", 422, "invalid"),
    ],
)
async def test_a_wrong_question_says_why(site: Site, method: str, path: str, status: int, code: str) -> None:
    answer = await site.http(method, path, headers=await site.token(*EVERY_SCOPE))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert site.watching.codes() == [code]
