"""Opaque keyset cursors for lists."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping


class BadCursor(ValueError):
    """The cursor was not made by us, or for another list or other filters; start again without one."""


def binding(name: str, filters: Mapping[str, str]) -> str:
    """Name a list and its filters in a few characters, so that a cursor of another one is told apart."""
    told = json.dumps([name, sorted(filters.items())])
    return hashlib.blake2s(told.encode("utf-8", "backslashreplace"), digest_size=6).hexdigest()


def encode(*keys: str | int) -> str:
    """Pack the last row's keys into an opaque string."""
    return base64.urlsafe_b64encode(json.dumps(keys, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(cursor: str, *kinds: type) -> list[str | int]:
    """Unpack a cursor whose keys must be of `kinds`; raises BadCursor for anything we did not make."""
    try:
        keys = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise BadCursor("this cursor is not one of ours") from error
    if not isinstance(keys, list) or [type(key) for key in keys] != list(kinds):
        raise BadCursor("this cursor belongs to another list")
    return keys
