"""For those who run it: is it alive, is it ready, and how much it does."""

import hmac
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.responses import HTMLResponse, Response

from mentionbridge.web.answers import bare_problems
from mentionbridge.web.docs import page
from mentionbridge.web.lists import door_of
from mentionbridge.web.problem import Problem

router = APIRouter(tags=["operations"])
_bearer = HTTPBearer(auto_error=False, scheme_name="metrics token", description="`server.metrics_token`")
_TEXT = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/healthz", responses=bare_problems(), summary="Is the process alive")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/readyz", responses=bare_problems(503), summary="Can it do its work")
async def readiness(request: Request) -> dict[str, str]:
    if reasons := await door_of(request).ready():
        raise Problem("not_ready", " ".join(reasons), reasons=list(reasons))
    return {"status": "ready"}


@router.get(
    "/metrics",
    responses={**bare_problems(401), 200: {"content": {"text/plain": {}}, "description": "Prometheus text"}},
    response_class=Response,
    summary="Metrics for Prometheus",
)
async def metrics(request: Request, sent: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Response:
    door = door_of(request)
    if door.metrics_token is not None:
        given = sent.credentials if sent is not None else ""
        if not hmac.compare_digest(given.encode(), door.metrics_token.encode()):
            ask = {"WWW-Authenticate": 'Bearer realm="metrics"'}
            raise Problem("bad_token", "Metrics need the token of `server.metrics_token`.", headers=ask)
    return Response(await door.metrics(), media_type=_TEXT)


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    return HTMLResponse(
        page(request.app.openapi()),
        headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"},
    )
