"""Asks the company's own records over HTTP, signed as our feed is."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from mentionbridge.domain.errors import NoAnswer, SetupError
from mentionbridge.domain.handoff import Proof
from mentionbridge.domain.mention import Author
from mentionbridge.domain.record import Held, RecordCheck
from mentionbridge.kit.clock import Clock
from mentionbridge.net.client import Http
from mentionbridge.net.signing import sign, timestamp
from mentionbridge.ports.records import RecordAnswer

TYPE = "records.asked"
LONGEST_ACCOUNT = 200
_HELD = {True: Held.HOLDS, False: Held.DOES_NOT, None: Held.UNKNOWN}


class HttpRecords:
    """The records at one address; raises SetupError for an address or secret that cannot be used."""

    def __init__(self, url: str, secret: str, clock: Clock, **net: Any) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
            raise SetupError("`records.url` must be an address such as https://crm.example/records.")
        sign("check", datetime.fromtimestamp(0, UTC), b"", [secret])
        self._path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        self._secret = secret
        self._clock = clock
        self._http = Http(f"{parts.scheme}://{parts.netloc}", clock=clock, max_bytes=64 * 1024, **net)

    async def ask(self, check: RecordCheck, proof: Proof, platform: str, author: Author | None) -> RecordAnswer:
        """Ask once; what is asked and answered is in docs/form.md."""
        now = self._clock.now()
        body = json.dumps(
            {"type": TYPE, "timestamp": now.isoformat(), "data": _data(check, proof, platform, author)},
            ensure_ascii=False,
        ).encode("utf-8", "replace")
        headers = {
            "content-type": "application/json",
            "webhook-id": check.id,
            "webhook-timestamp": timestamp(now),
            "webhook-signature": sign(check.id, now, body, [self._secret]),
        }
        answer = await self._http.request("POST", self._path, content=body, headers=headers)
        if answer.status != 200:
            raise NoAnswer(f"the records answered {answer.status}")
        return _read(answer.json())

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def _data(check: RecordCheck, proof: Proof, platform: str, author: Author | None) -> dict[str, Any]:
    known = {"platform": platform, "external_id": author.external_id, "handle": author.handle} if author else None
    named = {"brand_id": check.brand_id, "ticket_id": check.ticket_id, "check_id": check.id}
    return {**named, "proof": proof, "author": known, "details": dict(check.details)}


def _read(told: Any) -> RecordAnswer:
    holds = told.get("holds", ...) if isinstance(told, dict) else ...
    if not (holds is None or isinstance(holds, bool)):
        raise NoAnswer("the records' answer does not say `holds`: true, false or null")
    account = told.get("account")
    named = isinstance(account, str) and holds is True
    return RecordAnswer(_HELD[holds], account[:LONGEST_ACCOUNT] if named else None)
