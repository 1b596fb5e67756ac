"""Bringing a database to the newest revision, and telling how far behind it is."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mentionbridge.domain.errors import SetupError
from mentionbridge.store.engines import engine_for
from mentionbridge.store.trouble import plainly

_PLACES = (Path(__file__).parents[1] / "migrations", Path(__file__).parents[3] / "migrations")
_ONE_AT_A_TIME = 0x6D62_6D69


@dataclass(frozen=True, slots=True)
class Status:
    """Where a database stands: `current` is None when it is empty, `behind` None when its revision is not ours."""

    current: str | None
    head: str
    behind: int | None


async def upgrade(url: str) -> Status:
    """Run every revision that is missing, in one transaction; several at once wait for each other."""
    engine = engine_for_migration(url)
    try:
        with plainly():
            return await _upgrade_on(engine)
    finally:
        await engine.dispose()


async def _upgrade_on(engine: AsyncEngine) -> Status:
    async with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
        _refuse_newer(await connection.run_sync(_status))
        await connection.run_sync(_upgrade)
        await _check_references(connection)
        return await connection.run_sync(_status)


async def status(url: str) -> Status:
    """Tell which revision the database is at and how many are missing."""
    engine = engine_for(url)
    try:
        with plainly():
            async with engine.connect() as connection:
                await connection.execution_options(mb_writes=False)
                return await connection.run_sync(_status)
    finally:
        await engine.dispose()


async def require_head(url: str) -> None:
    """Raise SetupError with the next step unless the database is at the newest revision."""
    found = await status(url)
    _refuse_newer(found)
    if found.behind:
        revisions = "1 revision" if found.behind == 1 else f"{found.behind} revisions"
        raise SetupError(f"The database is {revisions} behind; run `mentionbridge migrate`.")


def engine_for_migration(url: str) -> AsyncEngine:
    """Make an engine whose SQLite connections do not check references while tables are rebuilt."""
    engine = engine_for(url)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine.sync_engine, "connect", _trust_references)
    return engine


def _trust_references(connection: Any, record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=OFF")
    cursor.close()


async def _check_references(connection: AsyncConnection) -> None:
    if connection.dialect.name != "sqlite":
        return
    if broken := (await connection.exec_driver_sql("PRAGMA foreign_key_check")).first():
        raise SetupError(f"The migration would leave rows of {broken[0]} without their parents; nothing was changed.")


def _refuse_newer(found: Status) -> None:
    if found.behind is None:
        raise SetupError(
            f"The database is at revision {found.current}, which this version does not know; "
            "run the newer mentionbridge that made it."
        )


def _config() -> Config:
    place = next((place for place in _PLACES if (place / "env.py").exists()), None)
    if place is None:
        raise SetupError("The migrations are missing from this installation; install mentionbridge again.")
    config = Config()
    config.set_main_option("script_location", str(place).replace("%", "%%"))
    return config


def _upgrade(connection: sa.Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _status(connection: sa.Connection) -> Status:
    ours = [revision.revision for revision in ScriptDirectory.from_config(_config()).walk_revisions()]
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None:
        return Status(None, ours[0], len(ours))
    return Status(current, ours[0], ours.index(current) if current in ours else None)
