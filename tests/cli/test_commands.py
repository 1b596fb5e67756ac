"""Commands end with 0, 1 or 2, print data apart from remarks, and say in one sentence what to change."""

import asyncio
import json
import re
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from cli.conftest import Cli
from mentionbridge.bootstrap import examine
from mentionbridge.domain.account import Account, Mode
from mentionbridge.pipeline.bridge import Connected


def test_platforms_are_listed_with_what_they_can_do(cli: Cli) -> None:
    ran = cli("platforms", "--json")
    found = {each["platform"]: each for each in json.loads(ran.out)}
    assert ran.code == 0
    assert found["demo"]["real"] is False
    assert found["bluesky"]["max_length"] == 300


def test_a_token_is_shown_once_listed_without_its_secret_and_revoked(cli: Cli, config: str) -> None:
    made = cli("token", "create", "desk", "--scope", "read", "-c", config)
    secret = made.out.strip()
    assert secret.startswith("mb_")
    assert re.fullmatch(r"Known to every bridge on sqlite:///\S+, and to no other\.\n", made.err)
    listed = cli("token", "list", "--json", "-c", config)
    (token,) = json.loads(listed.out)
    assert (token["name"], token["scopes"], token["brands"], token["state"]) == ("desk", ["read"], ["*"], "active")
    assert secret not in listed.out
    assert cli("token", "revoke", token["id"], "-c", config).code == 0
    again = cli("token", "revoke", token["id"], "-c", config)
    assert (again.code, again.out) == (2, "")
    assert "no active token" in again.err


def test_a_token_that_may_push_names_its_accounts(cli: Cli, config: str) -> None:
    ran = cli("token", "create", "feeder", "--scope", "ingest", "-c", config)
    assert ran.code == 2
    assert "--account" in ran.err


@pytest.mark.parametrize("account", [(), ("acme",)])
def test_pausing_is_remembered_until_it_is_resumed(cli: Cli, config: str, account: tuple[str, ...]) -> None:
    name = account[0] if account else "everything"
    replay_nothing(cli, config)
    assert cli("pause", *account, "-c", config).out == f"{name} is paused\n"
    assert cli("pause", *account, "-c", config).out == f"{name} was paused already\n"
    assert cli("resume", *account, "-c", config).out == f"{name} is resumed\n"
    assert cli("resume", *account, "-c", config).out == f"{name} was not paused\n"


def replay_nothing(cli: Cli, config: str) -> None:
    empty = Path("empty.jsonl")
    empty.touch()
    assert cli("replay", str(empty), "-c", config).code == 0


def test_an_unknown_account_is_answered_with_the_known_ones(cli: Cli, config: str) -> None:
    ran = cli("pause", "acne", "-c", config)
    assert ran.code == 2
    assert "'acne'" in ran.err
    assert "known are: acme" in ran.err


def test_doctor_finds_an_empty_database_then_only_warnings(cli: Cli, config: str) -> None:
    before = cli("doctor", "-c", config)
    assert before.code == 1
    assert "mentionbridge migrate" in before.out
    assert cli("migrate", "-c", config).code == 0
    after = cli("doctor", "--json", "-c", config)
    findings = {each["what"]: each["state"] for each in json.loads(after.out)}
    assert after.code == 0
    assert findings == {
        "database": "ok",
        "key file": "warning",
        "public address": "warning",
        "judge": "ok",
        "account acme (demo)": "ok",
    }


def test_doctor_makes_no_database(cli: Cli, config: str, tmp_path: Path) -> None:
    assert cli("doctor", "-c", config).code == 1
    assert sorted(each.name for each in tmp_path.iterdir()) == ["bridge.toml"]


def test_doctor_makes_no_key_and_no_network(cli: Cli, config: str, tmp_path: Path) -> None:
    assert cli("migrate", "-c", config).code == 0
    before = sorted(each.name for each in tmp_path.iterdir())
    ran = cli("doctor", "-c", config)
    assert ran.code == 0
    assert "There is none yet; `mentionbridge serve` makes" in ran.out
    assert sorted(each.name for each in tmp_path.iterdir()) == before


def test_doctor_misses_a_key_file_the_config_names(cli: Cli, config: str, tmp_path: Path) -> None:
    assert cli("migrate", "-c", config).code == 0
    with Path(config).open("a", encoding="utf-8") as more:
        more.write(f'\n[secrets]\nkey_file = "{tmp_path}/lost"\n')
    ran = cli("doctor", "-c", config)
    assert ran.code == 1
    assert "lost cannot be read" in ran.out


