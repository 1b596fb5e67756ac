"""What a sign-in that rotates holds, as it lies sealed in the vault."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

EARLY = timedelta(minutes=2)
"""So long before its end a token is given up, so that nothing is refused on the way."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a network hands out: a token to use until it ends, and the one to renew it with."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    ends: datetime

    def lasts(self, now: datetime) -> bool:
        """Tell whether it can still be used."""
        return self.ends - EARLY > now


Trade = Callable[[str], Awaitable[Grant]]
"""Trades a refresh token in; raises LoginNeeded when it is spent, PlatformDown when the network is of no use now."""


def mark_of(first: str) -> str:
    """Tell one configured sign-in from another without keeping its token twice."""
    return sha256(first.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Kept:
    """What the vault holds; `renew_at` is when half of the grant's life is over, `spare` another sign-in's token."""

    mark: str
    grant: Grant | None = None
    renew_at: datetime | None = None
    claimed_until: datetime | None = None
    spent: str = ""
    spare: str = field(default="", repr=False)
    spared: str = ""

    def with_spare(self, configured: str) -> "Kept":
        """Take the configured spare in, once: `spared` marks which one that was."""
        mark = mark_of(configured) if configured else self.spared
        return self if mark == self.spared else replace(self, spare=configured, spared=mark, spent="")

    def claimed(self, now: datetime) -> bool:
        """Tell whether a worker is trading the token in at the moment."""
        return self.claimed_until is not None and now < self.claimed_until

    def fresh(self, now: datetime) -> bool:
        """Tell whether nothing is to be renewed yet."""
        return bool(self.grant and self.grant.lasts(now) and self.renew_at and now < self.renew_at)

    def with_grant(self, grant: Grant, now: datetime) -> "Kept":
        """Put a new grant in the place of what was kept; the spare stays."""
        return replace(self, grant=grant, renew_at=now + (grant.ends - now) / 2, claimed_until=None, spent="")

    def dump(self) -> str:
        """Write it down for the vault."""
        told = asdict(self)
        if self.grant:
            told["grant"]["ends"] = self.grant.ends.isoformat()
        for name in ("renew_at", "claimed_until"):
            told[name] = told[name].isoformat() if told[name] else None
        return json.dumps(told)

    @classmethod
    def load(cls, secret: str | None, mark: str) -> "Kept":
        """Read what was kept; of another sign-in, or garbage, nothing is kept."""
        try:
            told = json.loads(secret or "null")
            if told is None or told["mark"] != mark:
                return cls(mark)
            grant = told["grant"]
            return cls(
                mark,
                Grant(grant["access"], grant["refresh"], datetime.fromisoformat(grant["ends"])) if grant else None,
                _time(told.get("renew_at")),
                _time(told["claimed_until"]),
                told["spent"],
                told.get("spare", ""),
                told.get("spared", ""),
            )
        except (ValueError, TypeError, KeyError):
            return cls(mark)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
