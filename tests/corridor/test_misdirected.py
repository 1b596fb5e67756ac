"""A network that knows one address an app sends everything there; each account hears what is its own, and no other."""

import json
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fakes.databases import fresh_database
from mentionbridge.bootstrap import App, opened
from mentionbridge.domain.account import Identity
from mentionbridge.domain.mention import Origin
from mentionbridge.pipeline.read_hook import read_hook
from mentionbridge.ports.platform import spender_of
from mentionbridge.ports.store import Queue
from mentionbridge.settings import load
from mentionbridge.store import tables as t

_EVENTS = count()
US = {("acme", "acme-x"): "1", ("globex", "globex-x"): "2"}


@pytest.fixture(params=["sqlite", "postgresql"])
async def app(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[App]:
    """Two brands' accounts on X behind one developer app; both are known to be who they are."""
    config, key = tmp_path / "mentionbridge.toml", tmp_path / "key"
    key.touch(0o600)
    key.write_text("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n")
    accounts = "".join(
        f'[brands.{brand}]\nname = "{brand}"\n[brands.{brand}.accounts.{account}]\nplatform = "x"\n'
        f'options = {{ refresh_token = "invented" }}\n'
        for brand, account in US
    )
    url = fresh_database(request.param, tmp_path)
    config.write_text(
        f'[database]\nurl = "{url}"\n[secrets]\nkey_file = "{key}"\n'
        f'[platforms.x]\nclient_id = "c"\nconsumer_secret = "s"\n{accounts}'
    )
    async with opened(load(config), migrate=True) as app:
        yield app


async def known(app: App, *who: tuple[str, str]) -> None:
    async with app.store.writing() as uow:
        for brand, account in US:
            await uow.accounts.ensure(app.bridge.connected[brand, account].account, app.bridge.clock.now())
        for each in who:
            await uow.accounts.identified(app.bridge.connected[each].account, Identity(US[each], each[1], "", ""))


async def pushed(app: App, us: str, number: int = 11, kind: str = "post.mention.create") -> None:
    """Keep an event at the first account's address, and read it."""
    words = {"id": str(number), "text": "@acme late", "author_id": "7", "created_at": "2026-11-22T09:14:03.000Z"}
    event = {"event_uuid": "e", "event_type": kind, "filter": {"user_id": us}, "payload": words}
    at = app.bridge.connected["acme", "acme-x"].account
    async with app.store.writing() as uow:
        body = json.dumps({"data": {**event, "event_uuid": f"e-{next(_EVENTS)}"}}).encode()
        await uow.inbox.keep(at, Origin.HOOK, body, app.bridge.clock.now())
        (lease,) = await uow.claims.take(Queue.HOOK, 1, 30)
    await read_hook(app.bridge, lease)


async def heard(app: App) -> list[tuple[Any, ...]]:
    async with app.engine.reading() as connection:
        columns = t.mentions.c
        rows = await connection.execute(sa.select(columns.brand_id, columns.account_id, columns.external_id))
        return [tuple(row) for row in rows]


async def kept_back(app: App) -> list[str]:
    async with app.engine.reading() as connection:
        query = sa.select(t.inbox.c.reason).where(t.inbox.c.state == "waiting")
        return list((await connection.execute(query)).scalars())


async def test_each_hears_what_is_its_own(app: App) -> None:
    await known(app, *US)
    await pushed(app, "1", 11)
    await pushed(app, "2", 12)
    assert sorted(await heard(app)) == [("acme", "acme-x", "11"), ("globex", "globex-x", "12")]


async def test_what_was_pushed_is_paid_for_once_by_whom_it_is_for(app: App) -> None:
    await known(app, *US)
    for number in (11, 11, 12):
        await pushed(app, "2", number)
    (first, second) = (app.bridge.connected[each].platform for each in US)
    assert sum(spender_of(first).spent().values()) == 0  # type: ignore[union-attr]
    assert sum(spender_of(second).spent().values()) == 2 * 5_000  # type: ignore[union-attr]
    async with app.store.reading() as uow:
        health = await uow.accounts.health("globex", "globex-x")
    assert health.hook_heard_at is not None


async def test_what_is_for_nobody_here_is_kept_and_said(app: App) -> None:
    await known(app, *US)
    await pushed(app, "999")
    assert await heard(app) == []
    assert await kept_back(app) == ["it is for the account with the id 999, and no account here has it"]


async def test_before_an_account_is_known_what_comes_to_its_address_is_its_own(app: App) -> None:
    await known(app)
    await pushed(app, "1")
    assert await heard(app) == [("acme", "acme-x", "11")]


async def test_events_twice_in_another_order_and_of_tomorrows_kind_lose_and_double_nothing(app: App) -> None:
    await known(app, *US)
    await pushed(app, "1", 11, "post.delete")
    for number in (12, 11, 12, 11):
        await pushed(app, "1", number)
    await pushed(app, "1", 13, "post.sparkle")
    assert sorted(await heard(app)) == [("acme", "acme-x", "11"), ("acme", "acme-x", "12")]
    await pushed(app, "1", 12, "post.delete")
    async with app.engine.reading() as connection:
        gone = (await connection.execute(sa.select(t.mentions.c.external_id).where(t.mentions.c.redacted))).scalars()
        assert list(gone) == ["12"]
        odd = (await connection.execute(sa.select(t.inbox.c.body).where(t.inbox.c.state == "unreadable"))).scalars()
        assert [b"post.sparkle" in bytes(body) for body in odd] == [True], "kept, and counted in the account's health"
