"""A toy network's webhook: an HMAC over time and body, and a challenge to echo."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime

from mentionbridge.domain.mention import Item, Unreadable
from mentionbridge.ports.platform import HookAnswer, HookRequest

SECRET = b"a toy secret"
_FRESH_SECONDS = 300


def sign(body: bytes, at: datetime, secret: bytes = SECRET) -> dict[str, str]:
    """Return the headers the toy network sends with `body`."""
    stamp = str(int(at.timestamp()))
    return {
        "X-Toy-Time": stamp,
        "X-Toy-Signature": hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest(),
    }


class ToyHook:
    """Verifies what `sign` made; counts how often it was asked to parse."""

    def __init__(self) -> None:
        self.parsed = 0

    def handshake(self, request: HookRequest) -> HookAnswer | None:
        challenge = request.query.get("challenge")
        if request.method != "GET" or challenge is None:
            return None
        return HookAnswer(200, json.dumps({"echo": challenge}).encode())

    def verify(self, request: HookRequest, now: datetime) -> str | None:
        stamp = request.headers.get("x-toy-time", "")
        if not stamp.isdigit() or abs(now.timestamp() - int(stamp)) > _FRESH_SECONDS:
            return "its time is missing or too far from ours"
        wanted = hmac.new(SECRET, stamp.encode() + b"." + request.body, hashlib.sha256).hexdigest()
        given = request.headers.get("x-toy-signature", "")
        return None if hmac.compare_digest(given.encode(), wanted.encode()) else "it does not match the body"

    def addressee(self, body: bytes) -> str | None:
        return None

    def parse(self, body: bytes) -> Sequence[Item]:
        self.parsed += 1
        return [Unreadable(body, "the toy network says nothing readable")]
