"""Accounts, their gaps, their vault; the inbox; what is sealed."""

import asyncio
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from fakes.clock import START
from fakes.people import ACME, ACME_TWO, OTHER, connect
from fakes.world import SEALER, World
from mentionbridge.domain.account import AccountState, Identity
from mentionbridge.domain.errors import NotFound, SetupError
from mentionbridge.domain.mention import Origin
from mentionbridge.domain.reply import OwnPost
from mentionbridge.ports.store import Queue
from mentionbridge.store import tables as t
from mentionbridge.store.sealed import Sealer, load_or_make
from mentionbridge.store.vault import AccountVault


async def test_an_account_starts_in_reconcile_and_is_connected_once(world: World) -> None:
    async with world.store.writing() as uow:
        with pytest.raises(NotFound):
            await uow.accounts.health("acme", ACME.id)
        await uow.accounts.ensure(ACME, START)
        await uow.accounts.ensure(ACME, START + timedelta(days=1))
        health = await uow.accounts.health("acme", ACME.id)
    assert (health.state, health.connected_at, health.failures) == (AccountState.RECONCILE, START, 0)


async def test_health_tells_what_happened(world: World) -> None:
    async with world.store.writing() as uow:
        await connect(uow)
        await uow.accounts.identified(ACME, Identity("did:1", "acme"))
        assert [await uow.accounts.failed(ACME, "no answer " + "x" * 600, START) for _ in range(2)] == [1, 2]
        assert await uow.accounts.open_gap(ACME, "two failures", START) is not None
        assert await uow.accounts.open_gap(ACME, "a third", START) is None
        ill = await uow.accounts.health("acme", ACME.id)
        assert (ill.failures, len(ill.last_error or ""), ill.open_gap) == (2, 500, "two failures")
        await uow.accounts.well(ACME, START)
        assert await uow.accounts.close_gap(ACME, "walked to the end", START + timedelta(minutes=5)) is not None
        assert await uow.accounts.close_gap(ACME, "again", START) is None
        assert await uow.accounts.open_gap(ACME, "later", START) is not None
        well = await uow.accounts.health("acme", ACME.id)
        gaps = await uow.accounts.gaps("acme", ACME.id)
    assert (well.network_id, well.handle, well.failures, well.last_error) == ("did:1", "acme", 0, None)
    assert [(gap["cause"], gap["repaired"]) for gap in gaps] == [("two failures", "walked to the end"), ("later", None)]


async def test_two_that_find_an_account_blind_open_one_gap(world: World) -> None:
    async with world.store.writing() as uow:
        await connect(uow)
    other = world.another()

    async def open_gap(store: object) -> str | None:
        async with store.writing() as uow:  # type: ignore[attr-defined]
            return await uow.accounts.open_gap(ACME, "no answer", START)  # type: ignore[no-any-return]

    opened = await asyncio.gather(open_gap(world.store), open_gap(other))
    assert sum(gap is not None for gap in opened) == 1
    await other.engine.aclose()


async def test_accounts_of_the_named_brands_only(world: World) -> None:
    async with world.store.writing() as uow:
        for account in (ACME_TWO, OTHER, ACME):
            await connect(uow, account)
        await uow.accounts.alive([("acme", ACME.id)], START)
        await uow.accounts.alive([], START)
        ours = await uow.accounts.all(["acme"])
        assert [(account.id, account.alive_at) for account in ours] == [(ACME.id, START), (ACME_TWO.id, None)]
        assert len(await uow.accounts.all()) == 3
        assert await uow.accounts.all([]) == []


async def test_pausing_names_who_did_it(world: World) -> None:
    async with world.store.writing() as uow:
        await connect(uow)
        assert await uow.accounts.set_state(ACME, AccountState.PAUSED, "Kim via desk")
        assert not await uow.accounts.set_state(ACME, AccountState.PAUSED, "Lee via desk")
        assert (await uow.accounts.health("acme", ACME.id)).paused_by == "Kim via desk"
        assert await uow.accounts.set_state(ACME, AccountState.ACTIVE)
        assert (await uow.accounts.health("acme", ACME.id)).paused_by is None


async def test_an_account_is_scheduled_earlier_but_never_later(world: World) -> None:
    async with world.store.writing() as uow:
        await connect(uow)
        (lease,) = await uow.claims.take(Queue.POLL, 1, 30)
        await uow.claims.done(lease, START + timedelta(minutes=10))
        await uow.accounts.schedule(ACME, START + timedelta(minutes=20))
        await uow.accounts.schedule(ACME, START + timedelta(minutes=1))
    async with world.engine.reading() as connection:
        assert (await connection.execute(t.accounts.select())).one().due == START + timedelta(minutes=1)


