"""`replay` and `import`: history from a file through the real pipeline."""

import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from mentionbridge.bootstrap import App, opened
from mentionbridge.cli.common import ConfigOption, note, run, settings_from
from mentionbridge.domain.errors import SetupError
from mentionbridge.domain.mention import Item, Origin
from mentionbridge.pipeline.bridge import Connected
from mentionbridge.pipeline.replay import Summary, replay
from mentionbridge.pipeline.what_if import Changes, what_if
from mentionbridge.platforms import named
from mentionbridge.settings import Settings
from mentionbridge.store.judged import judged
from mentionbridge.web.asked import PushedMention, unlikely_time

MOST_COMPLAINTS_SHOWN = 10


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("replay")(replay_file)
    app.command("import")(import_file)


def replay_file(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE.jsonl", help="One pushed mention a line (see docs/api.md).", show_default=False),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Keep nothing; without a file, judge again what the database holds.")
    ] = False,
    send: Annotated[bool, typer.Option("--send", help="Also say the answers; refused on real networks.")] = False,
    config: ConfigOption = None,
) -> None:
    """Run history through the real pipeline and print what happened as JSON; nothing is said on a real network.

    Answers stay drafts. With --send, and only where every account is on a network without real readers, they are said:
    a post the network never saw is put there first, however old it is, and a second run says nothing twice.

    With --dry-run and no file, every post in the database is judged again by the rules, thresholds and weights of this
    config; printed are the outcomes then and now, and each post whose outcome would change.

    Example: mentionbridge replay history.jsonl --dry-run
    """
    if file is None:
        _judge_again(config, dry_run=dry_run, send=send)
        return
    _must_exist(file)
    with contextlib.ExitStack() as stack:
        overrides: dict[str, Any] = {}
        if dry_run:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mentionbridge-replay-"))
            database = {"url": f"sqlite:///{folder}/replay.sqlite", "files": folder}
            overrides = {"database": database, "secrets": {"key_file": None}}
        settings = settings_from(config, logs={"level": "warning"}, **overrides)
        summary = run(_replay(settings, file, send=send))
    typer.echo(json.dumps(summary.as_dict()))


def _judge_again(config: Path | None, *, dry_run: bool, send: bool) -> None:
    if send or not dry_run:
        raise SetupError("Give a file of mentions; without one, only --dry-run by itself makes sense.")
    settings = settings_from(config, logs={"level": "warning"})
    typer.echo(json.dumps(run(_changes(settings)).as_dict()))


async def _changes(settings: Settings) -> Changes:
    changes = Changes()
    async with opened(settings) as app, app.engine.reading() as connection:
        for brand_id in app.bridge.brands:
            await what_if(app.bridge, judged(connection, brand_id), changes)
    return changes


def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="One mention a line, in the push shape.")],
    config: ConfigOption = None,
) -> None:
    """Take history as tickets and print what happened as JSON; nobody is acknowledged, on any network, ever.

    Every line opens a ticket or joins the one its story has; a second run of the same file changes nothing.

    Example: mentionbridge import old-desk.jsonl
    """
    _must_exist(file)
    settings = settings_from(config, logs={"level": "warning"})
    typer.echo(json.dumps(run(_replay(settings, file, origin=Origin.IMPORT)).as_dict()))


def _must_exist(file: Path) -> None:
    if not file.is_file():
        raise SetupError(f"There is no file {file}; give one with one JSON mention a line.")


async def _replay(settings: Settings, file: Path, *, origin: Origin = Origin.REPLAY, send: bool = False) -> Summary:
    async with opened(settings) as app:
        if send:
            _refuse_real(app)
        progress = _bar if sys.stderr.isatty() else _quiet
        refused: list[str] = []
        with file.open("rb") as lines:
            summary = await replay(
                app.bridge, _history(app, lines, refused), origin=origin, send=send, progress=progress
            )
    for sentence in refused[:MOST_COMPLAINTS_SHOWN]:
        note(sentence)
    return summary.with_refused(len(refused))


def _refuse_real(app: App) -> None:
    for connected in app.bridge.connected.values():
        if named(connected.account.platform).capabilities.real:
            raise SetupError(
                f"--send is refused: {connected.account.id} is an account on a real network; "
                "use a config whose accounts are on the demo network."
            )


def _history(app: App, lines: Iterator[bytes], refused: list[str]) -> Iterator[tuple[Connected, Item]]:
    accounts = {connected.account.id: connected for connected in app.bridge.connected.values()}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        found = _read(accounts, line)
        if isinstance(found, str):
            refused.append(f"line {number}: {found}")
        else:
            yield found


def _read(accounts: dict[str, Connected], line: bytes) -> tuple[Connected, Item] | str:
    try:
        pushed = PushedMention.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return f"{where or 'the line'}: {first['msg']}"
    if unlikely := unlikely_time(pushed.created_at, datetime.now(UTC)):
        return unlikely
    connected = accounts.get(pushed.account)
    if connected is None or connected.account.platform != pushed.platform:
        return f"there is no account {pushed.account!r} on {pushed.platform!r} in the config"
    return connected, pushed.post()


def _bar(what: str, done: int) -> None:
    print(f"\r{what}: {done}", end="", file=sys.stderr, flush=True)


def _quiet(what: str, done: int) -> None:
    """Nobody watches."""
