"""`mentionbridge helpdesks`: what is installed, what would be sent, and what waits for a person."""

import json
from pathlib import Path

from cli.conftest import Cli

DESK = """
[helpdesks.support]
helpdesk = "rt"
brand = "acme"
[helpdesks.support.options]
url = "http://127.0.0.1:9"
token = "1-14-secret"
queue = "Social"
"""


def with_desk(config: str, desk: str = DESK) -> str:
    path = Path(config)
    path.write_text(path.read_text() + desk)
    return config


def test_what_is_installed_is_listed(cli: Cli) -> None:
    ran = cli("helpdesks", "--json")
    found = {each["helpdesk"]: each for each in json.loads(ran.out)}
    assert ran.code == 0
    assert (found["rt"]["edits"], found["django_helpdesk"]["edits"]) == (False, True)


def test_a_preview_sends_nothing(cli: Cli, config: str) -> None:
    ran = cli("helpdesks", "preview", "support", "--config", with_desk(config))
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert (told["Queue"], told["CustomFields"]) == ("Social", {"MentionbridgeKey": "(its key)"})
    assert "secret" not in ran.out


def test_a_check_of_a_desk_that_is_not_there_says_so(cli: Cli, config: str) -> None:
    ran = cli("helpdesks", "check", "support", "--config", with_desk(config))
    assert ran.code == 1
    assert "could not be reached" in ran.out


def test_nothing_is_parked_at_first(cli: Cli, config: str) -> None:
    config = with_desk(config)
    assert json.loads(cli("helpdesks", "parked", "support", "--json", "--config", config).out) == []
    assert cli("helpdesks", "retry", "support", "--config", config).out == "0 mirrors are tried again\n"


def test_wrong_names_are_told_with_the_right_ones(cli: Cli, config: str) -> None:
    ran = cli("helpdesks", "check", "suport", "--config", with_desk(config))
    assert (ran.code, "there are: support" in ran.err) == (2, True)
    config = with_desk(config, DESK.replace("support", "second").replace('"rt"', '"zendesk"'))
    assert "installed are: django_helpdesk, rt" in cli("helpdesks", "check", "second", "--config", config).err
