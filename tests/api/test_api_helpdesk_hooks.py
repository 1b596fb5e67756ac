"""A helpdesk's webhook: let in by its secret, kept before the answer, and never believed."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from fakes.clock import START
from fakes.people import story
from fakes.toy_desk import ToyDesk
from fakes.web_world import Site
from mentionbridge.domain.errors import StoreDown
from mentionbridge.helpdesks.hooks import SecretHook
from mentionbridge.helpdesks.rt import wire
from mentionbridge.pipeline.bridge import LinkedDesk
from mentionbridge.ports.mirrors import External
from mentionbridge.store import tables as t

URL = "/hooks/helpdesk/support"
GOOD = {"x-bridge-secret": "s3cret"}
HOOK = SecretHook(SecretStr("s3cret"), wire.hear, header="x-bridge-secret", query="secret")


def calling(site: Site, hook: SecretHook | None = HOOK, **parts: Any) -> Any:
    desk = LinkedDesk("acme", "support", "toy", ToyDesk(site.world.clock), 15.0, 900.0, hook)
    return site.changed(desks={"support": desk}, **parts)


async def mirrored(site: Site) -> None:
    async with site.world.store.writing() as uow:
        reply = await story(uow, "p-1")
        await uow.mirrors.claim(External("acme", reply.ticket_id, "support", "7", None, "mentionbridge", START))
        await uow.mirrors.want("acme", reply.ticket_id, "support", 1, START + timedelta(hours=1))
        await uow.helpdesks.ensure("acme", "support", "toy", START + timedelta(hours=1))


async def due(site: Site) -> list[Any]:
    async with site.world.engine.reading() as connection:
        mirror = (await connection.execute(sa.select(t.mirrors.c.look, t.mirrors.c.due))).one()
        desk = (await connection.execute(sa.select(t.helpdesks.c.due))).scalar_one()
        return [mirror.look, mirror.due, desk]


@pytest.mark.parametrize(
    ("headers", "url"), [(GOOD, URL), ({}, f"{URL}?secret=s3cret")], ids=["in a header", "in the address"]
)
async def test_a_call_asks_for_a_look_before_it_is_answered(site: Site, headers: dict[str, str], url: str) -> None:
    await mirrored(site)
    answer = await calling(site)("POST", url, content=b'{"ticket": 7}', headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"stored": True})
    now = site.world.clock.now()
    assert await due(site) == [True, now + timedelta(seconds=1), now + timedelta(seconds=3)]
    assert site.woken


@pytest.mark.parametrize("body", [b"", b"\xff<html>", b'{"ticket": [7]}', b'{"ticket": 8}', b"[" * 5000])
async def test_a_call_that_names_no_ticket_of_ours_asks_the_desk(site: Site, body: bytes) -> None:
    await mirrored(site)
    assert (await calling(site)("POST", URL, content=body, headers=GOOD)).status_code == 200
    look, _, desk = await due(site)
    assert (look, desk) == (False, site.world.clock.now() + timedelta(seconds=3))


@pytest.mark.parametrize("headers", [{}, {"x-bridge-secret": "S3cret"}, {"x-bridge-secret": ""}])
async def test_without_the_secret_nothing_is_kept(site: Site, headers: dict[str, str]) -> None:
    await mirrored(site)
    before = await due(site)
    answer = await calling(site)("POST", URL, content=b'{"ticket": 7}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    assert await due(site) == before


async def test_a_desk_that_is_none_of_ours_or_takes_no_calls_is_not_there(site: Site) -> None:
    for hook, url in ((HOOK, "/hooks/helpdesk/other"), (None, URL)):
        answer = await calling(site, hook)("POST", url, content=b"{}", headers=GOOD)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_what_cannot_be_kept_is_not_taken(site: Site) -> None:
    class Full:
        async def submit(self, work: Any) -> None:
            raise StoreDown("The disk is full.")

    answer = await calling(site, writer=Full())("POST", URL, content=b"{}", headers=GOOD)
    assert answer.status_code == 503
