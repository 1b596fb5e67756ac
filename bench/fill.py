"""Fills a database with tickets and all that hangs on them, as fast as it takes rows."""

import json
import random
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.types.json import Jsonb

from mentionbridge.store import tables as t
from mentionbridge.store.search import as_tsvector, spoken

START = datetime(2026, 1, 1, tzinfo=UTC)
BATCH = 20_000
RARE = 40
"""How many tickets hold each rare word, whatever the size."""
VOCABULARY = 20_000
STATES = ("closed",) * 85 + ("solved",) * 6 + ("open",) * 5 + ("pending",) * 2 + ("new",) * 2
Row = dict[str, Any]


def key(prefix: str, number: int) -> str:
    return f"{prefix}_{number:026d}"


def brand(number: int) -> str:
    """One ticket in ten is another brand's."""
    return "borealis" if number % 10 == 9 else "acme"


def account(number: int) -> str:
    """One ticket in a thousand came by the small account."""
    return "small" if number % 1000 == 1 else "big"


def author_of(number: int) -> str:
    """One person in ten of forty tickets."""
    return key("aut", number - number % 40 + number % 10)


def text(number: int, many: int) -> str:
    """Twenty words: common ones in three of ten, one of a hundred, and one that forty tickets hold."""
    pick = random.Random(number)
    said = [f"w{int(VOCABULARY * pick.random() ** 3)}" for _ in range(17)]
    said += ["parcel"] if number % 10 < 3 else []
    said += ["swing"] if number % 100 == 5 else []
    return " ".join([*said, "late", "again", f"needle{number % max(1, many // RARE)}"])


def rows(number: int, many: int) -> Iterator[tuple[sa.Table, Row]]:
    """Yield what one ticket is made of: an author of four, the post, its verdict, the line and one answer in five."""
    at, here, who = START + timedelta(seconds=number), {"brand_id": brand(number)}, number - number % 40 + number % 10
    ticket, mention, said = key("tkt", number), key("mnt", number), text(number, many)
    common = {**here, "account_id": account(number), "platform": "demo"}
    if who == number:
        yield (
            t.authors,
            {
                **here,
                "id": key("aut", who),
                "platform": "demo",
                "external_id": f"u-{who}",
                "handle": f"u{who}",
                "name": "Sam",
                "followers": 412,
                "is_bot": False,
                "updated_at": at,
            },
        )
    yield (
        t.tickets,
        {
            **common,
            "id": ticket,
            "author_id": key("aut", who),
            "thread_id": f"p-{number}",
            "topic": "parcel",
            "state": STATES[number * 7919 % 100],
            "priority": "normal",
            "surface": "public",
            "opened_because": "it is late",
            "occurred_at": at,
            "received_at": at,
            "updated_at": at,
            "last_said_at": at,
            "sequence": 3,
        },
    )
    yield (
        t.mentions,
        {
            **common,
            "id": mention,
            "author_id": key("aut", who),
            "external_id": f"p-{number}",
            "thread_id": f"p-{number}",
            "text": said,
            "visibility": "public",
            "occurred_at": at,
            "received_at": at,
            "origin": "poll",
            "tagged": True,
            "is_repost": False,
            "is_quote": False,
            "silent": False,
            "state": "judged",
            "edit_version": "",
            "ref": {},
            "metrics": {},
            "ticket_id": ticket,
            "redacted": False,
            "attempts": 0,
            "addressed": [],
        },
    )
    yield (
        t.verdicts,
        {
            **here,
            "id": key("vdt", number),
            "mention_id": mention,
            "label": "complaint",
            "complaint": 0.9,
            "severity": "normal",
            "topics": ["parcel"],
            "reasons": ["late"],
            "risky": False,
            "model": "rules",
            "version": "1",
            "decided": "a complaint",
            "created_at": at,
        },
    )
    line = {**here, "ticket_id": ticket, "surface": "public", "occurred_at": at, "received_at": at}
    yield t.entries, {**line, "id": key("ent", 2 * number), "sequence": 1, "kind": "mention", "mention_id": mention}
    if number % 5 == 0:
        yield (
            t.replies,
            {
                **common,
                "id": key("rpl", number),
                "ticket_id": ticket,
                "mention_id": mention,
                "author_id": key("aut", who),
                "purpose": "acknowledge",
                "dedupe": "acknowledge",
                "surface": "public",
                "visibility": "public",
                "state": "sent",
                "text": "Sorry about your parcel.",
                "links": [],
                "key": "k",
                "prepared": {},
                "mention_edit_version": "",
                "created_at": at,
                "updated_at": at,
                "looks": 0,
                "attempts": 0,
                "redacted": False,
            },
        )
    yield (
        t.events,
        {
            **here,
            "id": key("evt", number),
            "type": "ticket.opened",
            "occurred_at": at,
            "ticket_id": ticket,
            "account_id": account(number),
            "mention_id": mention,
            "sequence": 3,
            "facts": {},
            "position": number + 1,
        },
    )
    yield t.search, {"number": number + 1, **here, "ticket_id": ticket, "body": said}


