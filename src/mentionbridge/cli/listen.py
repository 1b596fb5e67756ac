"""`listen`: the feed in a terminal, over HTTP from wherever one is."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from mentionbridge.cli.common import JsonOption, note, run
from mentionbridge.cli.teller import line
from mentionbridge.domain.errors import MentionbridgeError, SetupError
from mentionbridge.domain.events import EventType
from mentionbridge.kit.backoff import delay
from mentionbridge.kit.clock import SystemClock
from mentionbridge.net.client import Answer, Http

LOOK_SECONDS = 1.0
_PAGE = 100


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(listen)


def listen(
    url: Annotated[str, typer.Option(help="Where the bridge answers.")] = "http://127.0.0.1:8000",
    token: Annotated[str, typer.Option(envvar="MENTIONBRIDGE_TOKEN", help="A token with the scope read.")] = "",
    after: Annotated[int | None, typer.Option(help="Begin behind this position of the feed; now if unset.")] = None,
    types: Annotated[list[str] | None, typer.Option(help="Only these types; repeat for more.")] = None,
    for_seconds: Annotated[float | None, typer.Option(help="Stop by itself after this many seconds.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Print the feed as it happens, one event a line, until Ctrl-C; with --json each as one JSON object.

    Example: mentionbridge listen --token mb_… --types ticket.opened --json
    """
    if not token:
        raise SetupError("A token is needed: --token mb_…, or MENTIONBRIDGE_TOKEN; `mentionbridge token create`.")
    for unknown in set(types or ()) - {str(each) for each in EventType}:
        raise SetupError(f"There is no event type {unknown!r}; docs/feed.md lists those there are.")
    run(_listen(url, token, after, types or (), for_seconds, as_json=as_json))


async def _listen(
    url: str, token: str, after: int | None, types: Sequence[str], for_seconds: float | None, *, as_json: bool
) -> None:
    http = Http(url, clock=SystemClock())
    try:
        async with asyncio.timeout(for_seconds):
            async for event in _events(http, token, after, types):
                print(json.dumps(event, ensure_ascii=False) if as_json else _line(event), flush=True)
    except TimeoutError:
        return
    finally:
        await http.aclose()


async def _events(http: Http, token: str, after: int | None, types: Sequence[str]) -> AsyncIterator[Mapping[str, Any]]:
    place = after if after is not None else (await _page(http, token, 0, (), 1))["head"]
    failures = 0
    while True:
        try:
            page = await _page(http, token, place, types, _PAGE)
        except MentionbridgeError as error:
            if isinstance(error, SetupError):
                raise
            failures += 1
            note(f"{error}; trying again")
            await asyncio.sleep(delay(failures, cap=30).total_seconds())
            continue
        failures, place = 0, page["after"]
        for event in page["items"]:
            yield event
        if page["next"] is None:
            await asyncio.sleep(LOOK_SECONDS)


async def _page(http: Http, token: str, after: int, types: Sequence[str], limit: int) -> Mapping[str, Any]:
    params = {"after": after, "limit": limit, "types": list(types) or None}
    answer = await http.request("GET", "/v1/events", params=params, headers={"authorization": f"Bearer {token}"})
    if answer.status != 200:
        raise _problem(answer)
    page: Mapping[str, Any] = answer.json()
    return page


def _problem(answer: Answer) -> MentionbridgeError:
    """What the bridge says is wrong: with us (the caller), or with it for now."""
    try:
        told = answer.json()
        said = str(told["detail"])
    except (MentionbridgeError, KeyError, TypeError):
        said = f"this address answered {answer.status} and is no bridge"
    lasting = 400 <= answer.status < 500 and answer.status != 429
    return SetupError(said) if lasting else MentionbridgeError(said)


def _line(event: Mapping[str, Any]) -> str:
    return line(event["type"], datetime.fromisoformat(event["timestamp"]), event["data"])
