"""The first look at every request: who sends it, how much, and whether it is JSON at all."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mentionbridge.domain.errors import StoreDown
from mentionbridge.web.caller import Meter, recognise
from mentionbridge.web.door import Door
from mentionbridge.web.problem import Problem, as_problem

_PATIENCE = 8
_PAGES = ("/p/", "/console")
_FORMS = ("/h/", "/c/")
_SAFE = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


class Gate:
    """ASGI middleware before every route but those that are pages: they look after themselves."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self.app = app
        self.door = door
        self.meter = Meter(door.clock, door.limits.requests_per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_PAGES):
            await self.app(scope, receive, send)
            return
        extra = dict(_SAFE)
        try:
            _check_address(scope)
            if scope["path"].startswith("/v1"):
                extra |= await self._let_in(scope)
            receive = await self._read(scope, receive)
        except (Problem, StoreDown) as error:
            problem = as_problem(error)
            self.door.observer.saw(
                "request.refused", code=problem.code, status=problem.kind.status, method=scope["method"]
            )
            await problem.response()(scope, receive, _with(send, extra))
            return
        await self.app(scope, receive, _with(send, extra))

    async def _let_in(self, scope: Scope) -> dict[str, str]:
        caller = await recognise(self.door, Headers(scope=scope).get("authorization"))
        scope.setdefault("state", {})["caller"] = caller
        return {**self.meter.count(caller.token.id), "Cache-Control": "no-store"}

    async def _read(self, scope: Scope, receive: Receive) -> Receive:
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return receive
        hook, form = scope["path"].startswith("/hooks/"), scope["path"].startswith(_FORMS)
        limits = self.door.limits
        limit = limits.hook_body if hook else limits.form_body if form else limits.body
        if form:
            _refuse_unread(Headers(scope=scope), limit)
        body = await read_whole(Headers(scope=scope), receive, limit, patience=1 if form else _PATIENCE)
        if body and not hook and not form:
            # Parsed once: routes that read their body themselves find it here.
            scope.setdefault("state", {})["json"] = check_json(Headers(scope=scope).get("content-type", ""), body)
        return _replay(body, receive)


def _check_address(scope: Scope) -> None:
    if "\x00" in scope["path"] or b"%00" in scope["query_string"] or b"\x00" in scope["query_string"]:
        raise Problem("bad_address", "The address holds a NUL character, which nothing here is named by.")


def _refuse_unread(headers: Headers, limit: int) -> None:
    """Refuse what says itself that it is too large before any of it is read: a film would keep us busy for minutes."""
    said = headers.get("content-length", "")
    if said.isascii() and said.isdigit() and int(said[:20]) > limit:
        raise _too_large(limit)


def _too_large(limit: int) -> Problem:
    said = f"The body is larger than {limit} bytes; send less at a time."
    return Problem("too_large", said, headers={"Connection": "close"})


async def read_whole(headers: Headers, receive: Receive, limit: int, *, patience: int = _PATIENCE) -> bytes:
    """Read a body of at most `limit` bytes, whatever its Content-Length says; raises a 413 problem."""
    said = headers.get("content-length", "")
    too_large = said.isascii() and said.isdigit() and int(said[:20]) > limit
    body, seen, more = bytearray(), 0, True
    # A caller hears a refusal only after it has sent its body, so some of what is too much is read and dropped.
    while more and seen <= limit * patience:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        piece = message.get("body", b"")
        more = message.get("more_body", False)
        seen += len(piece)
        too_large = too_large or seen > limit
        if not too_large:
            body += piece
    if too_large:
        raise _too_large(limit)
    return bytes(body)


def check_json(content_type: str, body: bytes) -> Any:
    """Return what `body` says; raises a problem unless it is strict JSON: UTF-8, no NaN, no key twice, not too deep."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise Problem("not_json", "Send the body as Content-Type: application/json.")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise Problem("not_utf8", f"The body is not UTF-8 (byte {error.start}); encode it as UTF-8.") from None
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_key_twice)
    except json.JSONDecodeError as error:
        said = f"The body is not JSON (line {error.lineno}, column {error.colno}); check it and send it again."
        raise Problem("bad_json", said) from None
    except (ValueError, RecursionError) as error:
        said = str(error) if isinstance(error, _Strict) else "it is nested too deeply or holds a number too long"
        raise Problem("bad_json", f"The body is not JSON we take: {said}.") from None


class _Strict(ValueError):
    """Something the parser would let pass and we do not."""


def _no_constant(name: str) -> object:
    raise _Strict(f"{name} is not a JSON number")


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Strict("an object names the same key twice")
    return found


def _replay(body: bytes, receive: Receive) -> Receive:
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _with(send: Send, extra: MutableMapping[str, str]) -> Callable[[Message], Awaitable[None]]:
    async def decorated(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            for name, value in extra.items():
                headers.setdefault(name, value)
        await send(message)

    return decorated