def fill(url: str, many: int) -> None:
    """Keep `many` tickets, past the store: what is kept is what it would have kept, its indexes are made at the end."""
    into = _Sqlite(url) if url.startswith("sqlite") else _Postgres(url)
    indexes = into.drop_indexes()
    for first in range(0, many, BATCH):
        batch: dict[sa.Table, list[Row]] = {}
        for number in range(first, min(first + BATCH, many)):
            for table, row in rows(number, many):
                batch.setdefault(table, []).append(row)
        for table, each in batch.items():
            into.keep(table, each)
    into.finish([*indexes, f"UPDATE heads SET value = {many} WHERE name = 'feed'"])


class _Sqlite:
    """One file, written without waiting for the disk."""

    def __init__(self, url: str) -> None:
        self.connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        for pragma in ("synchronous = OFF", "cache_size = -400000", "foreign_keys = OFF", "temp_store = MEMORY"):
            self.connection.execute(f"PRAGMA {pragma}")

    def drop_indexes(self) -> list[str]:
        found = self.connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND name LIKE 'ix%'")
        indexes = found.fetchall()
        for name, _ in indexes:
            self.connection.execute(f"DROP INDEX {name}")
        return [sql for _, sql in indexes]

    def keep(self, table: sa.Table, kept: list[Row]) -> None:
        names = list(kept[0])
        values = [[_as_text(row[name]) for name in names] for row in kept]
        self.connection.execute("BEGIN")
        marks = ", ".join("?" * len(names))
        self.connection.executemany(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})", values)
        self.connection.execute("COMMIT")

    def finish(self, indexes: list[str]) -> None:
        for sql in indexes:
            self.connection.execute(sql)
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.connection.close()


class _Postgres:
    """One database, filled by COPY."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)
        self.connection.execute("SET session_replication_role = replica")
        self.connection.execute("SET maintenance_work_mem = '512MB'")

    def drop_indexes(self) -> list[str]:
        found = self.connection.execute("SELECT indexname, indexdef FROM pg_indexes WHERE indexname LIKE 'ix%'")
        indexes = found.fetchall()
        for name, _ in indexes:
            self.connection.execute(f"DROP INDEX {name}")
        return [sql for _, sql in indexes]

    def keep(self, table: sa.Table, kept: list[Row]) -> None:
        names = list(kept[0])
        with self.connection.cursor().copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as pipe:
            for row in kept:
                pipe.write_row([_as_json(table, name, value) for name, value in row.items()])

    def finish(self, indexes: list[str]) -> None:
        for sql in indexes:
            self.connection.execute(sql)
        self.connection.execute("VACUUM ANALYZE")
        self.connection.close()


def _as_text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    return json.dumps(value) if isinstance(value, dict | list) else value


def _as_json(table: sa.Table, name: str, value: Any) -> Any:
    if table is t.search and name == "body":
        return as_tsvector(spoken([value]))
    return Jsonb(value) if isinstance(value, dict | list) else value
