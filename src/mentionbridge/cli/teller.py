"""One readable line an event, for the person who watches the demo."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # `listen` borrows `line`, and should not wait for the whole service to be imported.
    from mentionbridge.bootstrap import App

LOOK_EVERY = 0.3
WIDTH = 74


async def tell_story(app: "App") -> None:
    """Play the day of life of every network that has one."""
    for connected in app.bridge.connected.values():
        story = app.networks[connected.account.platform].story(connected.account)
        if story is not None:
            async for line in story:
                print(f"{_time(app.bridge.clock.now())}  ~ {line}", flush=True)


async def tell_events(app: "App") -> None:
    """Print events as they are placed in the feed, for ever."""
    last = 0
    while True:
        async with app.store.reading() as uow:
            for event in await uow.events.after(last, 100):
                last = event.position or last
                print(line(event.type, event.occurred_at, await uow.events.render(event)), flush=True)
        await asyncio.sleep(LOOK_EVERY)


def line(type_: str, occurred_at: datetime, data: Mapping[str, Any]) -> str:
    """Write one event as one line."""
    return f"{_time(occurred_at)}    {type_:<20} {_about(data)}".rstrip()


def _about(data: Mapping[str, Any]) -> str:
    words, who = data.get("reply") or data.get("mention") or {}, data.get("mention", {}).get("author", {}).get("handle")
    parts = [
        f"@{who}" if who else "",
        _verdict(data),
        _short(data["ticket_id"]) if "ticket_id" in data else "",
        f"“{_cut(words['text'])}”" if words.get("text") else "(words removed)" if words.get("redacted") else "",
        str(data.get("reason") or data.get("cause") or data.get("kind") or ""),
    ]
    return " ".join(part for part in parts if part)


def _verdict(data: Mapping[str, Any]) -> str:
    """Write what a post was judged to be; a person gives a label and no number."""
    if "label" not in data:
        return ""
    return f"[{data['label']} {data['complaint']:.2f}]" if "complaint" in data else f"[{data['label']}]"


def _short(id_: str) -> str:
    return f"{id_[:4]}…{id_[-5:]}"


def _cut(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= WIDTH else one_line[: WIDTH - 1] + "…"


def _time(at: datetime) -> str:
    return at.astimezone().strftime("%H:%M:%S")
