"""What the commands share: finding the config, and printing for eyes or machines."""

import asyncio
import json
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Annotated, Any, TextIO, TypeVar

import typer

from mentionbridge.settings import Settings, load
from mentionbridge.telemetry.logs import configure, mask_secrets
from mentionbridge.text.pii import mask_line

T = TypeVar("T")

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", envvar="MENTIONBRIDGE_CONFIG", help="The config file; ./config.toml when there is one."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def log(format_: str, level: str, stream: TextIO | None = None) -> None:
    """Set up the logs, without secrets and without personal data that another program's message may quote."""
    configure(format_, level, lambda text: mask_line(mask_secrets(text)), stream)


def settings_from(config: Path | None, **overrides: Any) -> Settings:
    """Load the config a command asked for and set up the logs."""
    here = Path("config.toml")
    settings = load(config or (here if here.exists() else None), **overrides)
    log(settings.logs.format, settings.logs.level)
    return settings


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end."""
    # psycopg cannot use the proactor loop; everywhere else the default is right.
    return asyncio.run(work)


def show_rows(rows: Sequence[dict[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Print rows as a table, or as one JSON list."""
    if as_json:
        typer.echo(json.dumps(rows, default=str, indent=2))
        return
    table = [list(columns)] + [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(len(line[i]) for line in table) for i in range(len(columns))]
    for line in table:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " ".join(str(each) for each in value)
    return "" if value is None else str(value)


def note(text: str) -> None:
    """Tell the person at the terminal, apart from the data on standard output."""
    print(text, file=sys.stderr, flush=True)
