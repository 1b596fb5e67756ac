"""The console as one ASGI app, mounted at `/console`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mentionbridge.domain.errors import NotAllowed, NotFound, StoreDown
from mentionbridge.kit.cursor import BadCursor
from mentionbridge.text.pii import mask
from mentionbridge.web.console import queue
from mentionbridge.web.console.session import Sessions, Visitor
from mentionbridge.web.door import Door
from mentionbridge.web.problem import Problem, as_problem

HERE = Path(__file__).parent
MAX_BODY = 64 * 1024
MOST_FIELDS = 20
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "x-robots-tag": "noindex",
}
DONE = {
    "approved": "Approved. It is on its way.",
    "kept": "Your words are kept. Read them once more, then approve.",
    "rejected": "Rejected. Nothing was said.",
    "unchanged": "Nothing was changed.",
    "out": "You are signed out.",
}
_ERRORS = (Problem, NotAllowed, NotFound, StoreDown, BadCursor)


class Console:
    """Every page and form."""

    def __init__(self, door: Door, sessions: Sessions) -> None:
        self._door = door
        self._sessions = sessions
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"time": queue.shown, "masked": mask}

    def routes(self) -> list[Route | Mount]:
        """Return the routes, relative to where the console is mounted."""
        return [
            Route("/", lead_in),
            Route("/sign-in", self.sign_in_page),
            Route("/sign-in", self.sign_in, methods=["POST"]),
            Route("/sign-out", self.sign_out, methods=["POST"]),
            Route("/approvals", self.approvals),
            Route("/approvals/{reply_id}", self.decide, methods=["POST"]),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ]

    async def sign_in_page(self, request: Request) -> Response:
        """Ask for a token and a name."""
        return self._page("sign_in.html", notice=DONE.get(request.query_params.get("done", "")), person="")

    async def sign_in(self, request: Request) -> Response:
        """Let in who brings a token that approves."""
        told = await _form(request)
        person = told.get("person", "").strip()
        if not person:
            return self._page(
                "sign_in.html", 422, notice="Tell us your name; the ledger keeps who approved.", person=""
            )
        try:
            session = await self._sessions.begin(told.get("token", "").strip(), person)
        except Problem as refused:
            return self._page("sign_in.html", refused.kind.status, notice=refused.detail, person=person)
        response = RedirectResponse("/console/approvals", 303)
        self._sessions.keep(response, session)
        return response

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        visitor, told = await self._sessions.visitor(request), await _form(request)
        response = RedirectResponse("/console/sign-in?done=out", 303)
        if visitor is None or visitor.sent(told.get("form_key", "")):
            self._sessions.end(response)
        return response

    async def approvals(self, request: Request) -> Response:
        """Show what waits."""
        visitor = await self._sessions.visitor(request)
        if visitor is None:
            return RedirectResponse("/console/sign-in", 303)
        return await self._queue(request, visitor, DONE.get(request.query_params.get("done", "")))

    async def decide(self, request: Request) -> Response:
        """Approve, keep or reject one draft."""
        visitor = await self._sessions.visitor(request)
        if visitor is None:
            return RedirectResponse("/console/sign-in", 303)
        told = await _form(request)
        if not visitor.sent(told.get("form_key", "")):
            return await self._queue(request, visitor, "This form was not made for you; try it again from here.", 403)
        try:
            done = await queue.act(self._door, visitor, request.path_params["reply_id"], told)
        except (NotAllowed, NotFound) as error:
            return await self._queue(request, visitor, str(error), as_problem(error).kind.status)
        return RedirectResponse(f"/console/approvals?done={done}", 303)

    async def trouble(self, request: Request, error: Exception) -> Response:
        """Say what went wrong in a sentence."""
        problem = as_problem(error)
        return self._page("trouble.html", problem.kind.status, notice=problem.detail)

    async def _queue(self, request: Request, visitor: Visitor, notice: str | None, status: int = 200) -> Response:
        found = await queue.waiting(self._door, visitor, request.query_params.get("cursor"))
        return self._page("approvals.html", status, visitor=visitor, queue=found, notice=notice)

    def _page(self, name: str, status: int = 200, **what: Any) -> Response:
        return HTMLResponse(self._templates.get_template(name).render(what), status)


async def lead_in(request: Request) -> Response:
    """Lead to the queue."""
    return RedirectResponse("/console/approvals", 303)


def build(door: Door, sessions: Sessions) -> ASGIApp:
    """Put the console behind one door."""
    console = Console(door, sessions)
    app = Starlette(routes=console.routes(), exception_handlers=dict.fromkeys(_ERRORS, console.trouble))
    return _Guarded(app)


class _Guarded:
    """Keeps other sites' forms out and adds the headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD") and not _is_ours(Headers(scope=scope)):
            refusal = HTMLResponse("This form was sent from another site.", 403)
            await refusal(scope, receive, guarded)
            return
        await self._app(scope, receive, guarded)


def _is_ours(headers: Headers) -> bool:
    """True unless a browser says that the form comes from another site."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2] == headers.get("host")


async def _form(request: Request) -> Mapping[str, str]:
    """Read a form; raises a problem when it is too large or no form."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY:
            raise Problem("too_large", f"The form is larger than {MAX_BODY} bytes; send less.")
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise Problem("invalid", "The form cannot be read; send it again from the page.") from None
