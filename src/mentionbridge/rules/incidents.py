"""Which tickets belong to an incident, and what somebody in it is told. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from mentionbridge.domain.incident import Incident, IncidentState
from mentionbridge.domain.reply import SAID, Reply
from mentionbridge.rules.restraint import PLANNED
from mentionbridge.text.language import primary


def covers(incident: Incident, topic: str | None, place: str | None, now: datetime) -> bool:
    """Say whether what is told now, of this topic and place, belongs to the incident."""
    if incident.state is not IncidentState.OPEN or (incident.until is not None and now >= incident.until):
        return False
    return _among(topic, incident.topics) and _among(place, incident.places)


def newest_covering(
    incidents: Iterable[Incident], topic: str | None, place: str | None, now: datetime
) -> Incident | None:
    """Return the incident this belongs to; of several, the one declared last."""
    there = [each for each in incidents if covers(each, topic, place, now)]
    return max(there, key=lambda each: each.id, default=None)


def news_for(incident: Incident, heard: str | None) -> tuple[str, str]:
    """Return the newest news for who speaks that language, and the language they are in."""
    lang = primary(heard)
    lang = lang if lang is not None and lang in incident.news else incident.lang
    return incident.news[lang], lang


def may_hear_more(earlier: Sequence[Reply]) -> bool:
    """Say whether somebody whom these told the earlier news is told the next.

    Not when none of them went out, or still may: whoever heard nothing of it needs no update.
    """
    return not earlier or any(reply.state in SAID | PLANNED for reply in earlier)


def _among(key: str | None, wanted: Sequence[str]) -> bool:
    return not wanted or key in wanted
