"""The command line, called as a person calls it."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from mentionbridge.cli import main


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


Cli = Callable[..., Ran]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Cli:
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["mentionbridge", *arguments])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        told = capsys.readouterr()
        return Ran(code, told.out, told.err)

    return call


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "bridge.toml"
    path.write_text(
        f"""
[database]
url = "sqlite:///{tmp_path}/bridge.sqlite"

[brands.acme]
name = "Acme"

[brands.acme.topics.parcel]
name = "your parcel"
words = ["parcel"]

[brands.acme.accounts.acme]
platform = "demo"
"""
    )
    return str(path)
