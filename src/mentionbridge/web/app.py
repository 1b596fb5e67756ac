"""The HTTP door as one ASGI app."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version
from itertools import starmap
from typing import Any

from fastapi import APIRouter, FastAPI

from mentionbridge.web import form, hooks, ops
from mentionbridge.web.answers import describe
from mentionbridge.web.api import (
    accounts,
    acts,
    answers,
    brands,
    calls,
    commitments,
    customers,
    events,
    handoffs,
    imports,
    incidents,
    media,
    mentions,
    messages,
    replies,
    tasks,
    templates,
    threads,
    tickets,
    webhooks,
)
from mentionbridge.web.asked import PushedAuthor, PushedMedia, PushedMention
from mentionbridge.web.caller import Rule, rules_of
from mentionbridge.web.console.app import build, lead_in
from mentionbridge.web.console.session import Sessions
from mentionbridge.web.door import Door
from mentionbridge.web.gate import Gate
from mentionbridge.web.problem import catch_all
from mentionbridge.web.shortcut import list_shortcut, shortcut
from mentionbridge.web.stream import Tail

PARTS = (
    hooks,
    mentions,
    imports,
    tickets,
    acts,
    messages,
    replies,
    tasks,
    calls,
    commitments,
    customers,
    brands,
    templates,
    threads,
    accounts,
    events,
    webhooks,
    media,
    handoffs,
    answers,
    incidents,
    form,
    ops,
)
"""Every file of routes; whoever adds one adds it here, and the matrix of rights asks its rules."""

LISTS: Sequence[tuple[APIRouter, Callable[..., Any]]] = (
    (tickets.router, tickets.list_tickets),
    (mentions.router, mentions.list_mentions),
    (replies.router, replies.list_replies),
)
"""The lists that are read page by page, by desks and by people."""

Lifespan = Callable[[Any], AbstractAsyncContextManager[None]]
_ABOUT = (
    "Every public complaint becomes one private ticket, one honest acknowledgement and one way into private. "
    "Times are RFC 3339 in UTC, lists are walked by `next`, errors are problem+json with a stable `code`."
)


def create_app(door: Door, lifespan: Lifespan | None = None) -> FastAPI:
    """Make the app; it opens and starts nothing of its own accord."""
    app = FastAPI(
        title="mentionbridge",
        version=version("mentionbridge"),
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.door = door
    app.state.tail = Tail(door)
    for part in PARTS:
        app.include_router(part.router)
    app.router.routes[:0] = [shortcut(mentions.router, mentions.push_mentions), *(starmap(list_shortcut, LISTS))]
    for platform, pages in door.pages.items():
        app.mount(f"/p/{platform}", pages)
    if door.sealing is not None:
        app.add_route("/console", lead_in)
        app.mount("/console", build(door, Sessions(door, door.sealing, secure=door.secure)))
    app.add_middleware(Gate, door=door)
    catch_all(app, door.observer)
    describe(app, rules(), PushedMention, PushedAuthor, PushedMedia)
    return app


def rules() -> Mapping[tuple[str, str], Rule | None]:
    """Tell every route's rule by (method, path)."""
    return rules_of(route for part in PARTS for route in part.router.routes)
