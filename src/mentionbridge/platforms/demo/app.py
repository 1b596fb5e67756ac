"""The whole network as one ASGI app: its pages, and its API under `/api`."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mentionbridge.domain.errors import SetupError
from mentionbridge.platforms.demo.acts import Denied, LiveNetwork
from mentionbridge.platforms.demo.api import AccountApi
from mentionbridge.platforms.demo.pages import ROOT, Pages, root_of
from mentionbridge.platforms.demo.play import PlayApi
from mentionbridge.platforms.demo.push import Pusher

MAX_BODY = 8 * 1024 * 1024
TOO_LARGE = "This is too large; a picture may have at most 5 MB."
HEADERS = {
    "content-security-policy": "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
_SAFE = frozenset({"GET", "HEAD"})


def build(live: LiveNetwork, pusher: Pusher, secret: str, address: str) -> ASGIApp:
    """Put the network behind one door; `address` is where people reach its pages, without a slash at the end."""
    pages = Pages(live)
    api = [*AccountApi(live, secret, address).routes(), *PlayApi(live, address).routes()]
    static = StaticFiles(directory=Path(__file__).parent / "static")

    async def denied(request: Request, error: Exception) -> Response:
        no = _as_denied(error)
        if request.scope["path"].startswith(f"{root_of(request)}/api/"):
            return JSONResponse({"error": no.code, "message": str(no)}, status_code=no.status)
        return pages.trouble(request, no)

    app = Starlette(
        routes=[Mount("/api", routes=api), Mount("/static", static), *pages.routes()],
        exception_handlers={Denied: denied, OSError: denied, HTTPException: denied},
    )
    return Door(app, live, pusher)


class Door:
    """Opens the network at the first call, keeps strangers' forms and huge bodies out, and adds the headers."""

    def __init__(self, app: ASGIApp, live: LiveNetwork, pusher: Pusher) -> None:
        self._app = app
        self._live = live
        self._pusher = pusher

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if refusal := self._refusal(scope):
            await refusal(scope, receive, send)
            return
        self._pusher.wake()
        # Inner mounts change `root_path`, and outer ones have set `app_root_path`.
        scope[ROOT] = scope.get("root_path", "")
        await self._app(scope, _limited(receive), _guarded(send))

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if scope["method"] not in _SAFE and not same_origin(headers):
            return PlainTextResponse("This form was sent from another site.", 403)
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > MAX_BODY:
            return PlainTextResponse(TOO_LARGE, 413)
        try:
            self._live.open()
        except SetupError as error:
            return JSONResponse({"error": "in_use", "message": str(error)}, status_code=503)
        return None


class TooLarge(Denied, MultiPartException):
    """The body is too long; as a MultiPartException it makes the form parser drop its files."""

    message = TOO_LARGE


def same_origin(headers: Headers) -> bool:
    """True unless a browser says that the request comes from another site."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2] == headers.get("host")


def _limited(receive: Receive) -> Receive:
    """Stop reading a body that says no length, or a wrong one."""
    seen = 0

    async def read() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MAX_BODY:
            raise TooLarge(413, "too_large", TOO_LARGE)
        return message

    return read


def _guarded(send: Send) -> Send:
    async def write(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return write


def _as_denied(error: Exception) -> Denied:
    if isinstance(error, Denied):
        return error
    if isinstance(error, HTTPException):
        code = "gone" if error.status_code == 404 else "bad_request"
        return Denied(error.status_code, code, str(error.detail))
    return Denied(503, "not_kept", "This could not be kept: the disk is full or failing. Nothing was posted.")
