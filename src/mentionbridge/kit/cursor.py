"""Opaque keyset cursors for lists."""

import base64
import binascii
import json


class BadCursor(ValueError):
    """The cursor was not made by us; start again without one."""


def encode(*keys: str | int) -> str:
    """Pack the last row's keys into an opaque string."""
    return base64.urlsafe_b64encode(json.dumps(keys, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(cursor: str, *kinds: type) -> list[str | int]:
    """Unpack a cursor whose keys must be of `kinds`; raises BadCursor for anything we did not make."""
    try:
        keys = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise BadCursor("this cursor is not one of ours") from error
    if not isinstance(keys, list) or [type(key) for key in keys] != list(kinds):
        raise BadCursor("this cursor belongs to another list")
    return keys
