"""Pushing mentions: a result an item, and a sentence for everything that is wrong with one."""

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from fakes.clock import START
from fakes.people import ACME, ACME_TWO, OTHER, post, store_post
from fakes.web_world import FETCHED, Site
from mentionbridge.domain.account import Identity
from mentionbridge.domain.errors import StoreDown
from mentionbridge.ports.access import Scope
from mentionbridge.store import tables as t
from mentionbridge.web.asked import EXAMPLE

URL = "/v1/mentions"
both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


def pushed(external_id: str = "p-1", **facts: Any) -> dict[str, Any]:
    plain = {
        **EXAMPLE,
        "platform": ACME.platform,
        "account": ACME.id,
        "external_id": external_id,
        "thread_id": external_id,
        "created_at": "2026-11-22T08:59:00Z",
    }
    return {**plain, **facts}


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in pushed().items() if name not in names}


async def push(site: Site, *items: Any, scopes: tuple[Scope, ...] = (Scope.INGEST,)) -> list[dict[str, Any]]:
    answer = await site.http.post(URL, await site.token(*scopes), {"mentions": list(items)})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    assert [result["index"] for result in results] == list(range(len(items)))
    return results


async def kept(site: Site) -> list[str]:
    async with site.world.engine.reading() as connection:
        return sorted((await connection.execute(sa.select(t.mentions.c.external_id))).scalars())


@both
async def test_a_batch_is_taken_item_by_item(site: Site) -> None:
    results = await push(site, pushed("p-1"), pushed("p-2", text=5), pushed("p-1"), pushed("p-3"))
    assert [result["status"] for result in results] == ["created", "rejected", "duplicate", "created"]
    assert results[0]["id"] == results[2]["id"] and results[0]["id"].startswith("mnt_")
    assert (results[1]["code"], results[1]["external_id"]) == ("invalid", "p-2")
    assert results[1]["detail"] == "`text` must be text."
    assert await kept(site) == ["p-1", "p-3"]
    assert site.woken == [True]
    assert site.watching.codes("request.item_rejected") == ["invalid"]


@both
async def test_pushed_words_come_back_without_what_only_deceives(site: Site) -> None:
    text = "@acme \u202edown\u200b since 👩\u200d👩\u200d👧 " + "🔥" * 10_000
    (result,) = await push(site, pushed(text=text, media=[{"url": "https://cdn.example/a.png"}], metrics={"likes": 2}))
    headers = await site.token(Scope.READ)
    mention = (await site.http.get(f"{URL}/{result['id']}", headers)).json()
    assert mention["text"] == text.replace("\u202e", "").replace("\u200b", "")
    assert (mention["origin"], mention["metrics"]) == ("push", {"likes": 2})
    assert (mention["occurred_at"], mention["received_at"]) == ("2026-11-22T08:59:00Z", "2026-11-22T09:00:00Z")
    assert [(m["state"], m["href"]) for m in mention["media"]] == [("wanted", None)]
    assert [(seen["account_id"], seen["origin"]) for seen in mention["sightings"]] == [(ACME.id, "push")]


async def test_an_edited_post_is_taken_over(site: Site) -> None:
    (first,) = await push(site, pushed(edit_version="1"))
    (second,) = await push(site, pushed(text="@acme it came, thanks", edit_version="2"))
    assert (second["status"], second["id"]) == ("edited", first["id"])


async def test_the_example_of_the_documentation_can_be_pushed(site: Site) -> None:
    item = site.http.schema["components"]["schemas"]["PushedMention"]["example"]
    site.world.clock.forward(3600)
    (result,) = await push(site, {**item, "account": ACME.id})
    assert result["status"] == "created"


