"""How a gap in what we hear was repaired, in words that claim no more than was done. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Walk:
    """What one walk over an account's mentions brought: how many, the oldest, and whether it knew where to begin."""

    found: int = 0
    oldest: datetime | None = None
    from_a_place: bool = True

    def and_(self, told: list[datetime]) -> "Walk":
        """Count one page more."""
        oldest = min([*told, *([self.oldest] if self.oldest else [])], default=None)
        return Walk(self.found + len(told), oldest, self.from_a_place)


def repaired(blind_since: datetime, walk: Walk, reach: int | None) -> str:
    """Say what closed the gap; `reach` is how many of the newest posts the network shows at all, None for every one."""
    since = _minute(blind_since)
    if reach is not None and walk.found >= reach and walk.oldest is not None:
        return (
            f"walked back over the newest {walk.found}, and the network shows no more: what was said between {since} "
            f"and {_minute(walk.oldest)} may be missing"
        )
    if not walk.from_a_place:
        return (
            f"read anew, for nobody knew where to go on ({walk.found} found): what the network shows no more is missing"
        )
    return f"walked to its end from where we had stopped before {since}: {walk.found} found"


def _minute(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
