"""A wave of complaints about one thing, declared by a person, and what everybody in it is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class IncidentState(StrEnum):
    """`open` until a person closes it, or its time is over."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Incident:
    """What is wrong, about which of the operator's topics and places, and the news by language.

    `number` counts the news: 1 is what was first declared. `telling` while members wait to be told the newest; `lang`
    is the language of whoever speaks none of the others.
    """

    brand_id: str
    id: str
    title: str
    news: Mapping[str, str]
    lang: str
    topics: Sequence[str]
    places: Sequence[str]
    since: datetime
    until: datetime | None
    state: IncidentState
    number: int
    telling: bool
    actor: str
    declared_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