NOT_UNDERSTOOD = [
    (None, "The body must be an object"),
    ("text", "The body must be an object"),
    ([], "The body must be an object"),
    ({}, "`platform` is missing (and"),
    (without("text"), "`text` is missing."),
    (without("created_at"), "`created_at` is missing."),
    (without("author"), "`author` is missing."),
    (pushed(author={"handle": "sam"}), "`author.external_id` is missing."),
    (pushed(author=None), "`author` must be an object."),
    (pushed(author={"external_id": 7, "handle": "sam"}), "`author.external_id` must be text."),
    (pushed(author={"external_id": "u", "handle": "s", "followers": -1}), "`author.followers` should be greater"),
    (
        pushed(author={"external_id": "u", "handle": "s", "followers": "4"}),
        "`author.followers` must be a whole number.",
    ),
    (pushed(author={"external_id": "u", "handle": "s", "followers": 2**40}), "`author.followers` should be less than"),
    (pushed(text=None), "`text` must be text."),
    (pushed(text="a\x00b"), "`text` holds a NUL character"),
    (pushed(text="x" * 100_001), "`text` should have at most 100000 characters"),
    (pushed(external_id=""), "`external_id` should have at least 1 character"),
    (pushed(external_id="a\nb"), "`external_id` holds control characters"),
    (pushed(external_id="x" * 513), "`external_id` should have at most 512 characters"),
    (pushed(posted_at="2026-11-22T08:59:00Z"), "`posted_at` is not a field we know."),
    (pushed(created_at="yesterday"), "`created_at` must be a time such as"),
    (pushed(created_at="2026-11-22T08:59:00"), "`created_at` must name its offset from UTC"),
    (pushed(created_at=1732266000), "`created_at` must be a time such as"),
    (pushed(created_at="2031-01-01T00:00:00Z"), "`created_at` lies in the future"),
    (pushed(created_at="0001-01-01T00:00:00+14:00"), "`created_at` lies before the year 2000"),
    (pushed(created_at="9999-12-31T23:59:59-14:00"), "`created_at` lies in the future"),
    (pushed(media=[{"url": "file:///etc/passwd"}]), "`media.0.url` must be a web address"),
    (pushed(media=[{"url": "https://user:pass@x.example/"}]), "`media.0.url` must be a web address"),
    (pushed(media=[{"url": "https://[/"}]), "`media.0.url` must be a web address"),
    (pushed(media="https://x.example/a.png"), "`media` must be a list."),
    (pushed(permalink="javascript:alert(1)"), "`permalink` must be a web address"),
    (pushed(metrics={"likes": "many"}), "`metrics.likes` must be a whole number."),
    (pushed(lang="en_US; drop"), "`lang` should match pattern"),
    (pushed(visibility="everyone"), "`visibility` should be 'public', 'unlisted', 'followers' or 'direct'"),
]


@pytest.mark.parametrize(("item", "says"), NOT_UNDERSTOOD, ids=lambda value: str(value)[:40])
async def test_what_cannot_be_understood_says_why(site: Site, item: Any, says: str) -> None:
    bad, good = await push(site, item, pushed("p-good"))
    assert (bad["status"], bad["code"], bad["retryable"]) == ("rejected", "invalid", False)
    assert says in bad["detail"] and bad["detail"].endswith("."), bad["detail"]
    assert good["status"] == "created"
    assert await kept(site) == ["p-good"]


@both
async def test_half_a_character_is_refused_with_a_sentence(site: Site) -> None:
    body = json.dumps({"mentions": [pushed(text="broken \ud83d emoji"), pushed("p-2")]}).encode()
    answer = await site.http.post(URL, await site.token(Scope.INGEST), body)
    bad, good = answer.json()["results"]
    assert (
        bad["detail"] == "The body holds half a character (a lone surrogate); remove it." and bad["code"] == "invalid"
    )
    assert good["status"] == "created"


async def test_a_post_a_little_ahead_of_our_clock_is_taken(site: Site) -> None:
    ahead = (START + timedelta(minutes=4)).isoformat()
    assert [each["status"] for each in await push(site, pushed(created_at=ahead))] == ["created"]