HOLD = """
import sys
from pathlib import Path
from mentionbridge.platforms.demo.journal import Disk
held = Disk(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_doctor_is_fine_beside_a_process_that_has_the_network(cli: Cli, config: str, tmp_path: Path) -> None:
    assert cli("migrate", "-c", config).code == 0
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdin is not None and other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        ran = cli("doctor", "--json", "-c", config)
        other.stdin.close()
    account = next(each for each in json.loads(ran.out) if each["what"].startswith("account"))
    assert (ran.code, account["state"]) == (0, "ok")
    assert "runs inside another process" in account["sentence"]


async def test_a_network_that_keeps_silent_does_not_keep_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent:
        async def probe(self) -> None:
            await asyncio.sleep(60)

    monkeypatch.setattr(examine, "PROBE_SECONDS", 0.01)
    account = Account("acme", "acme", "demo", Mode.AUTO, 1.0)
    found = [each async for each in examine._account(None, Connected(account, Silent()))]  # type: ignore[arg-type]
    assert [(each.state, "did not answer within" in each.sentence) for each in found] == [("problem", True)]


@pytest.mark.parametrize("command", ["serve", "work", "migrate", "doctor"])
def test_a_database_that_is_down_is_one_sentence(
    cli: Cli, config: str, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("MENTIONBRIDGE__DATABASE__URL", "postgresql://nobody@127.0.0.1:1/nothing")
    ran = cli(command, "-c", config)
    assert ran.code == 1
    assert "The database cannot be reached" in ran.out + ran.err
    assert ran.err.count("\n") <= 1


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_a_folder_that_cannot_be_made_is_one_sentence(
    cli: Cli, config: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    monkeypatch.setenv("MENTIONBRIDGE__DATABASE__URL", f"sqlite:///{tmp_path}/bridge.toml/there/data.sqlite")
    ran = cli(command, "-c", config)
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert "cannot be made" in ran.err


@pytest.mark.parametrize("command", [("serve",), ("demo", "--for-seconds", "1")])
def test_a_port_in_use_is_a_sentence(cli: Cli, config: str, command: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        given = ("-c", config) if command == ("serve",) else ()
        ran = cli(*command, "--port", port, *given)
    assert ran.code == 2
    assert f"Cannot listen on 127.0.0.1:{port} (Address already in use)" in ran.err
    assert ran.err.count("\n") == 1


def test_nothing_begins_before_the_address_is_ours(cli: Cli, config: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert cli("serve", "-c", config, "--port", str(taken.getsockname()[1])).code == 2
    with sqlite3.connect(tmp_path / "bridge.sqlite") as database:
        assert database.execute("SELECT count(*) FROM accounts").fetchone() == (0,), "a worker makes its accounts' rows"


def test_a_key_file_is_made_for_its_owner_alone_and_never_overwritten(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "key"
    assert cli("doctor", "--make-key", str(path)).code == 0
    assert path.stat().st_mode & 0o777 == 0o600
    again = cli("doctor", "--make-key", str(path))
    assert again.code == 2
    assert "never overwritten" in again.err


def test_wrong_config_is_one_sentence_with_the_next_step(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text("[server]\nprot = 1\n")
    ran = cli("serve", "-c", str(tmp_path / "wrong.toml"))
    assert (ran.code, ran.out) == (2, "")
    assert "Did you mean port?" in ran.err
    assert ran.err.count("\n") == 1


def test_the_demo_keeps_to_this_machine(cli: Cli) -> None:
    ran = cli("demo", "--host", "0.0.0.0", "--for-seconds", "1")
    assert ran.code == 2
    assert "demo.public = true" in ran.err


@pytest.mark.parametrize("command", ["serve", "web", "work", "demo", "migrate", "doctor", "pause", "resume", "replay"])
def test_help_shows_an_example(cli: Cli, command: str) -> None:
    ran = cli(command, "--help")
    assert ran.code == 0
    assert f"Example: mentionbridge {command}" in " ".join(ran.out.split())


def test_a_template_is_previewed_on_each_account(cli: Cli, config: str) -> None:
    ran = cli("template", "preview", "--topic", "parcel", "--json", "-c", config)
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert len(found) >= 4 and all("your parcel" in each["text"] for each in found)
    assert all(each["length"] <= each["limit"] and each["account_id"] == "acme" for each in found)
    bad = cli("template", "preview", "--text", "Hello\n{{ name }}", "-c", config)
    assert (bad.code, bad.out) == (2, "")
    assert "Line 2 of this template names 'name'" in bad.err
    long = cli("template", "preview", "--text", f"About {{{{ thing }}}} {'word ' * 70}", "-c", config)
    assert long.code == 1
    assert "fits into 280 characters" in long.out


def test_what_no_account_could_say_is_refused_at_start(cli: Cli, config: str) -> None:
    path = Path(config)
    path.write_text(path.read_text() + f'[brands.acme.wording.long]\ntexts = ["{{{{ thing }}}} {"word " * 70}"]\n')
    ran = cli("template", "preview", "-c", config)
    assert ran.code == 2
    assert "brands.acme, acknowledge in 'en', topic generic, acme" in ran.err or "topic parcel, acme" in ran.err
    assert "fits into 280 characters; add a shorter one." in ran.err
