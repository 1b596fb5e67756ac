"""The platforms' webhooks: verified on raw bytes, on disk before the answer, never read at the door."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from fakes.clock import START
from fakes.people import ACME
from fakes.web_hook import sign
from fakes.web_world import Site
from mentionbridge.domain.errors import StoreDown
from mentionbridge.ports.access import Scope
from mentionbridge.ports.store import Queue
from mentionbridge.store import tables as t

both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
URL = f"/hooks/{ACME.platform}/{ACME.id}"


async def send(site: Site, body: bytes, headers: dict[str, str] | None = None, url: str = URL) -> Any:
    signed = sign(body, site.world.clock.now()) if headers is None else headers
    return await site.http("POST", url, content=body, headers=signed)


async def kept(site: Site) -> list[bytes]:
    async with site.world.engine.reading() as connection:
        rows = await connection.execute(sa.select(t.inbox.c.body).order_by(t.inbox.c.id))
        return [bytes(body) for body in rows.scalars()]


@both
@pytest.mark.parametrize(
    "body", [b"", b"{}", b"\xff\xfe\x00", b"not json at all", b'{"a":' + b"[" * 5000, b"x" * 1024 * 1024]
)
async def test_whatever_is_signed_is_kept_as_it_came(site: Site, body: bytes) -> None:
    answer = await send(site, body)
    assert (answer.status_code, answer.json()) == (200, {"stored": True, "new": True})
    assert await kept(site) == [body]
    assert site.hook.parsed == 0
    assert site.woken == [True]
    async with site.world.store.writing() as uow:
        assert len(await uow.claims.take(Queue.HOOK, 5, 30)) == 1


@both
async def test_a_burst_of_webhooks_loses_none_and_doubles_none(site: Site) -> None:
    bodies = [b'{"n": %d}' % (number % 100) for number in range(300)]
    answers = await asyncio.gather(*(send(site, body) for body in bodies))
    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.json()["new"] for answer in answers) == 100
    assert sorted(await kept(site)) == sorted(set(bodies))


async def test_the_answer_comes_after_the_commit(site: Site) -> None:
    holder = site.world.another()
    async with holder.writing() as uow:
        await uow.accounts.well(ACME, START)
        waiting = asyncio.create_task(send(site, b"{}"))
        assert not (await asyncio.wait([waiting], timeout=0.4))[0]
    assert (await waiting).status_code == 200
    await holder.engine.aclose()


BAD = {
    "nothing": {},
    "no time": {"X-Toy-Signature": "0" * 64},
    "another secret": sign(b"{}", START, b"stolen"),
    "another body": sign(b"[]", START),
    "replayed after an hour": sign(b"{}", START - timedelta(hours=1)),
    "from the future": sign(b"{}", START + timedelta(hours=1)),
    "not ASCII": {**sign(b"{}", START), "X-Toy-Signature": "\xe9" * 64},
}


@pytest.mark.parametrize("headers", BAD.values(), ids=BAD.keys())
async def test_a_wrong_signature_is_refused_and_nothing_kept(site: Site, headers: dict[str, str]) -> None:
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = await site.http("POST", URL, content=b"{}", headers=raw)
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    assert answer.json()["detail"].startswith("The webhook's signature was not accepted: it")
    assert await kept(site) == [] and site.woken == []
    assert site.watching.codes() == ["bad_signature"]


async def test_a_refused_webhook_shows_in_health_once_a_minute(site: Site) -> None:
    for seconds, why in ((0, BAD["another secret"]), (30, {}), (40, {})):
        site.world.clock.forward(seconds)
        await site.http("POST", URL, content=b"{}", headers=why)
    told = (await site.http.get("/v1/accounts", await site.token(Scope.READ))).json()
    (acme,) = [each for each in told["items"] if each["id"] == ACME.id]
    later = (START + timedelta(seconds=70)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (acme["hook_refused_at"], acme["hook_heard_at"]) == (later, None)
    assert "missing" in acme["hook_refused_because"]


async def test_a_replay_within_its_time_changes_nothing(site: Site) -> None:
    headers = sign(b"{}", START)
    answers = [await send(site, b"{}", headers) for _ in range(3)]
    assert [answer.json()["new"] for answer in answers] == [True, False, False]
    assert [facts["new"] for name, facts in site.watching.moments if name == "hook.kept"] == [True, False, False]


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_webhook_over_four_megabytes_is_refused_unread(site: Site, chunked: bool) -> None:
    body = b"x" * (4 * 1024 * 1024 + 1)
    headers = sign(body, START)

    async def pieces() -> Any:
        for at in range(0, len(body), 65536):
            yield body[at : at + 65536]

    answer = await site.http("POST", URL, content=pieces() if chunked else body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert await kept(site) == []


@pytest.mark.parametrize("url", ["/hooks/demo/nobody", "/hooks/elsewhere/acme-demo", "/hooks/demo", "/hooks/demo/a/b"])
async def test_an_address_nobody_listens_at(site: Site, url: str) -> None:
    assert (await send(site, b"{}", url=url)).status_code == 404


async def test_a_handshake_is_answered_and_a_plain_look_is_not(site: Site) -> None:
    answer = await site.http("GET", f"{URL}?challenge=abc")
    assert (answer.status_code, answer.json()) == (200, {"echo": "abc"})
    plain = await site.http("GET", URL)
    assert (plain.status_code, plain.json()["code"]) == (400, "not_a_handshake")
    assert (await site.http("PUT", URL, content=b"{}")).json()["code"] == "method_not_allowed"


async def test_a_database_that_is_full_says_come_again(site: Site) -> None:
    class Full:
        async def submit(self, work: Any) -> Any:
            raise StoreDown("The database's disk is full and nothing was kept; make room, then try again.")

    headers = sign(b"{}", START)
    answer = await site.changed(writer=Full())("POST", URL, content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["retryable"], answer.headers["retry-after"]) == (503, True, "5")


async def test_a_hook_that_breaks_tells_nothing(site: Site) -> None:
    class Broken:
        def handshake(self, request: Any) -> None:
            raise RuntimeError("secret internals")

    http = site.changed(hook_of=lambda platform, account: (ACME, Broken()))
    answer = await http("POST", URL, content=b"{}")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret" not in answer.text
    assert site.watching.moments[-1][1]["error"] == "RuntimeError"


async def test_stopping_keeps_what_was_accepted(site: Site) -> None:
    held = site.world.another()
    async with held.writing() as uow:
        await uow.accounts.well(ACME, START)
        sending = [asyncio.create_task(send(site, b"%d" % number)) for number in range(20)]
        await asyncio.sleep(0.2)
        stopping = asyncio.create_task(site.door.writer.aclose())  # type: ignore[attr-defined]
        await asyncio.sleep(0.05)
    await stopping
    answers = [await each for each in sending]
    assert {answer.status_code for answer in answers} == {200}
    assert len(await kept(site)) == 20
    late = await send(site, b"late")
    assert (late.status_code, late.json()["code"]) == (503, "store_down")
    await held.engine.aclose()


async def test_three_hundred_webhooks_take_seconds_not_minutes(site: Site) -> None:
    began = time.perf_counter()
    await asyncio.gather(*(send(site, b"%d" % number) for number in range(300)))
    assert time.perf_counter() - began < 20
