"""Commands that are imported when they are called: nobody waits for the web server to read a line of help."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

COMMANDS: Mapping[str, tuple[str, str]] = {
    "serve": ("run", "Run web and worker in one process: the embedded default."),
    "web": ("run", "Run the HTTP half alone, for replicas on PostgreSQL."),
    "work": ("run", "Run the worker half alone, for replicas on PostgreSQL."),
    "demo": ("run", "Run the bridge on a built-in social network with a day of life in it, and tell each event."),
    "migrate": ("admin", "Bring the database to the newest revision."),
    "doctor": ("admin", "Check everything, including each account's rights at its network."),
    "connect": ("connect", "Sign an account in at its network, and say what is missing there."),
    "pause": ("admin", "Let no new public send start, for one account or for all; survives restarts."),
    "resume": ("admin", "Speak again, after reading back what was said meanwhile."),
    "token": ("admin", "Create, list and revoke API tokens."),
    "replay": ("replay", "Run history through the real pipeline and print what happened; answers stay drafts."),
    "import": ("replay", "Take history as tickets; nobody is acknowledged."),
    "forget": ("people", "Erase one customer's words and names everywhere."),
    "export": ("people", "Print everything kept of one customer as JSON."),
    "platforms": ("show", "Show the installed platforms and what each can do."),
    "helpdesks": ("desks", "Show, check and mend the helpdesks that mirror our tickets."),
    "template": ("template", "Show how our public sentences would read."),
    "listen": ("listen", "Print the feed as it happens, one event a line, until Ctrl-C."),
    "classify": ("judgement", "Judge JSON lines of standard input."),
    "evaluate": ("evaluation", "Measure the judge on labelled rows, or compare two weights files."),
    "train": ("judgement", "Learn a weights file from labelled rows."),
}
"""Every command: the file of `cli` that registers it, and its line in the list."""


class Late(Mapping[str, Any]):
    """The commands by name; only those that are asked for are imported."""

    def __getitem__(self, name: str) -> Any:
        part = typer.Typer(rich_markup_mode=None)
        import_module(f"mentionbridge.cli.{COMMANDS[name][0]}").register(part)
        # A part with one command alone would be no group, unless it has a callback.
        part.callback()(lambda: None)
        return get_group(part).commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class LateGroup(TyperGroup):
    """A group whose list of commands imports none of them."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = Late()  # type: ignore[assignment]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_, sentence) in COMMANDS.items()])
