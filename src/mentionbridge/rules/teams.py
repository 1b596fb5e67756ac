"""Which team looks after a ticket, by what it is about and where. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from mentionbridge.domain.account import Team


@dataclass(frozen=True, slots=True)
class Routed:
    """A team, or none, and why."""

    team: str | None
    why: str


def route(topic: str | None, place: str | None, teams: Sequence[Team]) -> Routed:
    """Return the team for a topic at a place.

    One that names both goes before one that names only the topic, that before one that names only the place, and that
    before one that takes everything; of several alike, the first in the config.
    """
    fitting = [team for team in teams if _takes(team.topics, topic) and _takes(team.places, place)]
    best = max(fitting, key=lambda team: (bool(team.topics), bool(team.places)), default=None)
    if best is None:
        return Routed(None, "no team is for this topic and place")
    named = [f"topic {topic}"] * bool(best.topics) + [f"place {place}"] * bool(best.places)
    return Routed(best.key, " and ".join(named) or "the team for everything else")


def _takes(wanted: Sequence[str], told: str | None) -> bool:
    return not wanted or told in wanted
