"""`helpdesks`: which kinds are installed, how the configured ones are doing, and what waits for a person."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from mentionbridge.bootstrap import App, opened
from mentionbridge.bootstrap.examine import Finding, look_at_desk
from mentionbridge.cli.common import ConfigOption, JsonOption, run, settings_from, show_rows
from mentionbridge.domain.errors import NotFound, SetupError
from mentionbridge.domain.helpdesk import Mirror, NewTicket
from mentionbridge.domain.ticket import Priority, TicketState
from mentionbridge.helpdesks import discover
from mentionbridge.pipeline.bridge import LinkedDesk
from mentionbridge.rules.mirroring import FACTS, new_ticket
from mentionbridge.settings import Settings

helpdesks = typer.Typer(help="Show, check and mend the helpdesks that mirror our tickets.")
TicketArgument = Annotated[
    str | None, typer.Argument(metavar="[TICKET]", help="One of ours; an invented one if unset.")
]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Its name in the config: [helpdesks.NAME].")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.add_typer(helpdesks, name="helpdesks")


@helpdesks.callback(invoke_without_command=True)
def installed(context: typer.Context, as_json: JsonOption = False) -> None:
    """Show the installed kinds of helpdesk and what each can do.

    Example: mentionbridge helpdesks --json
    """
    if context.invoked_subcommand is not None:
        return
    rows = [{"helpdesk": name, "label": plug.label, **asdict(plug.capabilities)} for name, plug in _plugs()]
    show_rows(rows, ("helpdesk", "label", "support", "hooks", "edits"), as_json=as_json)


def _plugs() -> list[tuple[str, Any]]:
    return sorted(discover().items())


@helpdesks.command()
def check(name: NameArgument, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Check a configured helpdesk: credentials, queue, fields, states; exit code 1 when there is a problem.

    Example: mentionbridge helpdesks check support --config config.toml
    """
    findings = run(_check(settings_from(config), name))
    show_rows([asdict(finding) for finding in findings], ("state", "what", "sentence"), as_json=as_json)
    if any(finding.state == "problem" for finding in findings):
        raise typer.Exit(1)


async def _check(settings: Settings, name: str) -> list[Finding]:
    async with opened(settings) as app:
        return [finding async for finding in look_at_desk(app.bridge, _desk(app, name))]


@helpdesks.command()
def preview(
    name: NameArgument,
    ticket: TicketArgument = None,
    config: ConfigOption = None,
) -> None:
    """Print what would be sent to make a ticket's mirror, and send nothing.

    Example: mentionbridge helpdesks preview support
    """
    typer.echo(json.dumps(run(_preview(settings_from(config), name, ticket)), indent=2, ensure_ascii=False))


async def _preview(settings: Settings, name: str, ticket_id: str | None) -> Any:
    async with opened(settings) as app:
        desk = _desk(app, name)
        if ticket_id is None:
            return desk.helpdesk.preview(_invented(app.bridge.clock.now()))
        async with app.bridge.store.reading() as uow:
            story = await uow.mirrors.story(desk.brand_id, ticket_id)
        if story is None:
            raise NotFound(f"There is no ticket {ticket_id}.")
        longest = desk.helpdesk.capabilities.longest_title
        return desk.helpdesk.preview(new_ticket(story, app.bridge.brands[desk.brand_id], longest))


def _invented(now: datetime) -> NewTicket:
    return NewTicket(
        key="tkt_…",
        title="@sam on demo: your parcel",
        text="Sam (@sam) on demo, for Acme.",
        priority=Priority.NORMAL,
        state=TicketState.NEW,
        since=now,
        facts={name: f"(its {name.replace('_', ' ')})" for name in FACTS},
    )


@helpdesks.command()
def parked(name: NameArgument, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show the mirrors that wait for a person, and why.

    Example: mentionbridge helpdesks parked support
    """
    rows = [_row(mirror) for mirror in run(_parked(settings_from(config), name))]
    show_rows(rows, ("ticket", "state", "since", "reason"), as_json=as_json)


async def _parked(settings: Settings, name: str) -> Sequence[Mirror]:
    async with opened(settings) as app:
        desk = _desk(app, name)
        async with app.bridge.store.reading() as uow:
            return await uow.mirrors.parked(desk.brand_id, desk.name)


def _row(mirror: Mirror) -> dict[str, Any]:
    return {
        "ticket": mirror.ticket_id,
        "state": mirror.state,
        "since": mirror.parked_at.isoformat(timespec="seconds") if mirror.parked_at else None,
        "reason": mirror.reason,
    }


@helpdesks.command()
def retry(name: NameArgument, config: ConfigOption = None) -> None:
    """Try every parked mirror of a helpdesk again, after you have mended what was wrong.

    Example: mentionbridge helpdesks retry support
    """
    count = run(_retry(settings_from(config), name))
    typer.echo(f"{count} {'mirror is' if count == 1 else 'mirrors are'} tried again")


async def _retry(settings: Settings, name: str) -> int:
    async with opened(settings) as app:
        desk = _desk(app, name)
        async with app.bridge.store.writing() as uow:
            return await uow.mirrors.retry(desk.brand_id, desk.name, app.bridge.clock.now())


def _desk(app: App, name: str) -> LinkedDesk:
    for desk in app.bridge.desks.values():
        if desk.name == name:
            return desk
    known = ", ".join(desk.name for desk in app.bridge.desks.values()) or "none"
    raise SetupError(f"There is no helpdesk {name!r} in the config; there are: {known}.")
