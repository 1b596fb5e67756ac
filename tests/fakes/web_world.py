"""The HTTP door on a real store, called without a socket; every answer is checked against its own documentation."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import httpx
from fastapi import FastAPI
from jsonschema import Draft202012Validator

from fakes.feed_world import Post as FeedPost
from fakes.people import ACME, ACME_TWO, OTHER
from fakes.web_hook import ToyHook
from fakes.world import SEALER, World
from mentionbridge.bootstrap.doors import use_cases
from mentionbridge.domain.account import Account, Brand
from mentionbridge.domain.capabilities import Capabilities
from mentionbridge.domain.mention import Surface
from mentionbridge.domain.reply import Refusal, ReplyRight, Target
from mentionbridge.domain.verdict import Place, Product, Topic
from mentionbridge.kit.ids import Ids
from mentionbridge.net.signing import new_secret
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.ports.access import Scope
from mentionbridge.store.endpoints import StoredSubscriptions
from mentionbridge.store.group_writer import GroupWriter
from mentionbridge.store.idempotency import StoredIdempotency
from mentionbridge.store.pull import StoredFeed
from mentionbridge.store.reading import StoredDesk
from mentionbridge.store.tokens import RememberedTokens, StoredTokens
from mentionbridge.web.app import create_app
from mentionbridge.web.door import Door, Limits

FETCHED = replace(ACME, id="acme-fetched", platform="fetched")
ACCOUNTS = (ACME, ACME_TWO, OTHER, FETCHED)
EVERY_SCOPE = tuple(Scope)
PARCEL = Topic("parcel", "your parcel", ("parcel",))
DELIVERY = Topic("delivery", "your delivery", ("delivered",))
PLACES = (Place("quay", "Quay branch", ("quay",)),)
PRODUCTS = (Product("kettle", "Kettle 2", ("kettle",)),)


@dataclass
class Watching:
    """An observer that remembers."""

    moments: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def saw(self, moment: str, **facts: Any) -> None:
        self.moments.append((moment, facts))

    def codes(self, moment: str = "request.refused") -> list[str]:
        return [facts["code"] for name, facts in self.moments if name == moment]


class PlainPlatform:
    """Just enough of a platform to edit a reply for."""

    capabilities = Capabilities(max_length=300)

    def count(self, text: str) -> int:
        return len(text)

    def prepare(self, intent: object) -> dict[str, Any]:
        return {"prepared": True}

    def private_link(self) -> str | None:
        return "https://demo.example/messages"

    async def reply_rights(self, target: Target) -> list[ReplyRight]:
        closed = ReplyRight(Surface.PRIVATE, False, "no one may write to them", Refusal.PERMISSION)
        private = ReplyRight(Surface.PRIVATE, True) if self.capabilities.private_messages else closed
        return [ReplyRight(Surface.PUBLIC, True), private]


@dataclass
class Site:
    """The app, what it stands on, and what it did to the worker and the observer."""

    app: FastAPI
    world: World
    door: Door
    watching: Watching
    hook: ToyHook
    http: "Checked"
    woken: list[bool]
    reasons: list[str]
    courier: FeedPost

    async def token(
        self,
        *scopes: Scope,
        brands: Sequence[str] = ("acme",),
        accounts: Sequence[str] = (ACME.id, ACME_TWO.id, FETCHED.id),
        name: str = "desk",
    ) -> dict[str, str]:
        """Make a token and return the headers that send it."""
        made = await self.door.tokens.create(name, scopes, brands, accounts, self.world.clock.now())
        return {"Authorization": f"Bearer {made[0]}"}

    def changed(self, **parts: Any) -> "Checked":
        """A client of the same app with some parts of the door replaced."""
        return Checked(create_app(replace(self.door, **parts)))


_schema: dict[str, Any] = {}


def document() -> dict[str, Any]:
    """Return the OpenAPI document, which is the same for every door."""
    if not _schema:
        nothing: Any = SimpleNamespace(pages={}, sealing=None, observer=None, clock=None, limits=Limits())
        _schema.update(create_app(nothing).openapi())
    return _schema


class Checked:
    """A client that fails on any status, problem or media type the OpenAPI document does not name."""

    def __init__(self, app: FastAPI) -> None:
        # Writing the document takes longer than most tests run.
        app.openapi_schema = self.schema = document()
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://bridge.example")
        self.routes = [
            (re.compile(re.sub(r"\{[^}]+\}", r"[^/]+", path) + "$"), methods)
            for path, methods in self.schema["paths"].items()
        ]

    async def __call__(self, method: str, url: str, **more: Any) -> httpx.Response:
        answer = await self.client.request(method, url, **more)
        self._check(method, answer)
        return answer

    async def get(self, url: str, headers: dict[str, str] | None = None, **params: Any) -> httpx.Response:
        return await self("GET", url, headers=headers or {}, params=params or None)

    async def post(
        self, url: str, headers: dict[str, str] | None = None, body: Any = None, **more: str
    ) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        plain = {"Content-Type": "application/json"} if content else {}
        return await self("POST", url, headers={**plain, **(headers or {}), **more}, content=content)

    def _check(self, method: str, answer: httpx.Response) -> None:
        path = answer.request.url.path
        ways = (ways for shape, ways in self.routes if shape.match(path) and method.lower() in ways)
        if (documented := next(ways, None)) is not None:
            told = documented[method.lower()]["responses"]
            assert str(answer.status_code) in told, f"{method} {path} answers an undocumented {answer.status_code}"
            self._check_shape(told[str(answer.status_code)].get("content", {}), answer)
        assert answer.headers["x-content-type-options"] == "nosniff"
        if answer.status_code >= 400:
            _check_problem(answer)

    def _check_shape(self, told: dict[str, Any], answer: httpx.Response) -> None:
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        if answer.content and "json" in media_type:
            validator(json.dumps(told[media_type]["schema"])).validate(answer.json())


@cache
def validator(schema: str) -> Draft202012Validator:
    """Return a validator for one schema of the document, formats included."""
    whole = {**json.loads(schema), "components": document()["components"]}
    return Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _check_problem(answer: httpx.Response) -> None:
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert {"type", "title", "status", "detail", "code", "retryable"} <= set(problem)
    assert problem["status"] == answer.status_code
    assert problem["type"] == f"urn:mentionbridge:problem:{problem['code']}"
    assert problem["detail"][0].isupper() or problem["detail"][0] == "`"
    assert problem["detail"].endswith(".") and "Traceback" not in answer.text and "sqlalchemy" not in answer.text
    assert ("retry-after" in answer.headers) == problem["retryable"]


def open_site(world: World, **limits: int) -> Site:
    """Make the app over this store."""
    watching, hook, woken, reasons = Watching(), ToyHook(), [], []
    courier = FeedPost()
    connected = {(a.brand_id, a.id): Connected(a, PlainPlatform(), hook) for a in ACCOUNTS}  # type: ignore[arg-type]
    nothing: Any = None
    bridge = Bridge(
        store=world.store,
        clock=world.clock,
        ids=Ids(),
        judge=nothing,
        courier=courier,
        media=nothing,
        observer=watching,
        brands={
            "acme": Brand("acme", "Acme", (PARCEL, DELIVERY), places=PLACES, products=PRODUCTS),
            "borealis": Brand("borealis", "Borealis"),
        },
        connected=connected,
    )

    def hook_of(platform: str, account_id: str) -> tuple[Account, ToyHook] | None:
        return next(((a, hook) for a in ACCOUNTS if (a.platform, a.id) == (platform, account_id)), None)

    async def ready() -> list[str]:
        return reasons

    door = Door(
        desk=StoredDesk(world.store),
        feed=StoredFeed(world.store),
        writer=GroupWriter(world.store),
        tokens=RememberedTokens(StoredTokens(world.engine, Ids()), world.clock),
        idempotency=StoredIdempotency(world.engine, SEALER),
        subscriptions=StoredSubscriptions(world.engine, Ids(), SEALER, new_secret),
        clock=world.clock,
        observer=watching,
        accounts={key: each.account for key, each in connected.items()},
        brand_ids=("acme", "borealis"),
        hook_of=hook_of,
        accepts_push=lambda account: account.platform == "demo",
        **use_cases(bridge),
        wake=lambda: woken.append(True),
        ready=ready,
        metrics=_metrics,
        limits=Limits(**limits),
        sealing=SEALER,
    )
    # Streams end at once: the transport below hands over answers whole. Tests of streams give the door another event.
    door.closing.set()
    app = create_app(door)
    return Site(app, world, door, watching, hook, Checked(app), woken, reasons, courier)


async def _metrics() -> bytes:
    return b"mentionbridge_mentions_total 1\n"
