"""The feed's catalogue: each type's JSON Schema and an example of its body, made from its meaning. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from mentionbridge.domain.events import EventType
from mentionbridge.domain.meanings import MEANINGS, Meaning

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_MAYBE: Schema = {"type": ["string", "null"]}
_TIME: Schema = {"type": "string", "format": "date-time"}
_KINDS = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
IDS = {
    "account": "acme",
    "mention": "mnt_01jd8xv5k2e7r9t3m6q4w0z8ya",
    "reply": "rpl_01jd8xw1c4n8s2v7b5d3f9h6jk",
    "ticket": "tkt_01jd8xv6p3g5x8y1z4a7c0e2mn",
}
EVENT_ID = "evt_01jd8xv7q9m2r4t6v8x0z1b3cd"
AT = "2026-11-22T09:14:05.120Z"
_REDACTED: Schema = {"const": True, "description": "In place of `text`, once the words are gone."}
WORDS: dict[str, tuple[dict[str, Schema], dict[str, Any]]] = {
    "mention": (
        {
            "platform": _TEXT,
            "external_id": _TEXT,
            "permalink": _MAYBE,
            "surface": _TEXT,
            "occurred_at": _TIME,
            "author": {"type": "object", "properties": {"external_id": _TEXT, "handle": _TEXT}},
            "text": _TEXT,
            "redacted": _REDACTED,
        },
        {
            "platform": "fediverse",
            "external_id": "p-1001",
            "permalink": "https://social.example/p-1001",
            "surface": "public",
            "occurred_at": "2026-11-22T09:14:03+00:00",
            "author": {"external_id": "u-7", "handle": "sam"},
            "text": "@acme my parcel is three days late and nobody answers",
        },
    ),
    "reply": (
        {
            "state": _TEXT,
            "purpose": _TEXT,
            "surface": _TEXT,
            "external_id": _MAYBE,
            "permalink": _MAYBE,
            "text": _TEXT,
            "redacted": _REDACTED,
        },
        {
            "state": "sent",
            "purpose": "acknowledge",
            "surface": "public",
            "external_id": "p-1002",
            "permalink": "https://social.example/p-1002",
            "text": "@sam that your parcel is late is not how it should be; we look into it now.",
        },
    ),
    "ticket": (
        {"state": _TEXT, "priority": _TEXT, "topic": _MAYBE, "permalink": _MAYBE},
        {"state": "new", "priority": "normal", "topic": "delivery", "permalink": "https://social.example/p-1001"},
    ),
}
"""What is joined of a mention, a reply and a ticket when an event is told: each field's schema, and an example."""


def example(type_: EventType) -> dict[str, Any]:
    """Return an example of one type's body as `{"type", "timestamp", "data"}`."""
    meaning = MEANINGS[type_]
    data: dict[str, Any] = {"brand_id": "acme", "sequence": 7}
    data |= {f"{name}_id": IDS[name] for name, _ in _named(meaning.about)}
    data |= {name.rstrip("?"): value for name, value in meaning.facts.items()}
    data |= {name: _told(name, meaning) for name, _ in _named(meaning.about) if name in WORDS}
    return {"type": str(type_), "timestamp": AT, "data": data}


def schema(type_: EventType) -> Schema:
    """Return the JSON Schema (2020-12) of one type's body; unknown fields may be added later."""
    return {
        "type": "object",
        "title": str(type_),
        "description": MEANINGS[type_].when,
        "required": ["type", "timestamp", "data"],
        "properties": {"type": {"const": str(type_)}, "timestamp": _TIME, "data": _data(MEANINGS[type_])},
        "examples": [example(type_)],
    }


def webhooks() -> dict[str, Any]:
    """Return the `webhooks` section of an OpenAPI 3.1 document."""
    return {str(type_): {"post": _operation(type_)} for type_ in EventType}


def _told(name: str, meaning: Meaning) -> dict[str, Any]:
    _, told = WORDS[name]
    if not meaning.redacted or "text" not in told:
        return dict(told)
    return {**{field: value for field, value in told.items() if field != "text"}, "redacted": True}


def _data(meaning: Meaning) -> Schema:
    fields: dict[str, Schema] = {"brand_id": _TEXT, "sequence": {"type": "integer", "minimum": 0}}
    fields |= {f"{name}_id": _TEXT for name in IDS}
    fields |= {name.rstrip("?"): _kind_of(value, name.endswith("?")) for name, value in meaning.facts.items()}
    fields |= {name: _words(name) for name in WORDS}
    fields["truncated"] = {"const": True, "description": "Something was cut to fit; read the whole over REST."}
    fields["test"] = {"const": True, "description": "Somebody tries this endpoint out; nothing of it happened."}
    certain = [f"{name}_id" for name, sure in _named(meaning.about) if sure]
    certain += [name for name in meaning.facts if not name.endswith("?")]
    return {"type": "object", "required": ["brand_id", "sequence", *certain], "properties": fields}


def _named(about: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    return ((name.rstrip("?"), not name.endswith("?")) for name in about)


def _kind_of(value: Any, may_lack: bool) -> Schema:
    kind = _KINDS[type(value)]
    return {"type": [kind, "null"] if may_lack else kind}


def _words(name: str) -> Schema:
    fields, _ = WORDS[name]
    always = [field for field in fields if field not in ("text", "redacted")]
    return {"type": "object", "required": always, "properties": dict(fields), "description": f"The {name} as it stands"}


def _operation(type_: EventType) -> dict[str, Any]:
    return {
        "summary": MEANINGS[type_].when,
        "operationId": f"told_{str(type_).replace('.', '_')}",
        "tags": ["events"],
        "parameters": [_header(name, about) for name, about in _HEADERS.items()],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema(type_)}}},
        "responses": {
            "2XX": {"description": "Taken."},
            "410": {"description": "Never again: the endpoint is disabled."},
            "default": {"description": "Not taken: it comes again, later if `Retry-After` says so."},
        },
    }


_HEADERS: Mapping[str, str] = {
    "webhook-id": "The event's id, the same in every attempt.",
    "webhook-timestamp": "Seconds since 1970, fresh in every attempt.",
    "webhook-signature": "`v1,…`, two of them while a secret is being changed.",
}


def _header(name: str, about: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": True, "description": about, "schema": {"type": "string"}}
