"""One readable line an event, for the person who watches the demo."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mentionbridge.bootstrap import App
from mentionbridge.domain.events import Event

LOOK_EVERY = 0.3
WIDTH = 74


async def tell_story(app: App) -> None:
    """Play the day of life of every network that has one."""
    for connected in app.bridge.connected.values():
        story = app.networks[connected.account.platform].story(connected.account)
        if story is not None:
            async for line in story:
                print(f"{_time(app.bridge.clock.now())}  ~ {line}", flush=True)


async def tell_events(app: App) -> None:
    """Print events as they are placed in the feed, for ever."""
    last = 0
    while True:
        async with app.store.reading() as uow:
            for event in await uow.events.after(last, 100):
                last = event.position or last
                print(line(event, await uow.events.render(event)), flush=True)
        await asyncio.sleep(LOOK_EVERY)


def line(event: Event, data: Mapping[str, Any]) -> str:
    """Write one event as one line."""
    return f"{_time(event.occurred_at)}    {event.type:<20} {_about(event, data)}".rstrip()


def _about(event: Event, data: Mapping[str, Any]) -> str:
    words, who = data.get("reply") or data.get("mention") or {}, data.get("mention", {}).get("author", {}).get("handle")
    parts = [
        f"@{who}" if who else "",
        f"[{data['label']} {data['complaint']:.2f}]" if "label" in data else "",
        _short(event.ticket_id) if event.ticket_id else "",
        f"“{_cut(words['text'])}”" if words.get("text") else "(words removed)" if words.get("redacted") else "",
        str(data.get("reason") or data.get("cause") or data.get("kind") or ""),
    ]
    return " ".join(part for part in parts if part)


def _short(id_: str) -> str:
    return f"{id_[:4]}…{id_[-5:]}"


def _cut(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= WIDTH else one_line[: WIDTH - 1] + "…"


def _time(at: datetime) -> str:
    return at.astimezone().strftime("%H:%M:%S")
