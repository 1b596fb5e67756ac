"""When a solved story gets its closing answer in public, and when one that waits is taken back. Pure."""

from collections.abc import Sequence
from datetime import datetime

from mentionbridge.domain.reply import SAID, Purpose, Reply, ReplyState
from mentionbridge.domain.verdict import Verdict
from mentionbridge.rules.restraint import PLANNED

STILL_COMPLAINS = 0.7
"""From this probability of a complaint on, nothing is a yes."""
_DECIDED = SAID | {ReplyState.REJECTED}


def may_propose(earlier: Sequence[Reply], last_heard: datetime | None) -> bool:
    """Say whether another closing answer may be written, after these to the same person.

    None while one is on its way; and what was said, or decided not to be said, stands until the customer speaks again.
    """
    if any(reply.state in PLANNED for reply in earlier):
        return False
    decided = [reply.sent_at or reply.updated_at for reply in earlier if reply.state in _DECIDED]
    return not decided or (last_heard is not None and last_heard > max(decided))


def closes(reply: Reply) -> bool:
    """Say whether this has closed a story in public."""
    return reply.purpose is Purpose.RESOLVE and reply.state is ReplyState.SENT


def asks(reply: Reply, solved_at: datetime | None, heard_at: datetime) -> bool:
    """Say whether what was heard then may answer this closing answer: it was out by then, and is of this solving."""
    if reply.state is not ReplyState.SENT or reply.sent_at is None:
        return False
    return reply.sent_at <= heard_at and (solved_at is None or reply.sent_at >= solved_at)


def contradicts(verdict: Verdict) -> bool:
    """Say whether the judge takes for a complaint, or for risky, what reads like a yes."""
    return verdict.risky or verdict.complaint >= STILL_COMPLAINS


def takes_back(reply: Reply) -> bool:
    """Say whether this is a closing answer that is still ours to keep to ourselves."""
    return reply.purpose is Purpose.RESOLVE and reply.state in PLANNED and not reply.may_be_out
