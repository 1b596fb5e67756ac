"""What every route may answer, for the OpenAPI document."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from mentionbridge.rules.catalogue import webhooks
from mentionbridge.web.caller import Rule
from mentionbridge.web.problem import KINDS, MEDIA_TYPE

Rules = Mapping[tuple[str, str], Rule | None]
Answers = dict[int | str, dict[str, Any]]
_REF = "#/components/schemas/{model}"
LIMITS = {
    "RateLimit-Limit": "How many requests a minute this token may make.",
    "RateLimit-Remaining": "How many of them are left.",
    "RateLimit-Reset": "In how many seconds the minute is over.",
}
PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457 problem details; decide by `code`, show `detail`, repeat only when `retryable`.",
    "required": ["type", "title", "status", "detail", "code", "retryable"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "One sentence with the next step."},
        "code": {"type": "string", "description": "Stable."},
        "retryable": {"type": "boolean"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}


def problems(*statuses: int) -> Answers:
    """Document the problems of these statuses, beside those every `/v1` route may answer."""
    return {status: _answer(status) for status in sorted({400, 401, 403, 429, 500, 503, *statuses})}


def bare_problems(*statuses: int) -> Answers:
    """Document the problems of these statuses only."""
    return {status: _answer(status) for status in (*statuses, 500)}


def _answer(status: int) -> dict[str, Any]:
    codes = [code for code, kind in KINDS.items() if kind.status == status]
    kind = KINDS[codes[0]]
    example = {
        "type": f"urn:mentionbridge:problem:{codes[0]}",
        "title": kind.title,
        "status": status,
        "detail": "One sentence that says what is wrong and what to do next.",
        "code": codes[0],
        "retryable": kind.retryable,
    }
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    return {"description": "Problem: " + ", ".join(f"`{code}`" for code in codes), "content": {MEDIA_TYPE: content}}


READS = problems(422)
READS_ONE = problems(404, 422)
WRITES = problems(404, 409, 413, 415, 422)


def describe(app: FastAPI, rules: Rules, *bodies: type[BaseModel]) -> None:
    """Give the app's OpenAPI document the shape of problems, scopes, webhooks, and bodies routes read themselves."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            components = schema.setdefault("components", {}).setdefault("schemas", {})
            components["Problem"] = PROBLEM
            _, told = models_json_schema([(each, "validation") for each in bodies], ref_template=_REF)
            components.update(told["$defs"])
            _drop_validation_errors(schema)
            _tell_scopes(schema, rules)
            _tell_limits(schema)
            schema["webhooks"] = webhooks()
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _drop_validation_errors(schema: dict[str, Any]) -> None:
    """Remove the framework's own 422 from routes that cannot answer it, and its shapes."""
    for operation in (each for methods in schema["paths"].values() for each in methods.values()):
        if "application/json" in operation["responses"].get("422", {}).get("content", {}):
            del operation["responses"]["422"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schema["components"]["schemas"].pop(unused, None)


def _tell_scopes(schema: dict[str, Any], rules: Rules) -> None:
    """Write each route's scopes into its `security`, one alternative a scope, as OpenAPI 3.1 lets any scheme have."""
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            if (rule := rules.get((method.upper(), path))) is not None:
                operation["security"] = [{"token": [str(scope)]} for scope in rule.scopes]


def _tell_limits(schema: dict[str, Any]) -> None:
    """Write what is left of a token's minute into every answer to somebody whose token is known."""
    schema["components"]["headers"] = {
        name: {"description": said, "schema": {"type": "integer", "minimum": 0}} for name, said in LIMITS.items()
    }
    for path, methods in schema["paths"].items():
        for operation in methods.values() if path.startswith("/v1") else ():
            for status, answer in operation["responses"].items():
                if status != "401":
                    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in LIMITS}
                    answer["headers"] = {**answer.get("headers", {}), **headers}
