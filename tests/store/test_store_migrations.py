"""From empty to head on both databases, and the tables are what the code thinks they are."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from mentionbridge.domain.errors import SetupError
from mentionbridge.store import migrate
from mentionbridge.store.engines import engine_for
from mentionbridge.store.tables import metadata

REVISIONS = list((Path(__file__).parents[2] / "migrations" / "versions").glob("*.py"))


async def on(url: str, ask: Any) -> Any:
    engine = engine_for(url)
    async with engine.begin() as connection:
        answer = await connection.run_sync(ask)
    await engine.dispose()
    return answer


def differences(connection: sa.Connection) -> list[Any]:
    def counts(thing: Any, name: str, kind: str, reflected: bool, other: Any) -> bool:
        # Each database indexes words its own way: FTS5 in tables of its own, PostgreSQL by an index.
        if kind == "index" and connection.dialect.name == "sqlite":
            return name != "ix_search_body"
        return kind != "table" or not name.startswith("search_words")

    opts = {"compare_type": True, "compare_server_default": True, "include_object": counts}
    context = MigrationContext.configure(connection, opts=opts)
    return list(compare_metadata(context, metadata))


async def test_the_migrated_database_is_what_the_tables_say(empty_url: str) -> None:
    await migrate.upgrade(empty_url)
    assert await on(empty_url, differences) == []


async def test_a_missing_index_would_be_noticed(empty_url: str) -> None:
    await migrate.upgrade(empty_url)
    await on(empty_url, lambda connection: connection.exec_driver_sql("DROP INDEX ix_mentions_ticket"))
    assert [change[0] for change in await on(empty_url, differences)] == ["add_index"]


async def test_partial_indexes_and_references_are_there(empty_url: str) -> None:
    await migrate.upgrade(empty_url)

    def look(connection: sa.Connection) -> tuple[set[str], int]:
        inspector = sa.inspect(connection)
        partial = {
            index["name"]
            for table in inspector.get_table_names()
            for index in inspector.get_indexes(table)
            if any(key.endswith("_where") for key in index.get("dialect_options", {}))
        }
        return partial, sum(len(inspector.get_foreign_keys(table)) for table in inspector.get_table_names())

    partial, references = await on(empty_url, look)
    ours = {
        index.name
        for table in metadata.tables.values()
        for index in table.indexes
        if index.dialect_options["sqlite"]["where"] is not None
    }
    assert partial == ours
    assert references == sum(len(table.foreign_key_constraints) for table in metadata.tables.values())


async def test_the_rows_the_code_locks_exist(empty_url: str) -> None:
    await migrate.upgrade(empty_url)

    def read(connection: sa.Connection) -> Any:
        heads = connection.execute(sa.select(metadata.tables["heads"])).all()
        switches = connection.execute(sa.select(metadata.tables["switches"])).all()
        return heads, [(row.name, row.state) for row in switches]

    assert await on(empty_url, read) == ([("feed", 0)], [("paused_everywhere", False)])


async def test_status_tells_empty_from_whole(empty_url: str) -> None:
    before = await migrate.status(empty_url)
    assert (before.current, before.behind) == (None, len(REVISIONS))
    behind = rf"^The database is {len(REVISIONS)} revisions? behind; run `mentionbridge migrate`\.$"
    with pytest.raises(SetupError, match=behind):
        await migrate.require_head(empty_url)
    after = await migrate.upgrade(empty_url)
    assert after.behind == 0 and after.current == after.head
    await migrate.require_head(empty_url)


async def test_upgrading_twice_at_once_does_it_once(empty_url: str) -> None:
    first, second = await asyncio.gather(migrate.upgrade(empty_url), migrate.upgrade(empty_url))
    assert first.behind == second.behind == 0
    assert await on(empty_url, differences) == []


async def test_a_database_from_the_future_is_left_alone(empty_url: str) -> None:
    await migrate.upgrade(empty_url)
    later = "UPDATE alembic_version SET version_num = '9999'"
    await on(empty_url, lambda connection: connection.exec_driver_sql(later))
    for refused in (migrate.require_head, migrate.upgrade):
        with pytest.raises(SetupError, match="revision 9999, which this version does not know"):
            await refused(empty_url)


async def test_down_and_up_again(empty_url: str) -> None:
    from alembic import command

    await migrate.upgrade(empty_url)

    def down(connection: sa.Connection) -> list[str]:
        config = migrate._config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        return sa.inspect(connection).get_table_names()

    assert await on(empty_url, down) == ["alembic_version"]
    await migrate.upgrade(empty_url)
    assert await on(empty_url, differences) == []
