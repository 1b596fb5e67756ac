"""Bad input to every route that could be given it, made from the OpenAPI document: a code, a sentence, nothing done."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from fakes.people import ACME, story
from fakes.web_things import Asking, asking, things_of
from fakes.web_world import EVERY_SCOPE, Site, document
from mentionbridge.kit.cursor import binding, encode
from mentionbridge.ports.access import Scope

PUSHES = {"/v1/mentions", "/v1/import"}
"""They take items, and what is wrong with one is told in its own result."""
TEN_MEGABYTES = 10 * 1024 * 1024


def operations(part: str) -> list[tuple[str, str]]:
    """Tell the routes below /v1 whose operation has this part."""
    paths = document()["paths"].items()
    return [(m, p) for p, methods in paths for m, told in methods.items() if p.startswith("/v1") and part in told]


def asked(name: str) -> list[tuple[str, str]]:
    """Tell the routes that know a parameter of this name."""
    return [
        (method, path)
        for method, path in operations("parameters")
        if any(each["name"].lower() == name for each in document()["paths"][path][method]["parameters"])
    ]


BODIES, LISTS, MATCHED = operations("requestBody"), asked("cursor"), asked("if-match")


@dataclass
class Visitor:
    """Somebody who may do everything, and one of each thing to do it to."""

    site: Site
    things: dict[str, str]
    token: dict[str, str] = field(default_factory=dict)

    async def send(self, method: str, path: str, content: bytes, **headers: str) -> Any:
        ask = asking(document(), method, path)
        plain = {"Content-Type": "application/json", **ask.headers, **self.token, **headers}
        return await self.site.http(ask.method, ask.at(self.things), headers=plain, content=content)

    def example(self, method: str, path: str) -> Any:
        return json.loads(asking(document(), method, path).content(self.things))


@pytest.fixture
def patience() -> dict[str, int]:
    return {"requests_per_minute": 10**9}


@pytest.fixture
async def visitor(site: Site) -> Visitor:
    return Visitor(site, await things_of(site, ACME), await site.token(*EVERY_SCOPE, brands=["*"]))


def refused(answer: Any, status: int, code: str) -> str:
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.request.url.path + answer.text
    return str(answer.json()["detail"])


def test_what_is_asked_of_is_all_there() -> None:
    assert len(BODIES) >= 25 and len(LISTS) >= 9 and len(MATCHED) >= 5


async def test_an_unknown_question_is_named(visitor: Visitor) -> None:
    for method, path in operations("responses"):
        ask = asking(document(), method, path)
        address = f"{ask.at(visitor.things)}?surprise=1"
        sent = {"Content-Type": "application/json", **ask.headers, **visitor.token}
        answer = await visitor.site.http(method, address, headers=sent, content=ask.content(visitor.things))
        where = f"{method} {path}: {answer.text[:200]}"
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), where
        assert "`surprise`" in answer.json()["detail"], where


async def test_a_question_asked_twice_is_refused_where_one_answer_would_be_lost(visitor: Visitor) -> None:
    for path, twice in (("tickets", "state"), ("mentions", "limit"), ("customers", "handle"), ("events", "after")):
        told = refused(await visitor.site.http.get(f"/v1/{path}?{twice}=1&{twice}=2", visitor.token), 422, "invalid")
        assert f"`{twice}`" in told
    many = "/v1/events?types=ticket.opened&types=reply.sent"
    assert (await visitor.site.http.get(many, visitor.token)).status_code == 200


async def test_a_place_the_feed_never_had_is_refused(visitor: Visitor) -> None:
    head = (await visitor.site.http.get("/v1/events", visitor.token)).json()["head"]
    assert (await visitor.site.http.get(f"/v1/events?after={head}", visitor.token)).status_code == 200
    for path in ("/v1/events", "/v1/events/stream"):
        answer = await visitor.site.http.get(f"{path}?after={head + 1}", visitor.token)
        assert str(head) in refused(answer, 422, "beyond_the_end")


async def test_an_unknown_field_is_named(visitor: Visitor) -> None:
    for method, path in BODIES:
        body = {**visitor.example(method, path), "no_such_field": 1}
        told = refused(await visitor.send(method, path, json.dumps(body).encode()), 422, "invalid")
        assert "no_such_field" in told or path in PUSHES, told
    for path in PUSHES:
        (item,) = visitor.example("post", path)["mentions"]
        body = {"mentions": [{**item, "no_such_field": 1}]}
        (result,) = (await visitor.send("post", path, json.dumps(body).encode())).json()["results"]
        assert (result["status"], result["code"]) == ("rejected", "invalid") and "no_such_field" in result["detail"]


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b"7", b'"text"', b""], ids=["list", "null", "number", "text", "empty"]
)
async def test_a_body_of_another_kind_is_refused(visitor: Visitor, body: bytes) -> None:
    for method, path in BODIES:
        optional = not document()["paths"][path][method]["requestBody"].get("required")
        if not (optional and body in (b"null", b"")):
            refused(await visitor.send(method, path, body), 422, "invalid")


async def test_a_word_that_is_none_of_those_allowed_is_refused(visitor: Visitor) -> None:
    tried = 0
    for method, path in BODIES:
        for name in choices(document()["paths"][path][method]["requestBody"]):
            body = {**visitor.example(method, path), name: "no such word"}
            assert name in refused(await visitor.send(method, path, json.dumps(body).encode()), 422, "invalid")
            tried += 1
    for method, path in operations("parameters"):
        for parameter in document()["paths"][path][method]["parameters"]:
            if method == "get" and parameter["in"] == "query" and has_choices(parameter["schema"]):
                answer = await visitor.site.http.get(
                    asking(document(), method, path).at(visitor.things),
                    visitor.token,
                    **{parameter["name"]: "nonsense"},
                )
                assert parameter["name"] in refused(answer, 422, "invalid")
                tried += 1
    assert tried >= 10


def choices(body: Any) -> Iterator[str]:
    """Name the fields of a body that take one of some words."""
    schema = resolved(body["content"]["application/json"]["schema"])
    for name, each in schema.get("properties", {}).items():
        if has_choices(each):
            yield name


def has_choices(schema: Any) -> bool:
    found = resolved(schema)
    return "enum" in found or any("enum" in resolved(each) for each in found.get("anyOf", []))


def resolved(schema: Any) -> Any:
    options = [each for each in schema.get("anyOf", [schema]) if "$ref" in each]
    if len(options) == 1:
        return document()["components"]["schemas"][options[0]["$ref"].rpartition("/")[2]]
    return schema


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
        (b"{", "line 1"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": 1, "a": 2}', "twice"),
    ],
    ids=["deep lists", "deep objects", "half", "NaN", "a key twice"],
)
async def test_what_is_no_json_of_ours_is_refused(visitor: Visitor, body: bytes, says: str) -> None:
    for method, path in BODIES:
        assert says in refused(await visitor.send(method, path, body), 400, "bad_json")


async def test_ten_megabytes_are_refused_and_not_kept(visitor: Visitor) -> None:
    body = b'{"text": "' + b"x" * TEN_MEGABYTES + b'"}'
    for method, path in BODIES:
        refused(await visitor.send(method, path, body), 413, "too_large")


async def test_another_media_type_and_other_bytes_are_refused(visitor: Visitor) -> None:
    for method, path in BODIES:
        answer = await visitor.send(method, path, b"a=1", **{"Content-Type": "application/x-www-form-urlencoded"})
        refused(answer, 415, "not_json")
        refused(await visitor.send(method, path, b'"\xff"'), 400, "not_utf8")


async def test_what_was_read_too_long_ago_changes_nothing(visitor: Visitor) -> None:
    async with visitor.site.world.store.writing() as uow:
        other = (await story(uow, "p-2")).ticket_id
    acts = f"/v1/tickets/{visitor.things['ticket_id']}"
    for method, path in sorted(MATCHED, key=lambda route: route[1].endswith("/undo")):
        if path.endswith("/undo"):
            assert (await visitor.site.http.post(f"{acts}/merge", visitor.token, into(other))).status_code == 200
        body = {**(visitor.example(method, path) or {}), **({"into": other} if path.endswith("/merge") else {})}
        answer = await visitor.send(method, path, json.dumps(body).encode(), **{"If-Match": '"9999"'})
        refused(answer, 412, "stale")


async def test_a_cursor_of_another_list_or_filter_is_refused(visitor: Visitor) -> None:
    strange = encode(binding("another list", {}), "tkt_01jd8x")
    for method, path in LISTS:
        ask: Asking = asking(document(), method, path)
        for cursor in (strange, "nonsense", "W10", ""):
            answer = await visitor.site.http.get(
                ask.at(visitor.things), visitor.token, **{**ask.query, "cursor": cursor}
            )
            refused(answer, 400, "bad_cursor")


async def test_a_lists_own_cursor_serves_no_other_filter(visitor: Visitor) -> None:
    async with visitor.site.world.store.writing() as uow:
        for number in range(2):
            await story(uow, f"p-{number}")
    tried = 0
    for method, path in LISTS:
        ask = asking(document(), method, path)
        page = await visitor.site.http.get(ask.at(visitor.things), visitor.token, **{**ask.query, "limit": "1"})
        way_on = page.json()["next"]
        if way_on is None:
            continue
        for parameter in document()["paths"][path][method]["parameters"]:
            name = parameter["name"]
            if name in visitor.things and parameter["in"] == "query":
                narrowed = f"{way_on}&{name}={visitor.things[name]}"
                refused(await visitor.site.http.get(narrowed, visitor.token), 400, "bad_cursor")
                tried += 1
    assert tried >= 4


async def test_an_id_no_database_can_hold_is_refused(visitor: Visitor) -> None:
    tried = 0
    for method, path in BODIES:
        example = visitor.example(method, path)
        for name, value in example.items():
            if isinstance(value, str):
                for text in ("tkt_\x00", "half \ud800 a character"):
                    body = json.dumps({**example, name: text}).encode()
                    answer = await visitor.send(method, path, body)
                    assert answer.status_code == 422, f"{path} {name} {answer.text}"
                    tried += 1
    assert tried >= 20


async def test_a_ticket_is_not_merged_in_a_circle(visitor: Visitor) -> None:
    first = visitor.things["ticket_id"]
    async with visitor.site.world.store.writing() as uow:
        second = (await story(uow, "p-2")).ticket_id
    itself = await visitor.site.http.post(f"/v1/tickets/{first}/merge", visitor.token, into(first))
    assert itself.status_code == 409, itself.text
    done = await visitor.site.http.post(f"/v1/tickets/{first}/merge", visitor.token, into(second))
    assert done.status_code == 200, done.text
    back = await visitor.site.http.post(f"/v1/tickets/{second}/merge", visitor.token, into(first))
    assert back.status_code == 409, back.text


def into(ticket_id: str) -> dict[str, Any]:
    return {"into": ticket_id, "reason": "the same parcel", "actor": {"name": "Kim"}}


async def test_nothing_is_not_split_off(visitor: Visitor) -> None:
    url = f"/v1/tickets/{visitor.things['ticket_id']}/split"
    for entries, status in (([], 422), (["ent_nobodys"], 409)):
        body = {"entries": entries, "reason": "another parcel", "actor": {"name": "Kim"}}
        assert (await visitor.site.http.post(url, visitor.token, body)).status_code == status


async def test_a_name_that_does_not_exist_is_the_callers_mistake_and_no_error_of_ours(site: Site) -> None:
    headers = {**await site.token(Scope.APPROVE), "Idempotency-Key": "k-1"}
    asked = {"title": "Parcels", "news": {"en": "Parcels are late today."}, "topics": ["unheard-of"]}
    answer = await site.http.post("/v1/incidents", headers, asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    refused = [facts for moment, facts in site.watching.moments if moment == "request.refused"]
    assert refused
    assert not any("error" in facts for facts in refused), "only what breaks here is logged with its trace"
