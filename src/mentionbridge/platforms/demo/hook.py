"""How the network's webhook calls are told from anybody else's."""

import hmac
import re
from collections.abc import Sequence
from datetime import datetime

from mentionbridge.domain.mention import Item
from mentionbridge.platforms.demo import credentials, wire
from mentionbridge.ports.platform import HookAnswer, HookRequest

TOLERANCE_SECONDS = 300
_HEADER = re.compile(r"t=(?P<stamp>\d{1,12}),v1=[0-9a-f]{64}", re.ASCII)


class DemoHook:
    """One account's webhook: `demo-signature: t=<unix time>,v1=<hex HMAC-SHA256 over "t.body">`."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def handshake(self, request: HookRequest) -> HookAnswer | None:
        return None

    def verify(self, request: HookRequest, now: datetime) -> str | None:
        given = request.headers.get("demo-signature")
        if given is None:
            return "the demo-signature header is missing"
        header = _HEADER.fullmatch(given)
        if header is None:
            return "the demo-signature header is not of the form t=…,v1=…"
        stamp = int(header["stamp"])
        if not hmac.compare_digest(credentials.sign(self._secret, stamp, request.body), given):
            return "the signature does not match"
        if abs(now.timestamp() - stamp) > TOLERANCE_SECONDS:
            return f"the signature is more than {TOLERANCE_SECONDS // 60} minutes away from now"
        return None

    def addressee(self, body: bytes) -> str | None:
        return None

    def parse(self, body: bytes) -> Sequence[Item]:
        return wire.read_events(body)
