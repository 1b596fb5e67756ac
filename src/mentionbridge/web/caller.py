"""Who calls: bearer tokens with scopes and brands, and how often they may."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.routing import BaseRoute

from mentionbridge.kit.clock import Clock
from mentionbridge.ports.access import ALL_BRANDS, Scope, Token
from mentionbridge.web.door import Door
from mentionbridge.web.problem import Problem, invalid

_SHAPE = re.compile(r"[Bb]earer +(mb_[A-Za-z0-9_-]{32})")
_ASK = {"WWW-Authenticate": 'Bearer realm="mentionbridge"'}
_WINDOW = 60.0
_bearer = HTTPBearer(auto_error=False, scheme_name="token", description="`mentionbridge token create` makes one")


@dataclass(frozen=True, slots=True)
class Caller:
    """A known caller and the brands it may see."""

    token: Token
    brands: Sequence[str]

    @property
    def for_all_brands(self) -> bool:
        """True when no brand is out of its sight."""
        return ALL_BRANDS in self.token.brands

    def actor(self, person: str | None) -> str:
        """Name who did it, as the ledger keeps it: `NAME via TOKEN`."""
        return f"{person} via {self.token.name}" if person else self.token.name


async def recognise(door: Door, authorization: str | None) -> Caller:
    """Return who holds this token; raises a 401 problem."""
    if not authorization:
        raise Problem("no_token", "Send a token as `Authorization: Bearer mb_…`.", headers=_ASK)
    shaped = _SHAPE.fullmatch(authorization.strip())
    token = await door.tokens.look_up(shaped[1]) if shaped else None
    if token is None:
        raise Problem("bad_token", "This token is unknown or was revoked; make one with `token create`.", headers=_ASK)
    known = door.brand_ids if ALL_BRANDS in token.brands else [b for b in token.brands if b in door.brand_ids]
    return Caller(token, tuple(known))


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may use a route: callers whose token carries one of `scopes`. As a dependency it returns the caller."""

    scopes: tuple[Scope, ...]

    # Were it not async, each request would take a trip through a thread for it.
    async def __call__(self, request: Request, _: Annotated[object, Depends(_bearer)]) -> Caller:
        return self.admit(request)

    def admit(self, request: Request) -> Caller:
        """Return the caller; raises a problem when its token may not."""
        caller: Caller = request.state.caller
        if not any(caller.token.may(scope) for scope in self.scopes):
            wanted = " or ".join(f"`{scope}`" for scope in self.scopes)
            raise Problem("scope_missing", f"This needs a token with the scope {wanted}; make one with `token create`.")
        _no_other_questions(request)
        return caller


def _no_other_questions(request: Request) -> None:
    """Raise a 422 problem for a query parameter the route does not know or takes once: it would not be honoured."""
    route, asked = request.scope.get("route"), request.query_params
    if not asked or not isinstance(route, APIRoute):
        return
    known = {each.alias: each for each in _questions(route.dependant)}
    if other := [name for name in asked if name not in known]:
        raise invalid([{"loc": ("query", name), "type": "extra_forbidden"} for name in other])
    if twice := [name for name in asked if len(asked.getlist(name)) > 1 and not _takes_many(known[name])]:
        raise invalid([{"loc": ("query", name), "type": "given_twice"} for name in twice])


def _questions(asked: Dependant) -> Iterator[Any]:
    yield from asked.query_params
    for each in asked.dependencies:
        yield from _questions(each)


def _takes_many(question: Any) -> bool:
    kind = question.field_info.annotation
    return any(get_origin(each) is list for each in (kind, *get_args(kind)))


def who(*scopes: Scope) -> Rule:
    """Make the rule of a route: its caller must have one of `scopes`."""
    return Rule(scopes)


def rules_of(routes: Iterable[BaseRoute]) -> dict[tuple[str, str], Rule | None]:
    """Tell each route's rule by (method, path), None where a route declares none or more than one."""
    return {
        (method, route.path_format): rule_of(route)
        for route in routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


def rule_of(route: APIRoute) -> Rule | None:
    """Return the rule a route declares; None where it declares none or more than one."""
    found = [each.call for each in route.dependant.dependencies if isinstance(each.call, Rule)]
    return found[0] if len(found) == 1 else None


Reader = Annotated[Caller, Depends(who(Scope.READ))]
Ingester = Annotated[Caller, Depends(who(Scope.INGEST))]
Replier = Annotated[Caller, Depends(who(Scope.REPLY))]
Approver = Annotated[Caller, Depends(who(Scope.APPROVE))]
Admin = Annotated[Caller, Depends(who(Scope.ADMIN))]


@dataclass(slots=True)
class _Window:
    since: float
    used: int = 0


class Meter:
    """Counts each token's requests in windows of a minute, in this process."""

    def __init__(self, clock: Clock, per_minute: int) -> None:
        self._clock = clock
        self._limit = per_minute
        self._windows: dict[str, _Window] = {}

    def count(self, token_id: str) -> dict[str, str]:
        """Count one request and return the RateLimit headers; raises a 429 problem when it is one too many."""
        now = self._clock.monotonic()
        window = self._windows.get(token_id)
        if window is None or now - window.since >= _WINDOW:
            window = self._windows[token_id] = _Window(now)
        window.used += 1
        reset = max(1, round(window.since + _WINDOW - now))
        headers = {
            "RateLimit-Limit": str(self._limit),
            "RateLimit-Remaining": str(max(0, self._limit - window.used)),
            "RateLimit-Reset": str(reset),
        }
        if window.used > self._limit:
            said = f"This token may make {self._limit} requests a minute; wait {reset} seconds."
            raise Problem("rate_limited", said, headers={**headers, "Retry-After": str(reset)})
        return headers
