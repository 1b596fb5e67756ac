"""The JSON API says no in its own words and never with a stack trace."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.demo_town import Town, town
from mentionbridge.platforms.demo import credentials

SECRET = "s3"


async def _ask(place: Town, method: str, path: str, *, token: Any = None, **more: Any) -> tuple[int, Any]:
    bearer = token.encode() if isinstance(token, str) else token
    headers = {} if bearer is None else {"authorization": b"Bearer " + bearer}
    answer = await place.browser.request(method, f"/p/demo/api/{path}", headers=headers, **more)
    assert answer.headers["content-type"].startswith("application/json")
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    "token", [None, "", "acme", "acme.", "acme.0", "é", f"noor.{credentials.token(SECRET, 'acme')[5:]}"]
)
async def test_without_the_right_token_nothing_is_told(token: str | None) -> None:
    async with town(secret=SECRET) as place:
        sent = token and token.encode()
        for method, path in (
            ("GET", "me"),
            ("GET", "mentions"),
            ("GET", "own"),
            ("GET", "posts"),
            ("POST", "messages"),
        ):
            status, body = await _ask(place, method, path, token=sent, json={} if method == "POST" else None)
            assert (status, body["error"]) == (401, "unauthorised")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "people/sam/posts", [], 422, "not_an_object"),
        ("POST", "people/sam/posts", {"text": 5}, 422, "bad_text"),
        ("POST", "people/sam/posts", {"text": "x", "audience": "dogs"}, 422, "bad_audience"),
        ("POST", "people/sam/posts", {"text": "x", "audience": "direct"}, 422, "no_addressee"),
        ("POST", "people/sam/posts", {"text": "x", "audience": "direct", "parent": "p-1"}, 422, "bad_audience"),
        ("POST", "people/sam/posts", {"text": "x", "picture": 5}, 422, "bad_picture"),
        ("POST", "people/sam/posts", {"text": "x", "picture": {"data": "%%%"}}, 422, "bad_picture"),
        ("POST", "people/sam/posts", {"text": "x", "parent": "p-1"}, 404, "gone"),
        ("POST", "people/sam/posts", {"repost_of": "p-1"}, 404, "gone"),
        ("POST", "people/sam/messages", {"to": "nobody", "text": "x"}, 404, "gone"),
        ("POST", "people/sam/ties", {"tie": "marry", "whom": "acme"}, 422, "bad_tie"),
        ("POST", "people/acme/posts", {"text": "x"}, 403, "reserved"),
        ("PUT", "people/sam", {"followers": "many"}, 422, "bad_person"),
        ("PATCH", "people/sam/posts/p-1", {"text": "x"}, 404, "gone"),
        ("DELETE", "people/sam/posts/p-1", None, 404, "gone"),
        ("GET", "threads/p-1", None, 404, "gone"),
        ("GET", "no/such/thing", None, 404, "gone"),
        ("DELETE", "me", None, 405, "bad_request"),
    ],
)
async def test_each_no_has_a_status_a_code_and_a_sentence(
    method: str, path: str, body: Any, status: int, code: str
) -> None:
    async with town() as place:
        got, said = await _ask(place, method, path, json=body)
        assert (got, said["error"]) == (status, code)
        assert said["message"]


@pytest.mark.parametrize("query", ["after=x", "after=-1", "after=1e9", "limit=٣", "after=9999999999999999"])
async def test_numbers_are_numbers(query: str) -> None:
    async with town(secret=SECRET) as place:
        status, body = await _ask(place, "GET", f"mentions?{query}", token=credentials.token(SECRET, "acme"))
        assert (status, body["error"]) == (422, "bad_number")


async def test_since_is_a_time() -> None:
    async with town(secret=SECRET) as place:
        status, body = await _ask(place, "GET", "own?since=tuesday", token=credentials.token(SECRET, "acme"))
        assert (status, body["error"]) == (422, "bad_time")


async def test_only_json_is_read() -> None:
    async with town() as place:
        for kind, content, status in (
            ("text/plain", b"{}", 415),
            ("application/json", b"\xff\xfe", 400),
            ("application/json", b"{", 400),
            ("application/json", b"[" * 100_000, 400),
        ):
            answer = await place.browser.post(
                "/p/demo/api/people/sam/posts", content=content, headers={"content-type": kind}
            )
            assert answer.status_code == status


@pytest.mark.parametrize(
    "links",
    ["x", [1], [{}], [{"start": "0", "end": 1, "url": "http://x"}], [{"start": True, "end": 1, "url": "http://x"}]],
)
async def test_links_have_a_shape(links: Any) -> None:
    async with town(secret=SECRET) as place:
        post_id = await place.says("sam", "@acme hello")
        token = credentials.token(SECRET, "acme")
        status, body = await _ask(
            place, "POST", f"posts/{post_id}/replies", token=token, json={"text": "x", "links": links}
        )
        assert (status, body["error"]) == (422, "bad_links")


async def test_links_that_point_outside_the_text_or_overlap_or_run_code_are_left_out() -> None:
    async with town(secret=SECRET) as place:
        post_id = await place.says("sam", "@acme hello")
        links = [
            {"start": 0, "end": 3, "url": "https://good.example"},
            {"start": 2, "end": 5, "url": "https://overlap.example"},
            {"start": 4, "end": 5, "url": "javascript:alert(1)"},
            {"start": 4, "end": 400, "url": "https://outside.example"},
            {"start": -3, "end": 2, "url": "https://before.example"},
        ]
        token = credentials.token(SECRET, "acme")
        await _ask(place, "POST", f"posts/{post_id}/replies", token=token, json={"text": "one two", "links": links})
        page = (await place.browser.get(f"/p/demo/posts/{post_id}")).text
        assert '<a href="https://good.example" rel="nofollow noopener ugc">one</a> two' in page


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=400), name=st.text(max_size=80))
async def test_whatever_people_write_the_network_and_its_pages_stay_up(text: str, name: str) -> None:
    async with town() as place:
        body = json.dumps({"text": text, "place": name}).encode()
        kind = {"content-type": "application/json"}
        made = await place.browser.put(
            "/p/demo/api/people/sam", content=json.dumps({"name": name}).encode(), headers=kind
        )
        assert made.status_code == 200
        said = await place.browser.post("/p/demo/api/people/sam/posts", content=body, headers=kind)
        assert said.status_code in (201, 422)
        for path in ("", "people/sam"):
            assert (await place.browser.get(f"/p/demo/{path}")).status_code == 200
