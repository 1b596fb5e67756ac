"""What both databases promise a transaction, and what they say when they cannot keep it."""

import asyncio
import sqlite3
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

from fakes.people import ACME, connect, post, store_post
from fakes.world import World
from mentionbridge.domain.errors import SetupError, StoreDown
from mentionbridge.store import engines
from mentionbridge.store import tables as t
from mentionbridge.store.engines import Engine

MENTIONS = sa.select(sa.func.count()).select_from(t.mentions)


async def test_a_reader_sees_one_moment(world: World) -> None:
    other = world.another()
    async with world.engine.reading() as connection:
        before = (await connection.execute(MENTIONS)).scalar_one()
        async with other.writing() as uow:
            await store_post(uow, post())
        assert (await connection.execute(MENTIONS)).scalar_one() == before == 0
    async with world.engine.reading() as connection:
        assert (await connection.execute(MENTIONS)).scalar_one() == 1
    await other.engine.aclose()


async def test_a_failing_transaction_leaves_nothing(world: World) -> None:
    with pytest.raises(ZeroDivisionError):
        async with world.store.writing() as uow:
            await store_post(uow, post())
            raise ZeroDivisionError
    async with world.engine.reading() as connection:
        assert (await connection.execute(MENTIONS)).scalar_one() == 0


async def test_writers_of_two_processes_take_turns(world: World) -> None:
    other = world.another()

    async def write(store: object, first: int) -> None:
        for number in range(first, first + 20):
            async with store.writing() as uow:  # type: ignore[attr-defined]
                await store_post(uow, post(f"p-{number}"))

    await asyncio.gather(write(world.store, 0), write(other, 20), write(world.store, 40))
    async with world.engine.reading() as connection:
        assert (await connection.execute(MENTIONS)).scalar_one() == 60
    await other.engine.aclose()


async def test_references_are_checked(world: World) -> None:
    async with world.store.writing() as uow:
        mention = await store_post(uow, post())
    with pytest.raises(sa.exc.IntegrityError):
        async with world.store.writing() as uow:
            await uow.mentions.join("acme", mention.id, "tkt_that_is_not")


async def test_instants_come_back_aware_and_in_utc_whatever_zone_they_had(world: World) -> None:
    east = datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    async with world.store.writing() as uow:
        await connect(uow)
        await uow.accounts.polled(ACME, "c-1", east, east)
        await uow.accounts.polled(ACME, None, east - timedelta(hours=1), east)
        health = await uow.accounts.health("acme", ACME.id)
    assert health.last_seen_at == health.last_polled_at == east
    assert health.last_seen_at.utcoffset() == timedelta(0)
    assert health.cursor == "c-1"


async def test_a_missing_table_is_a_database_that_is_behind(empty_url: str) -> None:
    engine = Engine(empty_url)
    with pytest.raises(StoreDown, match=r"lacks something this version needs; run `mentionbridge migrate`\.$"):
        async with engine.reading() as connection:
            await connection.execute(MENTIONS)
    await engine.aclose()


async def test_a_mistake_of_ours_is_not_called_the_databases(world: World) -> None:
    with pytest.raises(sa.exc.DBAPIError):
        async with world.engine.reading() as connection:
            await connection.execute(sa.text("SELEC 1") if not world.engine.embedded else sa.text("SELECT ?1 ?2"))


async def test_a_postgresql_that_is_away_says_so() -> None:
    engine = Engine("postgresql://nobody@127.0.0.1:9/none?connect_timeout=2")
    with pytest.raises(StoreDown, match="cannot be reached and nothing was kept"):
        async with engine.writing():
            raise AssertionError("a connection to a closed port")
    await engine.aclose()


async def test_a_locked_sqlite_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "BUSY_SECONDS", 0.05)
    holder = sqlite3.connect(tmp_path / "held.sqlite", isolation_level=None)
    holder.execute("PRAGMA journal_mode=WAL")
    holder.execute("BEGIN IMMEDIATE")
    engine = Engine(f"sqlite:///{tmp_path}/held.sqlite")
    with pytest.raises(StoreDown, match="busy with another writer and nothing was kept"):
        async with engine.writing():
            raise AssertionError("two writers at once")
    holder.execute("ROLLBACK")
    async with engine.writing() as connection:
        await connection.execute(sa.text("CREATE TABLE now_it_goes (a)"))
    await engine.aclose()
    holder.close()


async def test_a_full_sqlite_says_so_and_keeps_what_it_had(tmp_path: Path) -> None:
    engine = Engine(f"sqlite:///{tmp_path}/full.sqlite")
    async with engine.writing() as connection:
        await connection.execute(sa.text("CREATE TABLE notes (a TEXT)"))
        await connection.execute(sa.text("INSERT INTO notes VALUES ('kept')"))

    def no_more_room(connection: object, record: object) -> None:
        connection.cursor().execute("PRAGMA max_page_count=4")  # type: ignore[attr-defined]

    await engine.aclose()
    sa.event.listen(engine.raw.sync_engine, "connect", no_more_room)
    with pytest.raises(StoreDown, match="disk is full and nothing was kept"):
        async with engine.writing() as connection:
            await connection.execute(sa.text("INSERT INTO notes VALUES (:long)"), {"long": "x" * 100_000})
    async with engine.reading() as connection:
        assert (await connection.execute(sa.text("SELECT a FROM notes"))).scalars().all() == ["kept"]
    await engine.aclose()


@pytest.mark.parametrize("wrong", ["mysql://there/db", "a file", ""])
async def test_other_addresses_are_refused_with_the_right_ones(wrong: str) -> None:
    with pytest.raises(SetupError, match=r"sqlite.* or postgresql"):
        Engine(wrong)


async def test_an_error_does_not_repeat_the_words_it_stumbled_over(world: World) -> None:
    with pytest.raises(sa.exc.DBAPIError) as caught:
        async with world.store.writing() as uow:
            mention = await store_post(uow, post())
            await uow.mentions.join("acme", mention.id, "tkt_secret_words")
    assert "tkt_secret_words" not in str(caught.value).partition("DETAIL")[0]


async def test_a_new_sqlite_file_is_its_owners_alone(tmp_path: Path) -> None:
    engine = Engine(f"sqlite:///{tmp_path}/deep/er/words.sqlite")
    async with engine.raw.connect() as connection:
        await connection.execute(sa.text("CREATE TABLE words (said TEXT)"))
        files = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "deep" / "er").iterdir()}
    await engine.aclose()
    assert set(files) >= {"words.sqlite", "words.sqlite-wal"}
    assert set(files.values()) == {0o600}


async def test_many_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    engines_ = [Engine(f"sqlite:///{tmp_path}/new.sqlite") for _ in range(12)]

    async def write(engine: Engine, number: int) -> None:
        async with engine.writing() as connection:
            await connection.execute(sa.text("CREATE TABLE IF NOT EXISTS seen (who INTEGER)"))
            await connection.execute(sa.text("INSERT INTO seen VALUES (:n)"), {"n": number})

    await asyncio.gather(*(write(engine, number) for number, engine in enumerate(engines_)))
    async with engines_[0].reading() as connection:
        assert (await connection.execute(sa.text("SELECT count(*) FROM seen"))).scalar_one() == 12
        assert (await connection.execute(sa.text("PRAGMA journal_mode"))).scalar_one() == "wal"
    for engine in engines_:
        await engine.aclose()
