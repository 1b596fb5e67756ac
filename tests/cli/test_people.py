"""`forget` and `export`: a handle looks up, an id decides."""

import json
from pathlib import Path

import pytest

from cli.conftest import Cli
from cli.test_replay import history


def test_a_handle_prints_who_it_may_be_and_an_id_erases(cli: Cli, config: str, tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text("\n".join(history(6)))
    assert cli("import", "history.jsonl", "-c", config).code == 0
    by_handle = cli("forget", "@person1", "--yes", "-c", config)
    assert by_handle.code == 2
    assert "demo:u-1" in by_handle.err and "proves nothing" in by_handle.err
    kept = cli("export", "demo:u-1", "-c", config)
    customer = json.loads(kept.out)["customer"]
    assert [each["external_id"] for each in customer["identities"]] == ["u-1"]
    erased = cli("forget", customer["id"], "--yes", "--json", "-c", config)
    assert erased.code == 0, erased.err
    assert json.loads(erased.out)["counts"]["mentions"] == 3
    gone = cli("export", "demo:u-1", "-c", config)
    assert (gone.code, gone.out) == (2, "")
    assert "Nobody is known as" in gone.err


def test_a_network_that_may_no_longer_be_used_is_forgotten_whole(cli: Cli, config: str, tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text("\n".join(history(6)))
    assert cli("import", "history.jsonl", "-c", config).code == 0
    nobody = json.loads(cli("forget", "--network", "pigeon", "--yes", "--json", "-c", config).out)
    assert nobody == {"counts": {"people": 0}, "left": []}
    assert cli("export", "demo:u-1", "-c", config).code == 0
    erased = json.loads(cli("forget", "--network", "demo", "--yes", "--json", "-c", config).out)
    assert (erased["counts"]["people"], erased["counts"]["mentions"], erased["left"]) == (2, 6, [])
    assert cli("export", "demo:u-1", "-c", config).code == 2
    again = json.loads(cli("forget", "--network", "demo", "--yes", "--json", "-c", config).out)
    assert again["counts"]["people"] == 0


@pytest.mark.parametrize("asked", [(), ("demo:u-1", "--network", "demo")])
def test_one_person_or_a_network_is_named(cli: Cli, config: str, asked: tuple[str, ...]) -> None:
    ran = cli("forget", *asked, "--yes", "-c", config)
    assert (ran.code, "one of the two" in ran.err) == (2, True)
