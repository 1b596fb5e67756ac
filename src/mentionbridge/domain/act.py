"""Merging two stories and splitting one: what a person did, and all that is needed to undo it exactly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class ActKind(StrEnum):
    """What was done to two tickets."""

    MERGE = "merge"
    SPLIT = "split"


Binding = tuple[str, str]
"""A person and a thread, as (author id, thread id): whatever they say there goes to one ticket."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What an act carried from its source to its target: ids alone, no words and no ids of a network.

    `bound` are mentions that stand for the bindings that moved, one each. `stays` are mentions the target had already
    under such a binding, `own` counts all it had. `things` are the ids of whatever else hangs on the source, by table.
    `held` are queued acknowledgements that wait for a person because this person has another in the same story.
    `before` and `after` are the facts an act changed on the ticket that goes on; `source` are those of the one that
    was closed.
    """

    mentions: Sequence[str] = ()
    entries: Sequence[str] = ()
    bound: Sequence[str] = ()
    stays: Sequence[str] = ()
    own: int = 0
    things: Mapping[str, Sequence[str]] = field(default_factory=dict)
    held: Sequence[str] = ()
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Act:
    """One merge or split. A split's target is the new ticket. `turn` orders the acts that touch one ticket."""

    brand_id: str
    id: str
    kind: ActKind
    source_id: str
    target_id: str
    actor: str
    reason: str
    at: datetime
    turn: int
    moved: Moved
    undone_at: datetime | None = None
    undone_by: str | None = None

    def touches(self, *ticket_ids: str) -> bool:
        """True when one of these tickets took part."""
        return self.source_id in ticket_ids or self.target_id in ticket_ids
