"""What peers check, and what none of them does, is held here by tests that exist."""

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROOMS = tomllib.loads((TESTS / "scenarios.toml").read_text("utf-8"))


@cache
def defined(file: str) -> frozenset[str]:
    return frozenset(re.findall(r"^(?:async )?def (test_\w+)", (TESTS / file).read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("room", ROOMS)
def test_every_scenario_names_tests_that_exist(room: str) -> None:
    named = [(said, *each.split("::")) for said, tests in ROOMS[room].items() for each in tests]
    assert {said for said, _, _ in named} == set(ROOMS[room]), "a scenario without a test"
    assert [(file, name) for _, file, name in named if name not in defined(file)] == []
