"""The matrix of rights, made from the routes: every route, every scope, no token, and another brand's things."""

import json

import pytest

from fakes.people import ACME, OTHER
from fakes.web_things import Asking, asking, things_of
from fakes.web_world import EVERY_SCOPE, Site, document, validator
from mentionbridge.ports.access import Scope
from mentionbridge.web.app import PARTS, rules

RULES = rules()
ROUTES = sorted(key for key in RULES if key[1].startswith("/v1"))
NAMES_OF_NETWORKS = frozenset({"platform", "external_id", "thread_id"})
"""Path parameters that are no ids of ours: the same post may concern two brands."""
NOT_NOW = {
    ("POST", "/v1/replies/{reply_id}/settle"): "reply_move",
    ("POST", "/v1/replies/{reply_id}/retract"): "not_sent",
    ("POST", "/v1/customers/{customer_id}/join"): "same_customer",
    ("POST", "/v1/customers/{customer_id}/separate"): "nothing_to_undo",
    ("POST", "/v1/tickets/{ticket_id}/split"): "not_its_line",
    ("POST", "/v1/tickets/{ticket_id}/undo"): "nothing_to_undo",
}
"""Requests that are right and come at the wrong time: nothing was sent yet, nobody else is there to join."""
by_route = pytest.mark.parametrize("route", ROUTES, ids=[" ".join(route) for route in ROUTES])


def request_of(route: tuple[str, str]) -> Asking:
    return asking(document(), route[0].lower(), route[1])


def test_every_route_declares_one_rule() -> None:
    assert [route for route in ROUTES if RULES[route] is None] == []
    undocumented = [route.path for part in PARTS for route in part.router.routes if not route.include_in_schema]
    assert [path for path in undocumented if path.startswith("/v1")] == []


def test_the_document_tells_every_rule() -> None:
    told = {
        (method.upper(), path): {scope for each in operation["security"] for scope in each["token"]}
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
        if path.startswith("/v1")
    }
    assert told == {route: {str(scope) for scope in RULES[route].scopes} for route in ROUTES}  # type: ignore[union-attr]


def test_every_example_is_what_its_schema_says() -> None:
    checked = 0
    for methods in document()["paths"].values():
        for operation in methods.values():
            for content in [operation.get("requestBody", {}), *operation["responses"].values()]:
                for told in content.get("content", {}).values():
                    if "example" in told:
                        validator(json.dumps(told["schema"])).validate(told["example"])
                        checked += 1
    for name, schema in document()["components"]["schemas"].items():
        if "example" in schema:
            validator(json.dumps({"$ref": f"#/components/schemas/{name}"})).validate(schema["example"])
            checked += 1
    assert checked > 100


ELSEWHERE = {("POST", "/v1/tickets/{ticket_id}/merge")}
"""Their example names a second thing, which no test keeps."""


@by_route
async def test_a_route_takes_its_scopes_and_no_others(site: Site, route: tuple[str, str]) -> None:
    rule, ask = RULES[route], request_of(route)
    assert rule is not None
    things = await things_of(site, ACME)
    bare = await ask.send(site, things, {})
    assert (bare.status_code, bare.json()["code"]) == (401, "no_token")
    for scope in EVERY_SCOPE:
        answer = await ask.send(site, things, await site.token(scope, brands=["*"], name=scope))
        if scope in rule.scopes or scope is Scope.ADMIN:
            assert answer.status_code not in (401, 403, 500), answer.text
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing"), scope
            assert all(f"`{each}`" in answer.json()["detail"] for each in rule.scopes)


@by_route
async def test_the_documents_own_example_is_answered_as_it_says(site: Site, route: tuple[str, str]) -> None:
    site.world.clock.forward(3600)
    token = await site.token(*EVERY_SCOPE, brands=["*"])
    answer = await request_of(route).send(site, await things_of(site, ACME), token)
    if route in ELSEWHERE:
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    elif route in NOT_NOW:
        assert (answer.status_code, answer.json()["code"]) == (409, NOT_NOW[route])
    else:
        assert 200 <= answer.status_code < 300 and '"status":"rejected"' not in answer.text, answer.text


async def test_another_brands_things_are_not_there(site: Site) -> None:
    await things_of(site, ACME)
    theirs, ours = await things_of(site, OTHER), await site.token(*EVERY_SCOPE, accounts=[ACME.id, OTHER.id])
    found = {}
    for ask in map(request_of, ROUTES):
        if "{" in ask.path and not set(_names(ask)) & NAMES_OF_NETWORKS:
            answer = await ask.send(site, theirs, ours)
            found[f"{ask.method} {ask.path}"] = answer.json().get("code"), answer.status_code
    assert len(found) >= 10
    assert found == dict.fromkeys(found, ("not_found", 404))


async def test_no_list_shows_another_brands_things(site: Site) -> None:
    mine, theirs = await things_of(site, ACME), await things_of(site, OTHER)
    token = await site.token(*EVERY_SCOPE)
    ids = [value for name, value in theirs.items() if name not in NAMES_OF_NETWORKS]
    seen = 0
    for ask in map(request_of, ROUTES):
        if ask.method != "GET" or "{" in ask.path:
            continue
        shown = await ask.send(site, mine, token)
        assert shown.status_code == 200, ask.path
        assert not [one for one in [*ids, OTHER.brand_id] if f'"{one}"' in shown.text], ask.path
        seen += 1
        for parameter in document()["paths"][ask.path]["get"].get("parameters", []):
            if parameter["name"] in theirs:
                narrowed = await site.http.get(ask.path, token, **{parameter["name"]: theirs[parameter["name"]]})
                assert narrowed.json()["items"] == [], (ask.path, parameter["name"])
    assert seen >= 6


def _names(ask: Asking) -> list[str]:
    return [part.strip("{}") for part in ask.path.split("/") if part.startswith("{")]
