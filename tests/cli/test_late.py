"""Help comes at once: a command is imported when it is called, and the list of them knows each all the same."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer
from typer.main import get_group

import mentionbridge
from mentionbridge.cli.late import COMMANDS, Late

HEAVY = ("fastapi", "sqlalchemy", "pydantic", "httpx", "alembic", "apscheduler", "structlog", "uvicorn")
CLI = Path(mentionbridge.__file__).parent / "cli"
FILES = [path.stem for path in sorted(CLI.glob("*.py")) if "def register(" in path.read_text("utf-8")]


@pytest.mark.parametrize("asked", ["--help", "--version"])
def test_help_imports_nothing_that_takes_long(asked: str) -> None:
    program = (
        "import sys\nfrom mentionbridge.cli import main\n"
        f"sys.argv = ['mentionbridge', {asked!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print('imported:', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "imported: []"


def test_the_list_holds_every_command_there_is() -> None:
    assert len(FILES) >= 7
    registered = {}
    for file in FILES:
        part = typer.Typer()
        import_module(f"mentionbridge.cli.{file}").register(part)
        part.callback()(lambda: None)
        registered |= dict.fromkeys(get_group(part).commands, file)
    assert registered == {name: file for name, (file, _) in COMMANDS.items()}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_line_of_the_list_begins_as_the_command_explains_itself(name: str) -> None:
    sentence = COMMANDS[name][1]
    assert sentence.endswith(".") and sentence.split()[:3] == (Late()[name].help or "").split()[:3]


def test_a_command_that_is_none_is_told_of_the_nearest() -> None:
    program = [sys.executable, "-m", "mentionbridge", "lisen"]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "'listen'" in done.stderr