REFUSED = [
    (pushed(account="nobody"), "unknown_account"),
    (pushed(account=OTHER.id), "unknown_account"),
    (pushed(platform="elsewhere"), "unknown_account"),
    (pushed(platform=FETCHED.platform, account=FETCHED.id), "push_not_accepted"),
]


@pytest.mark.parametrize(("item", "code"), REFUSED)
async def test_an_account_that_takes_no_push_is_refused_an_item(site: Site, item: Any, code: str) -> None:
    bad, good = await push(site, item, pushed("p-good"))
    assert (bad["status"], bad["code"], good["status"]) == ("rejected", code, "created")


@pytest.mark.parametrize("scopes", [(Scope.INGEST,), (Scope.ADMIN,)])
async def test_a_token_pushes_only_for_its_accounts(site: Site, scopes: tuple[Scope, ...]) -> None:
    headers = await site.token(*scopes, accounts=["acme-second"])
    body = {"mentions": [pushed(), pushed("p-2", account="acme-second")]}
    first, second = (await site.http.post(URL, headers, body)).json()["results"]
    assert (first["code"], second["status"]) == ("account_not_allowed", "created")


BODIES = [
    (b"", 422, "invalid"),
    (b"{", 400, "bad_json"),
    (b"[]", 422, "invalid"),
    (b"{}", 422, "invalid"),
    (b"null", 422, "invalid"),
    (b'{"mentions": {}}', 422, "invalid"),
    (b'{"mentions": [], "mentions": []}', 400, "bad_json"),
    (b'{"mentions": [], "more": 1}', 422, "invalid"),
    (b'{"mentions": [NaN]}', 400, "bad_json"),
    (b'{"mentions": [' + b"1" * 5000 + b"]}", 400, "bad_json"),
    (b"[" * 100_000, 400, "bad_json"),
    (b'{"mentions": ["\xff"]}', 400, "not_utf8"),
    ('{"mentions": []}'.encode("utf-16"), 400, "not_utf8"),
    (b"\xef\xbb\xbf{}", 400, "bad_json"),
    (json.dumps({"mentions": [1] * 201}).encode(), 422, "too_many_items"),
    (b'{"mentions": ["' + b"x" * (4 * 1024 * 1024) + b'"]}', 413, "too_large"),
]


@pytest.mark.parametrize(("body", "status", "code"), BODIES, ids=lambda value: repr(value)[:30])
async def test_a_body_that_is_no_batch_says_why(site: Site, body: bytes, status: int, code: str) -> None:
    answer = await site.http.post(URL, await site.token(Scope.INGEST), body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert site.watching.codes() == [code]
    assert await kept(site) == []


async def test_a_chunked_body_is_measured_as_it_comes(site: Site) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while sent < 50 * 1024 * 1024:
            sent += 65536
            yield b"x" * 65536

    headers = {**await site.token(Scope.INGEST), "Content-Type": "application/json"}
    answer = await site.http("POST", URL, headers=headers, content=endless())
    assert (answer.status_code, answer.headers["connection"]) == (413, "close")
    assert sent <= 33 * 1024 * 1024


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
async def test_another_media_type_is_refused(site: Site, media_type: str) -> None:
    headers = {**await site.token(Scope.INGEST), "Content-Type": media_type}
    answer = await site.http.post(URL, headers, b'{"mentions": []}')
    assert (answer.status_code, answer.json()["code"]) == (415, "not_json")


async def test_an_empty_batch_is_fine(site: Site) -> None:
    assert await push(site) == []


@both
async def test_one_mention_is_put_under_its_id(site: Site) -> None:
    headers = await site.token(Scope.INGEST)
    item = without("external_id", "platform")
    address = f"{URL}/demo/at://did:plc:abc/post/3k"
    answers = [await site.http("PUT", address, headers=headers, json=item) for _ in range(2)]
    assert [(answer.status_code, answer.json()["status"]) for answer in answers] == [
        (201, "created"),
        (200, "duplicate"),
    ]
    assert await kept(site) == ["at://did:plc:abc/post/3k"]
    other = await site.http("PUT", address, headers=headers, json={**item, "external_id": "p-9"})
    assert (other.status_code, other.json()["code"]) == (422, "path_mismatch")
    wrong = await site.http("PUT", f"{URL}/fetched/p-1", headers=headers, json={**item, "account": FETCHED.id})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "push_not_accepted")
    nothing = await site.http("PUT", f"{URL}/demo/p-1", headers=headers)
    assert (nothing.status_code, nothing.json()["code"]) == (422, "invalid")


