"""For those who run it: health, readiness, metrics, documentation, the platforms' pages."""

import json
from typing import Any

import pytest
from starlette.responses import PlainTextResponse

from fakes.web_world import Site
from mentionbridge.ports.access import Scope
from mentionbridge.web.asked import PushedMention


async def test_alive_and_ready_are_two_things(site: Site) -> None:
    assert (await site.http.get("/healthz")).json() == {"status": "ok"}
    assert (await site.http.get("/readyz")).json() == {"status": "ready"}
    site.reasons += ["The database is 1 revision behind; run `mentionbridge migrate`.", "The worker is stopping."]
    answer = await site.http.get("/readyz")
    assert (answer.status_code, answer.json()["code"], answer.json()["reasons"]) == (503, "not_ready", site.reasons)
    assert "run `mentionbridge migrate`" in answer.json()["detail"]
    assert (await site.http.get("/healthz")).status_code == 200


async def test_metrics_are_open_unless_they_have_a_token(site: Site) -> None:
    answer = await site.http.get("/metrics")
    assert (answer.status_code, answer.text) == (200, "mentionbridge_mentions_total 1\n")
    guarded = site.changed(metrics_token="s3cret")
    for sent in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "s3cret"}):
        assert (await guarded.get("/metrics", sent)).json()["code"] == "bad_token"
    assert (await guarded.get("/metrics", {"Authorization": "Bearer s3cret"})).status_code == 200


async def test_the_document_is_openapi_and_whole(site: Site) -> None:
    document = (await site.http.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    named = set(_refs(document))
    components = document["components"]
    assert named <= {f"#/components/{kind}/{name}" for kind in components for name in components[kind]}
    assert "HTTPValidationError" not in document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], f"{method} {path}"
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    example = answer["content"]["application/problem+json"]["example"]
                    assert (example["status"], example["code"] in answer["description"]) == (int(status), True)


def _refs(part: Any) -> Any:
    if isinstance(part, dict):
        yield from ([part["$ref"]] if isinstance(part.get("$ref"), str) else [])
        for each in part.values():
            yield from _refs(each)
    if isinstance(part, list):
        for each in part:
            yield from _refs(each)


def test_the_example_of_a_mention_is_one(site: Site) -> None:
    example = site.http.schema["components"]["schemas"]["PushedMention"]["example"]
    assert PushedMention.model_validate_json(json.dumps(example)).external_id == "p-1001"


async def test_the_documentation_needs_no_script_and_no_other_host(site: Site) -> None:
    answer = await site.http.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    page = answer.text
    assert "<script" not in page and "//cdn" not in page and "<link" not in page
    for path in site.http.schema["paths"]:
        assert f"<code>{path}</code>" in page
    assert "nobody answers" in page


async def test_the_platforms_pages_are_theirs(site: Site) -> None:
    async def pages(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse(f"{scope['method']} {scope['path']}")(scope, receive, send)

    http = site.changed(pages={"demo": pages})
    answer = await http.client.get("/p/demo/thread/7")
    assert answer.text == "GET /p/demo/thread/7"
    other = await http.client.get("/p/elsewhere/")
    assert (other.status_code, other.json()["code"]) == (404, "not_found")


async def test_a_reader_that_breaks_is_a_500_without_a_trace(site: Site) -> None:
    class Broken:
        async def tickets(self, *which: Any) -> Any:
            raise KeyError("secret internals")

    answer = await site.changed(desk=Broken()).get("/v1/tickets", await site.token(Scope.READ))
    assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (500, "internal", True)
    assert "secret" not in answer.text
    assert site.watching.moments[-1] == (
        "request.refused",
        {"code": "internal", "status": 500, "method": "GET", "error": "KeyError"},
    )


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_database_that_is_behind_is_told_at_every_door(site: Site) -> None:
    headers = await site.token(Scope.READ)
    async with site.world.engine.writing() as connection:
        await connection.exec_driver_sql("ALTER TABLE tickets RENAME COLUMN topic TO theme")
    answer = await site.http.get("/v1/tickets", headers)
    assert (answer.status_code, answer.json()["code"]) == (503, "store_down")
    assert "run `mentionbridge migrate`" in answer.json()["detail"]


async def test_a_database_that_is_away_is_told_before_any_route(site: Site) -> None:
    headers = await site.token(Scope.READ)
    async with site.world.engine.writing() as connection:
        await connection.exec_driver_sql("ALTER TABLE tokens RENAME TO gone")
    answer = await site.http.get("/v1/tickets", headers)
    assert (answer.status_code, answer.json()["code"]) == (503, "store_down")
