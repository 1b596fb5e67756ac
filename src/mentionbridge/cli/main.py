"""`mentionbridge`: the command line, with one sentence and exit code 2 for wrong use."""

import sys
from typing import Annotated

import typer

from mentionbridge.cli.late import LateGroup
from mentionbridge.domain.errors import MentionbridgeError, SetupError

app = typer.Typer(
    name="mentionbridge",
    cls=LateGroup,
    help="Turn every public complaint into one private ticket, one honest acknowledgement and one way into private.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(on: bool) -> None:
    if on:
        from importlib.metadata import version

        typer.echo(version("mentionbridge"))
        raise typer.Exit


@app.callback()
def _options(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False) -> None:
    """Options of every command."""


def main() -> None:
    """Run a command; what the user must change is one sentence on standard error and exit code 2."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if (code := _exit_code(error)) is None:
            raise
        print(f"mentionbridge: {error}", file=sys.stderr)
        sys.exit(code)


def _exit_code(error: Exception) -> int | None:
    # Imported here: only a command that reads the config needs what the config is checked with.
    from mentionbridge.settings import ConfigError

    if isinstance(error, ConfigError | SetupError):
        return 2
    return 1 if isinstance(error, MentionbridgeError) else None
