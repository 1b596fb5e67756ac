"""`migrate`, `doctor`, `token`, `pause` and `resume`: what an operator does beside the running service."""

import getpass
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from mentionbridge.bootstrap import App, opened
from mentionbridge.bootstrap.examine import Finding, examine, make_key
from mentionbridge.cli.common import ConfigOption, JsonOption, note, run, settings_from, show_rows
from mentionbridge.domain.account import Account
from mentionbridge.domain.errors import SetupError
from mentionbridge.pipeline import steer
from mentionbridge.ports.access import ALL_BRANDS, Scope, Token
from mentionbridge.settings import Settings
from mentionbridge.store.engines import shown
from mentionbridge.store.migrate import upgrade

token = typer.Typer(help="Create, list and revoke API tokens.", no_args_is_help=True)
AccountArgument = Annotated[str | None, typer.Argument(metavar="[ACCOUNT]", help="One account; all of them if unset.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(migrate)
    app.command()(doctor)
    app.command()(pause)
    app.command()(resume)
    app.add_typer(token, name="token")


def migrate(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Bring the database to the newest revision.

    Example: mentionbridge migrate --config config.toml
    """
    status = run(upgrade(settings_from(config).database.url))
    show_rows([asdict(status)], ("current", "head", "behind"), as_json=as_json)


def doctor(
    config: ConfigOption = None,
    as_json: JsonOption = False,
    make_key_file: Annotated[
        Path | None, typer.Option("--make-key", help="Make a new key file there, and stop.")
    ] = None,
) -> None:
    """Check everything, including each account's rights at its network; exit code 1 when there is a problem.

    Example: mentionbridge doctor --config config.toml
    """
    if make_key_file is not None:
        make_key(make_key_file)
        typer.echo(f"made {make_key_file}; keep a copy apart from the database's backups")
        return
    findings = run(_examine(settings_from(config)))
    show_rows([asdict(finding) for finding in findings], ("state", "what", "sentence"), as_json=as_json)
    if any(finding.state == "problem" for finding in findings):
        raise typer.Exit(1)


async def _examine(settings: Settings) -> list[Finding]:
    return [finding async for finding in examine(settings)]


def pause(account: AccountArgument = None, config: ConfigOption = None) -> None:
    """Let no new public send start, for one account or for all; survives restarts.

    Example: mentionbridge pause acme
    """
    changed = run(_steer(settings_from(config), account, on=True))
    typer.echo(f"{account or 'everything'} is paused" if changed else f"{account or 'everything'} was paused already")


def resume(account: AccountArgument = None, config: ConfigOption = None) -> None:
    """Speak again, after reading back what was said meanwhile.

    Example: mentionbridge resume acme
    """
    changed = run(_steer(settings_from(config), account, on=False))
    typer.echo(f"{account or 'everything'} is resumed" if changed else f"{account or 'everything'} was not paused")


async def _steer(settings: Settings, name: str | None, *, on: bool) -> bool:
    actor = f"{getpass.getuser()} via the command line"
    async with opened(settings) as app:
        account = _account(app, name) if name else None
        return await (steer.pause if on else steer.resume)(app.bridge, account, actor)


def _account(app: App, name: str) -> Account:
    for connected in app.bridge.connected.values():
        if connected.account.id == name:
            return connected.account
    known = ", ".join(sorted(key[1] for key in app.bridge.connected)) or "none"
    raise SetupError(f"There is no account {name!r} in the config; known are: {known}.")


@token.command("create")
def token_create(
    name: Annotated[str, typer.Argument(help="Whose it is, such as 'helpdesk'.")],
    scope: Annotated[list[Scope], typer.Option(help="What it may do; repeat for more.")],
    brand: Annotated[list[str] | None, typer.Option(help="Only these brands; all if unset.")] = None,
    account: Annotated[list[str] | None, typer.Option(help="Accounts an ingest token may push for.")] = None,
    config: ConfigOption = None,
) -> None:
    """Make a token and print it once; only its fingerprint is kept.

    Example: mentionbridge token create helpdesk --scope read --scope reply
    """
    if Scope.INGEST in scope and not account:
        raise SetupError("A token that may push names the accounts it pushes for; add --account NAME.")
    settings = settings_from(config)
    print_once = run(_create(settings, name, scope, brand or [ALL_BRANDS], account or []))
    typer.echo(print_once)
    note(f"Known to every bridge on {shown(settings.database.url)}, and to no other.")


async def _create(settings: Settings, name: str, scopes: list[Scope], brands: list[str], accounts: list[str]) -> str:
    for unknown in set(brands) - {ALL_BRANDS, *settings.brands}:
        raise SetupError(f"There is no brand {unknown!r} in the config.")
    async with opened(settings) as app:
        for each in accounts:
            _account(app, each)
        secret, _ = await app.tokens.create(name, scopes, brands, accounts, app.bridge.clock.now())
        return secret


@token.command("list")
def token_list(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List tokens without their secrets.

    Example: mentionbridge token list --json
    """
    tokens = run(_list(settings_from(config)))
    rows = [_token_row(each) for each in tokens]
    show_rows(rows, ("id", "name", "scopes", "brands", "accounts", "state", "created_at"), as_json=as_json)


def _token_row(token: Token) -> dict[str, Any]:
    lists = {name: sorted(getattr(token, name)) for name in ("scopes", "brands", "accounts")}
    return {**asdict(token), **lists, "state": "revoked" if token.revoked_at else "active"}


async def _list(settings: Settings) -> list[Token]:
    async with opened(settings) as app:
        return list(await app.tokens.list())


@token.command("revoke")
def token_revoke(
    token_id: Annotated[str, typer.Argument(help="The id shown by `list`.")], config: ConfigOption = None
) -> None:
    """Take a token back; it stops working at once.

    Example: mentionbridge token revoke tok_01jd…
    """
    if not run(_revoke(settings_from(config), token_id)):
        raise SetupError(f"There is no active token {token_id!r}; see `mentionbridge token list`.")
    typer.echo(f"{token_id} is revoked")


async def _revoke(settings: Settings, token_id: str) -> bool:
    async with opened(settings) as app:
        return await app.tokens.revoke(token_id, app.bridge.clock.now())
