"""What a subscriber receives: `{"type","timestamp","data"}`, or a CloudEvent, as compact JSON. Pure."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

MAX_BYTES = 20_000
_CUTS = (4000, 2000, 1000, 500, 200, 80)
_MORE = "…"


def render(type_: str, occurred_at: datetime, data: Mapping[str, Any]) -> bytes:
    """Return the body of one event, the same bytes for the same event, under 20 kB.

    Data that would be larger has its long texts and lists cut and says `"truncated": true`; the whole is read over
    REST by the ids.
    """
    return _fitted({"type": type_, "timestamp": rfc3339(occurred_at)}, data)


def render_cloudevent(event_id: str, type_: str, occurred_at: datetime, data: Mapping[str, Any]) -> bytes:
    """Return the same as a CloudEvents 1.0 event in structured mode."""
    head = {
        "specversion": "1.0",
        "id": event_id,
        "source": f"urn:mentionbridge:brand:{quote(str(data.get('brand_id', '')), safe='')}",
        "type": type_,
        "time": rfc3339(occurred_at),
        "datacontenttype": "application/json",
    }
    subject = data.get("ticket_id") or data.get("account_id")
    return _fitted({**head, "subject": subject} if subject else head, data)


def _fitted(head: Mapping[str, Any], data: Mapping[str, Any]) -> bytes:
    whole = _write(head, data)
    if len(whole) < MAX_BYTES:
        return whole
    for longest in _CUTS:
        cut = _write(head, {**_cut(data, longest), "truncated": True})
        if len(cut) < MAX_BYTES:
            return cut
    return _write(head, {**_bones(data), "truncated": True})


def rfc3339(moment: datetime) -> str:
    """Write a moment in UTC with milliseconds: `2026-11-22T09:14:03.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _write(head: Mapping[str, Any], data: Mapping[str, Any]) -> bytes:
    ordered = json.loads(json.dumps(data, default=_plain, sort_keys=True, allow_nan=False))
    # A lone surrogate, which posts do carry, has no UTF-8.
    return json.dumps({**head, "data": ordered}, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return rfc3339(value)
    raise TypeError(f"an event cannot carry a {type(value).__name__}")


def _cut(value: Any, longest: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= longest else value[: longest - 1] + _MORE
    if isinstance(value, Mapping):
        return {key: _cut(each, longest) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_cut(each, longest) for each in value[: max(10, longest // 10)]]
    return value


def _bones(data: Mapping[str, Any]) -> dict[str, Any]:
    """Keep numbers and the shortest texts (ids), twenty in all, when even short texts do not fit."""
    plain = [(key[:80], value) for key, value in data.items() if not isinstance(value, Mapping | list | tuple)]
    plain.sort(key=lambda item: (isinstance(item[1], str), len(str(item[1]))))
    return {key: _cut(value, 80) for key, value in plain[:20]}
