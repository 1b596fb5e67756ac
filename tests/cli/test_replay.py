"""History goes through the real pipeline, tells what happened, and changes nothing the second time."""

import json
import sqlite3
import subprocess
import sys
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
        rows = {name: sorted(database.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in tables}
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


def thread_of(folder: Path) -> list[dict[str, object]]:
    """Return what was said on the demo network, in order."""
    lines = (folder / "demo-network.jsonl").read_text().splitlines()
    return [change for change in map(json.loads, lines) if change["type"] in ("hosted", "posted")]


def said_twice(before: dict[str, list[tuple[object, ...]]], after: dict[str, list[tuple[object, ...]]]) -> set[str]:
    """Name the tables that changed, besides what every start reads back."""
    return {name for name in before if before[name] != after[name]} - {"own_posts", "accounts"}


def test_send_says_the_answers_below_the_posts_and_nothing_twice(cli: Cli, config: str, tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text("\n".join(history(30)))
    first = told(cli("replay", "history.jsonl", "--send", "-c", config))
    assert (first["mentions"], first["refused"]) == (30, 0)
    said = thread_of(tmp_path)
    answers = [post for post in said if post["type"] == "posted"]
    assert first["sent"] == len(answers) == 4, "one for each of four people with a story"
    theirs = {post["id"]: post["text"] for post in said if post["type"] == "hosted"}
    assert all("parcel" in str(theirs[post["parent"]]) for post in answers)
    states = {state for _, state in rows(tmp_path, "SELECT id, state FROM replies")}
    assert states <= {"sent", "awaiting_approval"}
    before = everything(tmp_path / "bridge.sqlite")
    second = told(cli("replay", "history.jsonl", "--send", "-c", config))
    assert second == {**dict.fromkeys(first, 0), "duplicates": 30, "seconds": second["seconds"]}
    assert thread_of(tmp_path) == said
    assert said_twice(before, everything(tmp_path / "bridge.sqlite")) == set()


def test_a_dry_run_that_sends_keeps_nothing_either(cli: Cli, config: str, tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text("\n".join(history(15)))
    ran = told(cli("replay", "history.jsonl", "--dry-run", "--send", "-c", config))
    assert ran["sent"] > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bridge.toml", "history.jsonl"]


def test_drafts_of_an_earlier_replay_stay_drafts(cli: Cli, config: str, tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text("\n".join(history(15)))
    assert told(cli("replay", "history.jsonl", "-c", config))["sent"] == 0
    assert told(cli("replay", "history.jsonl", "--send", "-c", config))["sent"] == 0
    assert {state for _, state in rows(tmp_path, "SELECT id, state FROM replies")} == {"draft"}


def test_an_answer_is_not_put_below_somebody_elses_post(cli: Cli, config: str, tmp_path: Path) -> None:
    complaint = json.loads(next(history(3)))
    (tmp_path / "one.jsonl").write_text(json.dumps(complaint))
    assert told(cli("replay", "one.jsonl", "--send", "-c", config))["sent"] == 1
    (ours,) = (str(post["id"]) for post in thread_of(tmp_path) if post["type"] == "posted")
    clash = {**complaint, "external_id": ours, "author": {"external_id": "u-77", "handle": "robin"}}
    (tmp_path / "one.jsonl").write_text(json.dumps(clash))
    assert told(cli("replay", "one.jsonl", "--send", "-c", config))["sent"] == 0
    ((_, reason),) = rows(tmp_path, "SELECT id, reason FROM replies WHERE state <> 'sent'")
    assert str(reason).startswith("target_gone")


def test_send_is_refused_where_real_people_read(cli: Cli, config: str, tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text(next(history(3)))
    with Path(config).open("a") as more:
        more.write('\n[brands.acme.accounts.acme-sky]\nplatform = "bluesky"\n')
        more.write('options = {identifier = "acme.example", app_password = "abcd-efgh-ijkl-mnop"}\n')
    ran = cli("replay", "history.jsonl", "--send", "-c", config)
    assert ran.code == 2
    assert "acme-sky is an account on a real network" in ran.err


def test_a_network_another_process_holds_is_one_sentence(cli: Cli, config: str, tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text(next(history(3)))
    held = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    with held:
        assert held.stdout and held.stdout.readline() == "held\n"
        ran = cli("replay", "history.jsonl", "--send", "-c", config)
        held.kill()
    assert ran.code == 1
    assert "Nothing was replayed" in ran.err and "Traceback" not in ran.err


HOLD = """
import sys
from pathlib import Path
from mentionbridge.platforms.demo.journal import Disk
disk = Disk(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(folder / "bridge.sqlite") as database:
        found = database.execute(query).fetchall()
    database.close()
    return found


def test_an_import_makes_a_ticket_of_every_line_and_answers_nobody(cli: Cli, config: str, tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text("\n".join(history(30)))
    first = told(cli("import", "history.jsonl", "-c", config))
    assert (first["mentions"], first["replies"], first["sent"], first["refused"]) == (30, 0, 0, 0)
    with sqlite3.connect(tmp_path / "bridge.sqlite") as database:
        (without,) = database.execute("SELECT count(*) FROM mentions WHERE ticket_id IS NULL").fetchone()
        (replies,) = database.execute("SELECT count(*) FROM replies").fetchone()
        (waits,) = database.execute("SELECT count(*) FROM waits").fetchone()
    database.close()
    assert (without, replies, waits) == (0, 0, 0)
    before = everything(tmp_path / "bridge.sqlite")
    again = told(cli("import", "history.jsonl", "-c", config))
    assert (again["mentions"], again["duplicates"]) == (0, 30)
    assert everything(tmp_path / "bridge.sqlite") == before


def with_thresholds(config: str, review: float, auto: float) -> str:
    other = Path(config).with_name("other.toml")
    other.write_text(Path(config).read_text() + f"review_from = {review}\nauto_from = {auto}\n")
    return str(other)


def test_history_is_judged_again_by_another_config_and_nothing_is_kept(cli: Cli, config: str, tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text("\n".join(history(15)))
    told(cli("replay", "history.jsonl", "-c", config))
    before = everything(tmp_path / "bridge.sqlite")
    same = json.loads(cli("replay", "--dry-run", "-c", config).out)
    assert (same["mentions"], same["changed"]) == (15, [])
    complaints = same["outcomes"]["a complaint"]
    assert complaints["then"] == complaints["now"] > 0
    strict = json.loads(cli("replay", "--dry-run", "-c", with_thresholds(config, 0.11, 1.0)).out)
    assert strict["outcomes"]["a complaint"] == {"then": complaints["then"], "now": 0}
    assert strict["outcomes"]["perhaps a complaint"]["now"] >= complaints["then"]
    moved = [each for each in strict["changed"] if each["then"].startswith("a complaint")]
    assert len(moved) == complaints["then"]
    assert moved[0]["external_id"].startswith("h-") and moved[0]["now"].startswith("perhaps a complaint")
    assert everything(tmp_path / "bridge.sqlite") == before


def test_what_a_person_said_stays_when_history_is_judged_again(cli: Cli, config: str, tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text("\n".join(history(5)))
    told(cli("replay", "history.jsonl", "-c", config))
    with sqlite3.connect(tmp_path / "bridge.sqlite") as database:
        database.execute("UPDATE verdicts SET actor = 'lee', label = 'praise', decided = 'no complaint (praise)'")
        database.execute("UPDATE mentions SET redacted = 1, text = '' WHERE external_id = 'h-4'")
    database.close()
    again = json.loads(cli("replay", "--dry-run", "-c", config).out)
    assert again == {"mentions": 4, "outcomes": {"no complaint (praise)": {"then": 4, "now": 4}}, "changed": []}


def test_without_a_file_nothing_is_sent_or_kept(cli: Cli, config: str) -> None:
    for wrong in (("replay",), ("replay", "--dry-run", "--send")):
        ran = cli(*wrong, "-c", config)
        assert (ran.code, "Give a file of mentions" in ran.err) == (2, True)
