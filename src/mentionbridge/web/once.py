"""`Idempotency-Key`: the same request again gets the stored answer and does nothing."""

import hashlib
import re
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Header, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from mentionbridge.ports.access import Earlier, Remembered
from mentionbridge.web.caller import Caller
from mentionbridge.web.door import Door
from mentionbridge.web.problem import Problem

IdempotencyKey = Annotated[str | None, Header(description="Makes a repeat safe; kept for 24 hours.")]
Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_USABLE = re.compile(r"[\x21-\x7e]{1,255}")
_HEADER = "Idempotency-Key"


class OnceRoute(APIRoute):
    """A route whose POSTs honour `Idempotency-Key`.

    Only answers that did something (2xx) are kept: after any other the request may run again under the same key.
    """

    def get_route_handler(self) -> Handler:
        return honouring_key(super().get_route_handler())


def honouring_key(handle: Handler) -> Handler:
    """Let a POST under an `Idempotency-Key` happen once."""

    async def once(request: Request) -> Response:
        key = request.headers.get(_HEADER)
        if request.method != "POST" or key is None:
            return await handle(request)
        return await _once(request, usable(key), handle)

    return once


def usable(key: str) -> str:
    """Return the key; raises a problem when it is empty, too long or not plain."""
    if _USABLE.fullmatch(key) is None:
        raise Problem("bad_idempotency_key", f"{_HEADER} must be 1 to 255 visible ASCII characters without spaces.")
    return key


def requires_key(request: Request) -> None:
    """Refuse a request that sends something and could not be repeated safely."""
    if _HEADER not in request.headers:
        raise Problem(
            "bad_idempotency_key", f"This sends something in public: add an {_HEADER} header, so that a repeat is safe."
        )


async def _once(request: Request, key: str, handle: Handler) -> Response:
    door: Door = request.app.state.door
    caller: Caller = request.state.caller
    digest = digest_of(request.method, request.url.path, request.url.query, await request.body())
    known = await door.idempotency.begin(caller.token.id, key, digest, door.clock.now())
    if known.earlier is not Earlier.NEW:
        return _again(known)
    try:
        response = await handle(request)
        if 200 <= response.status_code < 300:
            await door.idempotency.finish(caller.token.id, key, response.status_code, bytes(response.body))
            return response
    except Exception:
        await door.idempotency.forget(caller.token.id, key)
        raise
    await door.idempotency.forget(caller.token.id, key)
    return response


def digest_of(method: str, path: str, query: str, body: bytes) -> str:
    """Return what makes two requests the same."""
    return hashlib.sha256(f"{method} {path}?{query}\n".encode() + body).hexdigest()


def _again(known: Remembered) -> Response:
    if known.earlier is Earlier.OTHER_BODY:
        raise Problem("idempotency_mismatch", f"This {_HEADER} was used for another request; take a new one.")
    if known.earlier is Earlier.RUNNING:
        raise Problem("idempotency_running", "The first request under this key is still running; ask again shortly.")
    headers = {"Idempotent-Replayed": "true"}
    return Response(known.body, known.status, headers, "application/json")
