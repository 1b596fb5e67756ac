"""Runs revisions on a connection handed in by `mentionbridge.store.migrate`, or on `-x url=…` when drafting one."""

import asyncio

import sqlalchemy as sa
from alembic import context

from mentionbridge.store.migrate import engine_for_migration
from mentionbridge.store.tables import metadata


def run(connection: sa.Connection) -> None:
    # SQLite can alter little in place; batch mode rebuilds the table instead.
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        compare_type=True,
        include_name=lambda name, kind, _: kind != "table" or not str(name).startswith("search_words"),
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_on(url: str) -> None:
    engine = engine_for_migration(url)
    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()


handed_in = context.config.attributes.get("connection")
if handed_in is not None:
    run(handed_in)
else:
    asyncio.run(run_on(context.get_x_argument(as_dictionary=True)["url"]))
