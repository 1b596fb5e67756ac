"""`mentionbridge`: the command line, with one sentence and exit code 2 for wrong use."""

import sys
from typing import Annotated

import typer

from mentionbridge.cli import admin, desks, listen, people, replay, run, show
from mentionbridge.domain.errors import MentionbridgeError, SetupError
from mentionbridge.settings import ConfigError

app = typer.Typer(
    name="mentionbridge",
    help="Turn every public complaint into one private ticket, one honest acknowledgement and one way into private.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
run.register(app)
admin.register(app)
replay.register(app)
people.register(app)
show.register(app)
desks.register(app)
listen.register(app)


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
    except (ConfigError, SetupError) as error:
        print(f"mentionbridge: {error}", file=sys.stderr)
        sys.exit(2)
    except MentionbridgeError as error:
        print(f"mentionbridge: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
