"""How desks' webhooks prove who calls: a secret of ours in a header or in the address."""

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from mentionbridge.domain.helpdesk import Heard
from mentionbridge.ports.platform import HookRequest


@dataclass(frozen=True, slots=True)
class SecretHook:
    """A webhook that vouches for nothing but its caller: `header` and `query` name where the secret may stand."""

    secret: SecretStr
    read: Callable[[Any], Heard]
    header: str | None = None
    query: str | None = None

    def verify(self, request: HookRequest, now: datetime) -> str | None:
        """Compare the secret in constant time."""
        told = request.headers.get(self.header or "") or request.query.get(self.query or "") or ""
        good = hmac.compare_digest(told.encode(), self.secret.get_secret_value().encode())
        return None if good else "the secret is missing or wrong"

    def hear(self, body: bytes) -> Heard:
        """Read which tickets to look at; never raises."""
        try:
            return self.read(json.loads(body))
        except (ValueError, RecursionError):
            return Heard()
