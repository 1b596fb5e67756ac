"""How far we have read, as the text the store keeps for us. Pure."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mentionbridge.platforms.bluesky.wire import parse_moment

OVERLAP = timedelta(minutes=5)
"""How far behind the newest mention every walk goes: servers index out of order."""

DEEP = timedelta(days=3)
DEEP_EVERY = timedelta(hours=1)
"""Posts that claim an earlier time lie below what we have read: now and then we walk further down for them."""

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Mark:
    """`high` is the newest mention seen, `deep` when we last walked far down, `older` where the first walk goes on.

    `log` and `requests` are the revisions up to which private messages, and requests to write to us, were read.
    """

    high: datetime | None = None
    deep: datetime | None = None
    older: str | None = None
    log: str | None = None
    requests: str | None = None

    def dump(self) -> str:
        """Write it as text."""
        times = {"high": self.high and self.high.isoformat(), "deep": self.deep and self.deep.isoformat()}
        return json.dumps({"v": _VERSION, **times, "older": self.older, "log": self.log, "requests": self.requests})

    @classmethod
    def load(cls, text: str | None) -> "Mark":
        """Read it; what is not ours means from the beginning, which loses nothing."""
        try:
            found = json.loads(text or "null")
        except (ValueError, RecursionError):
            return cls()
        if not isinstance(found, dict) or found.get("v") != _VERSION:
            return cls()
        texts = {name: _text(found.get(name)) for name in ("older", "log", "requests")}
        return cls(parse_moment(found.get("high")), parse_moment(found.get("deep")), **texts)

    def is_deep_due(self, now: datetime) -> bool:
        """True when it is time to look far down again."""
        return self.deep is None or not timedelta() <= now - self.deep < DEEP_EVERY

    def floor(self, now: datetime) -> datetime | None:
        """Return the moment down to which to walk; None for the very beginning."""
        if self.high is None:
            return None
        return min(self.high, now) - (DEEP if self.is_deep_due(now) else OVERLAP)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
