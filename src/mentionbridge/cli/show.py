"""`platforms`: what is installed, and what each can do."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import typer

from mentionbridge.cli.common import JsonOption, show_rows
from mentionbridge.platforms import discover
from mentionbridge.platforms.plug import Plug

COLUMNS = ("platform", "support", "in", "replies", "longest", "key", "private")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(platforms)


def platforms(as_json: JsonOption = False) -> None:
    """Show the installed platforms and what each can do.

    Example: mentionbridge platforms --json
    """
    plugs = [plug for _, plug in sorted(discover().items())]
    rows = [_facts(plug) if as_json else _row(plug) for plug in plugs]
    show_rows(rows, COLUMNS, as_json=as_json)


def _facts(plug: Plug) -> dict[str, Any]:
    return {"platform": plug.name, "label": plug.label, **asdict(plug.capabilities)}


def _row(plug: Plug) -> dict[str, Any]:
    can = plug.capabilities
    ways = {"poll": can.polls, "webhook": can.hooks, "push": can.accepts_push}
    return {
        "platform": plug.name,
        "support": can.support,
        "in": [way for way, able in ways.items() if able],
        "replies": "yes" if can.replies else "no",
        "longest": can.max_length,
        "key": _life(can.key_life),
        "private": "yes" if can.private_messages else "no",
    }


def _life(key_life: timedelta | None) -> str:
    if key_life is None:
        return "none"
    return "for ever" if key_life == timedelta.max else str(key_life)
