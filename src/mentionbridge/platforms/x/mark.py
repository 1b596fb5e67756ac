"""How far the walks have come, as the account's cursor. Pure."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """The newest post of each walk, and the newest message, that is stored with everything before it."""

    mentions: str | None = None
    search: str | None = None
    messages: str | None = None

    def dump(self) -> str:
        """Write it."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, cursor: str | None) -> "Mark":
        """Read it; from garbage a walk begins anew, which stores nothing twice."""
        try:
            told = json.loads(cursor or "{}")
            return cls(*(told.get(name) if isinstance(told.get(name), str) else None for name in cls.__slots__))
        except (ValueError, AttributeError):
            return cls()


def newer(one: str | None, other: str | None) -> str | None:
    """Return the higher of two ids; they are numbers of up to 64 bits."""
    ids = [each for each in (one, other) if each is not None and each.isdecimal()]
    return max(ids, key=int, default=None)