async def test_a_pushed_item_never_alters_one_we_fetched(site: Site) -> None:
    async with site.world.store.writing() as uow:
        fetched = await store_post(uow, post("p-1"))
    (result,) = await push(site, pushed("p-1", text="something else entirely", edit_version="9"))
    assert (result["status"], result["id"]) == ("duplicate", fetched.id)
    mention = (await site.http.get(f"{URL}/{fetched.id}", await site.token(Scope.READ))).json()
    assert mention["text"] == post().text


async def test_a_push_makes_no_account_speak_that_its_token_does_not_name(site: Site) -> None:
    async with site.world.store.writing() as uow:
        for account, network_id in ((ACME, "n-1"), (ACME_TWO, "n-2")):
            await uow.accounts.ensure(account, START)
            await uow.accounts.identified(account, Identity(network_id, account.id))
    item = pushed(account=ACME_TWO.id, addressed=["n-1", "n-2", "n-9"])
    headers = await site.token(Scope.INGEST, accounts=[ACME_TWO.id])
    (taken,) = (await site.http.post(URL, headers, {"mentions": [item]})).json()["results"]
    both = await site.token(Scope.INGEST, accounts=[ACME.id, ACME_TWO.id], name="both")
    (free,) = (await site.http.post(URL, both, {"mentions": [{**item, "external_id": "p-2"}]})).json()["results"]
    async with site.world.store.reading() as uow:
        mentions = [await uow.mentions.get("acme", each["id"]) for each in (taken, free)]
    assert [mention.addressed for mention in mentions if mention] == [("n-2", "n-9"), ("n-1", "n-2", "n-9")]


class BrokenWriter:
    """A writer whose database is full for some items."""

    def __init__(self, writer: Any, fail: Any) -> None:
        self.writer, self.fail = writer, fail

    async def share(self, work: Any, part: Any) -> Any:
        if error := self.fail(part):
            raise error
        return await self.writer.share(work, part)


FULL = "The database's disk is full and nothing was kept; make room, then try again."


async def test_a_full_database_is_a_503_and_says_try_again(site: Site) -> None:
    http = site.changed(writer=BrokenWriter(site.door.writer, lambda _: StoreDown(FULL)))
    answer = await http.post(URL, await site.token(Scope.INGEST), {"mentions": [pushed(), pushed("p-2")]})
    assert (answer.status_code, answer.json()["detail"], answer.json()["retryable"]) == (503, FULL, True)


async def test_an_item_that_breaks_something_fails_alone_and_tells_nothing(site: Site) -> None:
    def fail(part: Any) -> Exception | None:
        broken = {"p-1": ValueError("secret internals"), "p-2": StoreDown(FULL)}
        return broken.get(part.post.external_id)

    http = site.changed(writer=BrokenWriter(site.door.writer, fail))
    answer = await http.post(URL, await site.token(Scope.INGEST), {"mentions": [pushed(f"p-{n}") for n in (1, 2, 3)]})
    assert "secret" not in answer.text
    assert [(r["status"], r["code"], r["retryable"]) for r in answer.json()["results"]] == [
        ("rejected", "internal", True),
        ("rejected", "store_down", True),
        ("created", None, False),
    ]
    assert await kept(site) == ["p-3"]
    failures = [facts for name, facts in site.watching.moments if name == "request.item_rejected"]
    assert failures[0]["error"] == "ValueError"
