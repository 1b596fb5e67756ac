"""Short ways to the routes that are called a thousand times a second, past the framework's search and dependencies."""

import inspect
from collections.abc import Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from mentionbridge.web.caller import Rule, rule_of
from mentionbridge.web.once import honouring_key

_ASKED = "mentionbridge.asked"


def shortcut(router: APIRouter, endpoint: Callable[..., Any]) -> Route:
    """Make a way to the same endpoint, under the same rule.

    Only for an endpoint of `(request, caller)` that reads its body itself and returns a Response. The document is still
    written from its route, and a request with a query goes the framework's own way.
    """
    route, rule = _declared(router, endpoint)

    async def answer(request: Request) -> Response:
        made: Response = await endpoint(request, rule.admit(request))
        return made

    return _BareRoute(route.path, honouring_key(answer), methods=list(route.methods or ()))


def list_shortcut(router: APIRouter, endpoint: Callable[..., Any]) -> Route:
    """Make a way to the same list, under the same rule, for every question that is as the document says.

    Only for an endpoint of `(request, caller, …)` whose other parameters are of the query, one value each, and that
    returns a Response. Whatever else is asked goes the framework's own way, which says what is wrong with it.
    """
    route, rule = _declared(router, endpoint)

    async def answer(request: Request) -> Response:
        made: Response = await endpoint(request, rule.admit(request), **request.scope[_ASKED])
        return made

    return _ListRoute(route.path, honouring_key(answer), _question(endpoint))


class _BareRoute(Route):
    """Matches what asks for nothing in its address."""

    def matches(self, scope: MutableMapping[str, Any]) -> tuple[Match, dict[str, Any]]:
        if scope.get("query_string"):
            return Match.NONE, {}
        match, child = super().matches(scope)
        return match, dict(child)


class _ListRoute(Route):
    """Matches what it can answer, and nothing else."""

    def __init__(self, path: str, endpoint: Any, question: type[BaseModel]) -> None:
        super().__init__(path, endpoint, methods=["GET"])
        self._question = question

    def matches(self, scope: MutableMapping[str, Any]) -> tuple[Match, dict[str, Any]]:
        if scope["type"] != "http" or scope["method"] != "GET":
            return Match.NONE, {}
        match, child = super().matches(scope)
        asked = self._asked(scope["query_string"]) if match is Match.FULL else None
        return (match, {**child, _ASKED: asked}) if asked is not None else (Match.NONE, {})

    def _asked(self, query: bytes) -> dict[str, Any] | None:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
        told = dict(pairs)
        if len(told) != len(pairs):
            return None
        try:
            return dict(self._question.model_validate(told))
        except ValidationError:
            return None


def _question(endpoint: Callable[..., Any]) -> type[BaseModel]:
    """Return what a list may be asked, as the endpoint's own signature says."""
    parameters = inspect.signature(endpoint, eval_str=True).parameters.values()
    fields: dict[str, Any] = {each.name: (each.annotation, each.default) for each in list(parameters)[2:]}
    return create_model("Question", __config__=ConfigDict(extra="forbid"), **fields)


def _declared(router: APIRouter, endpoint: Callable[..., Any]) -> tuple[APIRoute, Rule]:
    route = next(each for each in router.routes if isinstance(each, APIRoute) and each.endpoint is endpoint)
    rule = rule_of(route)
    if rule is None:
        raise ValueError(f"{route.path} declares no single rule, so nobody could be let in")
    return route, rule