async def test_what_we_said_ourselves_is_remembered_once(world: World) -> None:
    said = OwnPost("o-1", "p-1", "p-1", "Sorry!", START)
    async with world.store.writing() as uow:
        for _ in range(2):
            await uow.accounts.remember_own("acme", ACME.id, said)
    async with world.engine.reading() as connection:
        (row,) = await connection.execute(t.own_posts.select())
    assert (row.brand_id, row.account_id, row.external_id, row.parent_id) == ("acme", ACME.id, "o-1", "p-1")


async def test_the_vault_lets_one_of_two_swaps_through(world: World) -> None:
    async with world.store.writing() as uow:
        await connect(uow)
    other = world.another()
    vaults = [AccountVault(store.engine, SEALER, "acme", ACME.id) for store in (world.store, other)]
    assert await vaults[0].read() == (None, 0)
    swapped = await asyncio.gather(*(vault.swap(f"session {n}", 0) for n, vault in enumerate(vaults)))
    assert sorted(swapped) == [False, True]
    assert await vaults[0].read() == (f"session {swapped.index(True)}", 1)
    assert not await vaults[1].swap("too late", 0)
    assert await vaults[1].swap(None, 1)
    assert await vaults[0].read() == (None, 2)
    await other.engine.aclose()


async def test_a_secret_is_not_readable_in_the_database(world: World) -> None:
    async with world.store.writing() as uow:
        await connect(uow)
    vault = AccountVault(world.engine, SEALER, "acme", ACME.id)
    await vault.swap("a-refresh-token", 0)
    async with world.engine.reading() as connection:
        stored = (await connection.execute(t.accounts.select())).one().secret
    assert b"a-refresh-token" not in bytes(stored)
    wrong = AccountVault(world.engine, Sealer([Fernet.generate_key()]), "acme", ACME.id)
    with pytest.raises(SetupError, match="sealed with another key"):
        await wrong.read()


def test_old_keys_still_open_what_they_sealed() -> None:
    old, new = Fernet.generate_key(), Fernet.generate_key()
    sealed = Sealer([old]).seal("kept")
    assert Sealer([new, old]).open(sealed) == "kept"
    with pytest.raises(SetupError):
        Sealer([new]).open(Sealer([old]).seal("lost"))


def test_a_key_file_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "key"
    sealed = load_or_make(path, make=True).seal("kept")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_make(path, make=True).open(sealed) == "kept"
    for body, words in ((b"", "is empty"), (b"nonsense\n", "not a key")):
        path.write_bytes(body)
        with pytest.raises(SetupError, match=words):
            load_or_make(path, make=True)
    with pytest.raises(SetupError, match="cannot be read"):
        load_or_make(tmp_path / "none", make=False)


async def test_a_hook_body_is_kept_once_whoever_delivers_it(world: World) -> None:
    other = world.another()

    async def keep(store: object) -> tuple[str, bool]:
        async with store.writing() as uow:  # type: ignore[attr-defined]
            return await uow.inbox.keep(ACME, Origin.HOOK, b'{"n": 1}', START)  # type: ignore[no-any-return]

    kept = await asyncio.gather(keep(world.store), keep(other), keep(world.store))
    assert sorted(new for _, new in kept) == [False, False, True]
    async with world.store.writing() as uow:
        assert (await uow.inbox.keep(ACME, Origin.HOOK, b'{"n": 2}', START))[1]
        assert (await uow.inbox.keep(ACME_TWO, Origin.HOOK, b'{"n": 1}', START))[1]
        leases = await uow.claims.take(Queue.HOOK, 9, 30)
        assert len(leases) == 3
        assert await uow.inbox.body("acme", leases[0].id) == (ACME.id, b'{"n": 1}')
        assert await uow.inbox.body("borealis", leases[0].id) is None
    await other.engine.aclose()


async def test_a_read_body_is_emptied_but_still_recognised(world: World) -> None:
    async with world.store.writing() as uow:
        inbox_id, _ = await uow.inbox.keep(ACME, Origin.HOOK, b"body", START)
        await uow.inbox.read("acme", inbox_id)
        assert await uow.inbox.body("acme", inbox_id) == (ACME.id, b"")
        assert not (await uow.inbox.keep(ACME, Origin.HOOK, b"body", START))[1]


async def test_what_cannot_be_understood_is_kept_beside_it(world: World) -> None:
    async with world.store.writing() as uow:
        await uow.inbox.keep(ACME, Origin.HOOK, b"\xff\x00", START)
        for _ in range(2):
            await uow.inbox.keep_unreadable(ACME, Origin.HOOK, b"\xff\x00", "not UTF-8 " + "x" * 600, START)
        assert len(await uow.claims.take(Queue.HOOK, 9, 30)) == 1
    async with world.engine.reading() as connection:
        (row,) = (await connection.execute(t.inbox.select().where(t.inbox.c.state == "unreadable"))).all()
    assert (bytes(row.body), len(row.reason), row.due) == (b"\xff\x00", 500, None)
