"""What the feed told, held against its catalogue."""

from collections.abc import Iterable, Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from mentionbridge.domain.events import EventType
from mentionbridge.rules.catalogue import schema


def check_told(events: Iterable[Mapping[str, Any]]) -> set[str]:
    """Check each event's body against its type's schema, and that the schema knows every field; returns the types."""
    seen = set()
    for event in events:
        body = {name: event[name] for name in ("type", "timestamp", "data")}
        told = schema(EventType(body["type"]))
        Draft202012Validator(told, format_checker=FormatChecker()).validate(body)
        _check_known(body["data"], told["properties"]["data"], body["type"])
        seen.add(body["type"])
    return seen


def _check_known(data: Mapping[str, Any], told: Mapping[str, Any], where: str) -> None:
    fields = told["properties"]
    assert set(data) <= set(fields), f"the catalogue does not know {sorted(set(data) - set(fields))} of {where}"
    for name, value in data.items():
        if isinstance(value, dict):
            _check_known(value, fields[name], f"{where}.{name}")
