"""History goes through the real pipeline, tells what happened, and changes nothing the second time."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.conftest import Cli, Ran

WORDS = (
    "@acme my parcel {n} is three days late and nobody answers",
    "@acme lovely service today, thank you!",
    "@acme do you deliver on Sundays? ({n})",
    "WIN a FREE phone {n}!!! Click http://prizes.example/{n}",
    "@acme third e-mail about parcel {n}, 55 minutes on hold, still nothing",
)


def history(count: int) -> Iterator[str]:
    for n in range(count):
        author = {"external_id": f"u-{n % (count // 3)}", "handle": f"person{n % (count // 3)}"}
        yield json.dumps(
            {
                "platform": "demo",
                "account": "acme",
                "external_id": f"h-{n}",
                "author": author,
                "text": WORDS[n % len(WORDS)].format(n=n),
                "created_at": f"2026-11-{1 + n // 1440 % 20:02}T{n // 60 % 24:02}:{n % 60:02}:00Z",
            }
        )


def told(ran: Ran) -> dict[str, float]:
    assert ran.code == 0, ran.err
    summary: dict[str, float] = json.loads(ran.out)
    return summary


def everything(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with sqlite3.connect(path) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: database.execute(f"SELECT * FROM {name} ORDER BY rowid").fetchall() for name in tables}
    database.close()
    return rows


def check_twice(cli: Cli, config: str, tmp_path: Path, count: int) -> None:
    (tmp_path / "history.jsonl").write_text("\n".join(history(count)))
    first = told(cli("replay", "history.jsonl", "-c", config))
    assert first["mentions"] == count
    assert first["complaints"] >= count * 0.38
    assert first["tickets"] > 0
    assert (first["sent"], first["refused"], first["duplicates"]) == (0, 0, 0)
    before = everything(tmp_path / "bridge.sqlite")
    second = told(cli("replay", "history.jsonl", "-c", config))
    assert second == {**dict.fromkeys(first, 0), "duplicates": count, "seconds": second["seconds"]}
    assert everything(tmp_path / "bridge.sqlite") == before


def test_a_second_replay_changes_nothing(cli: Cli, config: str, tmp_path: Path) -> None:
    check_twice(cli, config, tmp_path, 60)


@pytest.mark.deep
def test_ten_thousand_mentions_replay_and_a_second_run_changes_nothing(cli: Cli, config: str, tmp_path: Path) -> None:
    check_twice(cli, config, tmp_path, 10_000)


def test_a_dry_run_keeps_nothing(cli: Cli, config: str, tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text("\n".join(history(15)))
    assert told(cli("replay", "history.jsonl", "--dry-run", "-c", config))["mentions"] == 15
    assert not (tmp_path / "bridge.sqlite").exists()


def test_lines_that_cannot_be_read_are_counted_and_named(cli: Cli, config: str, tmp_path: Path) -> None:
    good = next(history(3))
    lines = [
        good,
        "not json",
        json.dumps({**json.loads(good), "account": "acne"}),
        json.dumps({**json.loads(good), "created_at": "0001-01-01T00:00:00+14:00"}),
        json.dumps({**json.loads(good), "text": None}),
    ]
    (tmp_path / "history.jsonl").write_bytes("\n".join(lines).encode() + b"\n\xff\xfe\n")
    ran = cli("replay", "history.jsonl", "-c", config)
    assert (told(ran)["mentions"], told(ran)["refused"]) == (1, 5)
    assert "line 3: there is no account 'acne'" in ran.err


def test_a_missing_file_is_wrong_use(cli: Cli, config: str) -> None:
    ran = cli("replay", "nowhere.jsonl", "-c", config)
    assert ran.code == 2
    assert "nowhere.jsonl" in ran.err
