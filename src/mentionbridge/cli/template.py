"""`template preview`: how our public sentences would read on each account."""

from dataclasses import asdict
from typing import Annotated

import typer

from mentionbridge.bootstrap import opened
from mentionbridge.cli.common import ConfigOption, JsonOption, run, settings_from, show_rows
from mentionbridge.domain.errors import SetupError
from mentionbridge.domain.wording import Kind
from mentionbridge.pipeline.preview import Preview, Wanted, preview
from mentionbridge.settings import Settings

COLUMNS = ("account", "length", "limit", "lang", "text")
KEY = typer.Option(help="A key of the config.")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    part = typer.Typer(no_args_is_help=True, help="Show how our public sentences would read.", rich_markup_mode=None)
    part.command("preview")(show)
    part.callback()(lambda: None)
    app.add_typer(part, name="template")


def show(
    kind: Annotated[Kind, typer.Option(help="The occasion.")] = Kind.ACKNOWLEDGE,
    text: Annotated[str | None, typer.Option(help="Another phrasing than those in use.")] = None,
    lang: Annotated[str | None, typer.Option(help="The language of the post it answers.")] = None,
    topic: Annotated[str | None, KEY] = None,
    place: Annotated[str | None, KEY] = None,
    news: Annotated[str | None, typer.Option(help="What a person says about an incident.")] = None,
    brand: Annotated[str | None, KEY] = None,
    account: Annotated[str | None, KEY] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Word an occasion on each account, in the phrasings in use or in another; nothing is said.

    Example: mentionbridge template preview --kind off_hours --topic parcel
    """
    settings = settings_from(config, logs={"level": "warning"})
    wanted = Wanted(_brand(settings, brand), kind, lang, topic, place, news, text, account)
    found = run(_found(settings, wanted))
    rows = [asdict(each) if as_json else _row(each) for each in found]
    show_rows(rows, COLUMNS, as_json=as_json)
    if any(each.problem for each in found):
        raise typer.Exit(1)


def _brand(settings: Settings, brand: str | None) -> str:
    known = sorted(settings.brands)
    if brand in known:
        return str(brand)
    if brand is None and len(known) == 1:
        return known[0]
    raise SetupError(f"Name a brand with --brand; the config has: {', '.join(known) or 'none'}.")


async def _found(settings: Settings, wanted: Wanted) -> list[Preview]:
    async with opened(settings) as app:
        return preview(app.bridge, wanted)


def _row(each: Preview) -> dict[str, object]:
    return {
        "account": each.account_id,
        "length": each.length,
        "limit": each.limit,
        "lang": each.lang,
        "text": f"{each.text}  [{each.problem}]" if each.problem else each.text,
    }
