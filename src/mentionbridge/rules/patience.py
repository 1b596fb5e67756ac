"""How long to wait before looking again: rechecks of posts, and looks for a reply whose fate is unknown."""

from datetime import datetime, timedelta

LOOKS = (timedelta(seconds=10), timedelta(minutes=5), timedelta(minutes=15))
"""Without a network key, an unknown reply is looked for this long after it was sent, then parked for a person."""

RECHECKS = (timedelta(minutes=2), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
"""Edits and deletions are followed at these ages of a post, then daily; a deletion is seen within 24 hours.

At the same ages of a customer's newest words the thread of an open story is read on in, so a talkative thread is read
more often than a silent one.
"""

RECHECK_FOR = timedelta(days=30)

CONTEXT_FOR = timedelta(hours=1)
"""So long after a mention arrived the posts above it are asked for again when the network did not show them."""


def next_look(sent_at: datetime, looks: int) -> datetime | None:
    """When to look again after `looks` fruitless looks; None when it is time for a person."""
    return sent_at + LOOKS[looks] if looks < len(LOOKS) else None


def next_recheck(occurred_at: datetime, now: datetime) -> datetime:
    """When to read a post again, by its age."""
    age = now - occurred_at
    for step in RECHECKS:
        if age < step:
            return occurred_at + step
    return now + timedelta(hours=24)
