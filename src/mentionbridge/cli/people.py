"""`forget` and `export`: what a person may ask of us."""

import getpass
import json
from collections import Counter
from dataclasses import asdict
from typing import Annotated, Any

import typer

from mentionbridge.bootstrap import App, opened
from mentionbridge.cli.common import ConfigOption, JsonOption, note, run, settings_from, show_rows
from mentionbridge.domain.customer import Erased
from mentionbridge.domain.errors import SetupError
from mentionbridge.pipeline.forget import forget as erase
from mentionbridge.pipeline.forget import forget_network as erase_network
from mentionbridge.ports.desk import CustomerView
from mentionbridge.settings import Settings
from mentionbridge.store.reading import StoredDesk
from mentionbridge.web import shapes

WhoArgument = Annotated[
    str, typer.Argument(metavar="PLATFORM:AUTHOR_ID | CUSTOMER_ID", help="An id; a handle only looks up.")
]
MaybeWho = Annotated[
    str | None,
    typer.Argument(
        metavar="PLATFORM:AUTHOR_ID | CUSTOMER_ID", help="An id; a handle only looks up.", show_default=False
    ),
]
_MOST = 50


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(forget)
    app.command()(export)


def forget(
    who: MaybeWho = None,
    network: Annotated[
        str | None,
        typer.Option("--network", metavar="PLATFORM", help="Erase everybody who was met on this network instead."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; takes an id, never a handle.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase one customer's words and names everywhere, keep the counts, and say what was done.

    A handle proves nothing, for handles are given to others: it prints who it may be, and stops.
    With --network, everybody who was met there is erased, in every brand of the config: what a network asks for when
    you may no longer use it. Take its accounts out of the config first, or they bring new posts.

    Example: mentionbridge forget cus_01jd8x0000000000000000000 --yes
    """
    if (who is None) == (network is None):
        raise SetupError("Say whom to forget, or --network PLATFORM; one of the two.")
    if network is not None:
        _forget_network(settings_from(config, logs={"level": "warning"}), network, ask=not yes, as_json=as_json)
        return
    assert who is not None
    view = _the_one(run(_candidates(settings_from(config, logs={"level": "warning"}), who)), who)
    if not yes:
        note(f"This erases {_label(view)}; it cannot be undone.")
        typer.confirm("Erase?", abort=True, err=True)
    _show(run(_forget(settings_from(config, logs={"level": "warning"}), view)), as_json=as_json)


def _forget_network(settings: Settings, network: str, *, ask: bool, as_json: bool) -> None:
    if ask:
        note(f"This erases everybody who was met on {network}, wherever they are known; it cannot be undone.")
        typer.confirm("Erase them all?", abort=True, err=True)
    erased = run(_forget_all(settings, network))
    counts = sum((Counter(each.counts) for each in erased), Counter({"people": len(erased)}))
    waiting = [each.customer_id for each in erased if each.left]
    if as_json:
        typer.echo(json.dumps({"counts": counts, "left": waiting}))
        return
    show_rows([{"what": what, "erased": count} for what, count in counts.items()], ("what", "erased"), as_json=False)
    for customer_id in waiting:
        note(f"Replies to {customer_id} may be on their way still; forget it by this id once they are not.")


def _show(erased: Erased, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(erased)))
        return
    show_rows(
        [{"what": what, "erased": count} for what, count in erased.counts.items()], ("what", "erased"), as_json=False
    )
    if erased.left:
        note(f"{erased.left} replies may be on their way still; run this again once their fate is known.")


def export(who: WhoArgument, config: ConfigOption = None) -> None:
    """Print everything kept of one customer as JSON.

    Example: mentionbridge export cus_01jd8x0000000000000000000 > customer.json
    """
    settings = settings_from(config, logs={"level": "warning"})
    typer.echo(run(_export(settings, _the_one(run(_candidates(settings, who)), who))))


def _the_one(found: list[CustomerView], who: str) -> CustomerView:
    by_id = [view for view in found if view.customer.id == who or who in _names(view)]
    if len(by_id) == 1:
        return by_id[0]
    for view in found:
        note(f"{view.customer.id}  {_label(view)}")
    if found:
        raise SetupError(f"{who!r} is a handle, which proves nothing; name one of these by its id.")
    raise SetupError(f"Nobody is known as {who!r}; give PLATFORM:AUTHOR_ID, a customer's id, or a handle to look up.")


def _names(view: CustomerView) -> list[str]:
    return [f"{each.platform}:{each.external_id}" for each in view.identities]


def _label(view: CustomerView) -> str:
    known = ", ".join(f"{each.handle} ({each.platform}:{each.external_id})" for each in view.identities)
    return f"{view.customer.name or 'somebody'}: {known or 'no identity left'}"


async def _candidates(settings: Settings, who: str) -> list[CustomerView]:
    async with opened(settings) as app:
        desk = StoredDesk(app.store)
        brands = tuple(app.bridge.brands)
        if (known := await desk.customer(brands, who)) is not None:
            return [known]
        platform, _, external_id = who.partition(":")
        if external_id and (named := await desk.customer_of(brands, platform, external_id)):
            return [named]
        found = await desk.customers(brands, {"handle": who.removeprefix("@")}, None, _MOST)
        return list(found.items)


async def _forget(settings: Settings, view: CustomerView) -> Erased:
    async with opened(settings) as app:
        actor = f"{getpass.getuser()} via command line"
        return await erase(app.bridge, view.customer.brand_id, view.customer.id, actor)


async def _forget_all(settings: Settings, network: str) -> list[Erased]:
    async with opened(settings) as app:
        actor = f"{getpass.getuser()} via command line"
        walks = [erase_network(app.bridge, brand_id, network, actor) for brand_id in app.bridge.brands]
        return [erased for walk in walks async for erased in walk]


async def _export(settings: Settings, view: CustomerView) -> str:
    async with opened(settings) as app:
        return await _everything(app, view)


async def _everything(app: App, view: CustomerView) -> str:
    stories: Any = await StoredDesk(app.store).stories_of([view.customer.brand_id], view.customer.id)
    return shapes.exported(view, stories).model_dump_json(indent=2)
