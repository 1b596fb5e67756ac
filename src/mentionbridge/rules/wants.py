"""Which events a subscriber asked for. Pure."""

from collections.abc import Collection

from mentionbridge.domain.endpoint import About, Endpoint
from mentionbridge.domain.events import Event, EventType

NOBODY_JUDGED = About()


def narrows(endpoint: Endpoint) -> bool:
    """True when what an event is about must be known."""
    return bool(endpoint.topics or endpoint.severities)


def wants(endpoint: Endpoint, event: Event, about: About | None = None) -> bool:
    """True when the subscriber asked for this event; an empty list asks for all.

    Topics and severities narrow what is told of mentions and tickets: one that is not judged yet passes neither. What
    concerns an account or an endpoint passes both.
    """
    if endpoint.brand_id != event.brand_id or (endpoint.types and event.type not in endpoint.types):
        return False
    if event.type is EventType.MENTION_RECEIVED:
        about = NOBODY_JUDGED
    if about is None:
        return True
    return _meets(endpoint.topics, about.topics) and _meets(endpoint.severities, about.severities)


def _meets(asked: Collection[str], found: Collection[str]) -> bool:
    return not asked or not frozenset(asked).isdisjoint(found)
