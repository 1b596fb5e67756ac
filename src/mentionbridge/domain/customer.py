"""A person we know, and what joins them to the authors they are on the networks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Customer:
    """A person with a ticket. `name` is only a label; `merged_into` names the customer who they really are."""

    brand_id: str
    id: str
    name: str
    created_at: datetime
    vip: bool = False
    merged_into: str | None = None
    erased_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """One author who is this customer: by the network's immutable id, handle and name as last seen."""

    author_id: str
    platform: str
    external_id: str
    handle: str
    name: str


@dataclass(frozen=True, slots=True)
class Join:
    """A person's explicit act: `source` is `target`, why, and which authors moved."""

    brand_id: str
    id: str
    source_id: str
    target_id: str
    actor: str
    reason: str
    at: datetime
    moved: Sequence[str]
    undone_at: datetime | None = None
    undone_by: str | None = None


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure removed, by kind of thing, and what could not go yet.

    `left` counts replies whose fate at the network is still open; their words go when the erasure is run again.
    `closed` are those of the tickets that were not closed before.
    """

    customer_id: str
    tickets: Sequence[str]
    counts: Mapping[str, int] = field(default_factory=dict)
    left: int = 0
    closed: Sequence[str] = ()
