"""What two stories become when they are one, what hinders it, and which acknowledgement goes on. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from mentionbridge.domain.act import Act
from mentionbridge.domain.mention import Surface
from mentionbridge.domain.reply import SAID, Reply, ReplyState
from mentionbridge.domain.ticket import Priority, Ticket, TicketState

_OVER = (TicketState.SOLVED, TicketState.CLOSED)
_ORDER = list(Priority)


def hindrance(source: Ticket, target: Ticket) -> tuple[str, str] | None:
    """Return the code and the sentence of what speaks against merging `source` into `target`."""
    if source.id == target.id:
        return "merge_itself", "A ticket cannot be merged into itself."
    if target.merged_into == source.id:
        return "merge_cycle", f"The ticket {target.id} was merged into this one; it cannot take this one in turn."
    if source.merged_into is not None:
        return "merged", f"This ticket was merged into {source.merged_into} already."
    if target.merged_into is not None:
        return "merged", f"The ticket {target.id} was merged into {target.merged_into}; merge into that one."
    return None


def united(source: Ticket, target: Ticket) -> dict[str, Any]:
    """Return what the target takes over: the earlier beginning, the wider surface, the higher priority."""
    told: dict[str, Any] = {}
    if source.occurred_at < target.occurred_at:
        told |= {"occurred_at": source.occurred_at, "received_at": source.received_at}
    if source.surface is Surface.PUBLIC:
        told["surface"] = Surface.PUBLIC
    if target.priority_by is None and _ORDER.index(source.priority) > _ORDER.index(target.priority):
        told |= {"priority": source.priority, "priority_by": source.priority_by}
    if source.state not in _OVER and target.state in (*_OVER, TicketState.PENDING):
        told |= {"state": TicketState.OPEN, "solved_at": None, "closed_at": None}
    return {name: value for name, value in told.items() if getattr(target, name) != value}


def taken_over(source_id: str) -> str:
    """Return the reason of a priority that came with a merged ticket."""
    return f"taken over from {source_id}"


def restored(ticket: Ticket, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts to set back: those that are still what the act made of them."""
    return {name: value for name, value in before.items() if getattr(ticket, name) == after[name]}


def to_hold(replies: Sequence[Reply], first: Collection[str]) -> list[Reply]:
    """Return the queued acknowledgements that must wait, a person having another: all but one, none if it is out.

    `replies` are acknowledgements of one story; of several queued ones, one of `first` goes on.
    """
    held: list[Reply] = []
    for author_id in dict.fromkeys(reply.author_id for reply in replies):
        theirs = [reply for reply in replies if reply.author_id == author_id]
        waiting = [reply for reply in theirs if reply.state is ReplyState.QUEUED and not reply.may_be_out]
        waiting.sort(key=lambda reply: reply.id not in first)
        out = any(reply.state in SAID or reply.may_be_out for reply in theirs)
        held += waiting if out else waiting[1:]
    return held


def newer(act: Act, acts: Collection[Act]) -> Act | None:
    """Return the newest act not undone that must be undone before this one."""
    later = [other for other in acts if other.turn > act.turn and other.undone_at is None and _overlap(act, other)]
    return max(later, key=lambda other: other.turn, default=None)


def _overlap(act: Act, other: Act) -> bool:
    return other.touches(act.source_id, act.target_id)
