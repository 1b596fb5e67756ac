"""Every error as RFC 9457 `application/problem+json`: a stable code, one sentence, and whether to try again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from mentionbridge.domain.errors import NotAllowed, NotFound, PlatformError, Stale, StoreDown, WrongValue
from mentionbridge.kit.cursor import BadCursor
from mentionbridge.ports.observer import Observer

MEDIA_TYPE = "application/problem+json"
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: its status, its title, and whether the same request may succeed later."""

    status: int
    title: str
    retryable: bool = False


KINDS = {
    "bad_address": Kind(400, "Address cannot be read"),
    "bad_json": Kind(400, "Body is not JSON"),
    "not_utf8": Kind(400, "Body is not UTF-8"),
    "bad_cursor": Kind(400, "Cursor is not ours"),
    "bad_idempotency_key": Kind(400, "Idempotency-Key missing or unusable"),
    "not_a_handshake": Kind(400, "Not a handshake"),
    "no_token": Kind(401, "Token missing"),
    "bad_token": Kind(401, "Token not accepted"),
    "bad_signature": Kind(401, "Signature not accepted"),
    "scope_missing": Kind(403, "Token may not do this"),
    "all_brands_needed": Kind(403, "Token is not for all brands"),
    "account_not_allowed": Kind(403, "Token is not for this account"),
    "push_not_accepted": Kind(403, "Platform takes no pushes"),
    "not_found": Kind(404, "Not found"),
    "method_not_allowed": Kind(405, "Method not allowed"),
    "idempotency_running": Kind(409, "Request is still running", retryable=True),
    "conflict": Kind(409, "Not possible now"),
    "stale": Kind(412, "It has changed since you read it"),
    "too_large": Kind(413, "Body too large"),
    "not_json": Kind(415, "Body must be JSON"),
    "invalid": Kind(422, "Request not understood"),
    "unknown_account": Kind(422, "No such account"),
    "path_mismatch": Kind(422, "Body and address disagree"),
    "too_many_items": Kind(422, "Too many items"),
    "idempotency_mismatch": Kind(422, "Key was used for another request"),
    "address_refused": Kind(422, "Address not allowed"),
    "unknown_brand": Kind(422, "No such brand"),
    "unknown_topic": Kind(422, "No such topic"),
    "beyond_the_end": Kind(422, "Position lies beyond the end"),
    "rate_limited": Kind(429, "Too many requests", retryable=True),
    "internal": Kind(500, "Our mistake", retryable=True),
    "store_down": Kind(503, "Database cannot take it now", retryable=True),
    "network_down": Kind(503, "Network cannot be asked now", retryable=True),
    "not_ready": Kind(503, "Not ready", retryable=True),
}
_OF_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 400: "bad_json", 415: "not_json"}
_SAYS = {
    404: "There is nothing at this address; see /docs for what there is.",
    405: "This address does not take this method; see /docs for those it takes.",
    413: "The body is larger than allowed; send less at a time.",
    400: "The body cannot be read as JSON; check it and send it again.",
    415: "Send the body as Content-Type: application/json.",
}


class Problem(Exception):
    """Stops a request with one of `KINDS`; `code` may be a narrower one of the same kind."""

    def __init__(
        self, kind: str, detail: str, *, code: str | None = None, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.kind = KINDS[kind]
        self.code = code or kind
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more

    def body(self) -> dict[str, Any]:
        """Return the problem as RFC 9457 members."""
        return {
            "type": f"urn:mentionbridge:problem:{self.code}",
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "code": self.code,
            "retryable": self.kind.retryable,
            **self.more,
        }

    def response(self) -> Response:
        """Return the problem as an answer."""
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **self.headers}
        if self.kind.retryable:
            headers.setdefault("Retry-After", "5")
        return JSONResponse(self.body(), self.kind.status, headers, MEDIA_TYPE)


def catch_all(app: FastAPI, observer: Observer) -> None:
    """Let every error leave the app as a problem."""

    def answer(problem: Problem, request: Request, **facts: Any) -> Response:
        observer.saw("request.refused", code=problem.code, status=problem.kind.status, method=request.method, **facts)
        return problem.response()

    async def ours(request: Request, error: Exception) -> Response:
        return answer(as_problem(error), request)

    async def unexpected(request: Request, error: Exception) -> Response:
        return answer(as_problem(error), request, error=type(error).__name__)

    for kind in (
        Problem,
        NotFound,
        NotAllowed,
        WrongValue,
        StoreDown,
        PlatformError,
        BadCursor,
        RequestValidationError,
        HTTPException,
    ):
        app.add_exception_handler(kind, ours)
    app.add_exception_handler(Exception, unexpected)


def as_problem(error: Exception) -> Problem:
    """Say what went wrong without words of the machine's own."""
    match error:
        case Problem():
            return error
        case NotFound():
            return Problem("not_found", str(error))
        case Stale():
            return Problem("stale", str(error))
        case WrongValue():
            return Problem("invalid", str(error))
        case NotAllowed():
            return Problem("conflict", str(error), code=error.code)
        case StoreDown():
            return Problem("store_down", str(error))
        case PlatformError():
            return Problem("network_down", "The network cannot be asked now; what is known of it shows /v1/accounts.")
        case BadCursor():
            return Problem(
                "bad_cursor", "This cursor is not of this list with these filters; leave it out to start again."
            )
        case RequestValidationError():
            return invalid(error.errors())
        case HTTPException() if error.status_code in _OF_STATUS:
            return Problem(_OF_STATUS[error.status_code], _SAYS[error.status_code], headers=error.headers)
    return Problem("internal", "Something failed on our side and is in our log; nothing you sent is at fault.")


def invalid(errors: Sequence[Any]) -> Problem:
    """Return the problem of a request with these validation errors, in Pydantic's form."""
    if any(error["type"] == "json_invalid" for error in errors):
        return Problem("bad_json", _SAYS[400])
    return Problem("invalid", sentence(errors), errors=[{"where": where(e), "detail": what(e)} for e in errors])


def sentence(errors: Sequence[Any]) -> str:
    """Say in one sentence what is wrong with the first of some validation errors."""
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    said = f"{where(errors[0])} {what(errors[0])}{more}."
    return said[0].upper() + said[1:]


def where(error: Any) -> str:
    """Name the field a validation error is about."""
    path = [str(part) for part in error["loc"] if part not in ("body", "query", "path", "header")]
    name = "".join(character if character.isprintable() else "?" for character in ".".join(path))
    return f"`{name[:_LONGEST_NAME]}`" if path else "the body"


_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not a field we know",
    "given_twice": "may be given once",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "timezone_aware": "must name its offset from UTC, as in 2026-11-22T09:14:03Z",
    "datetime_type": "must be a time such as 2026-11-22T09:14:03Z",
    "datetime_parsing": "must be a time such as 2026-11-22T09:14:03Z",
    "datetime_from_date_parsing": "must be a time such as 2026-11-22T09:14:03Z",
    "json_invalid": "holds half a character (a lone surrogate); remove it",
    "string_unicode": "holds half a character (a lone surrogate); remove it",
}


def what(error: Any) -> str:
    """Say what a validation error wants, without repeating what was sent."""
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if error["type"] in _WORDS:
        return _WORDS[error["type"]]
    said = str(error["msg"]).removeprefix("Input ").removeprefix("String ").removeprefix("Value ")
    return said[:1].lower() + said[1:]
