"""When a promise is at risk, and what may become of it. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta

from mentionbridge.domain.commitment import Commitment, CommitmentState, EarlierDue
from mentionbridge.domain.errors import NotAllowed

AT_RISK_SHARE = 0.2
LONGEST_WARNING = timedelta(days=1)


def risk_at(commitment: Commitment) -> datetime:
    """Return the moment from which a promise is at risk: a fifth of its time is left, and a day at most."""
    since = commitment.earlier[-1].moved_at if commitment.earlier else commitment.made_at
    return commitment.due_at - min((commitment.due_at - since) * AT_RISK_SHARE, LONGEST_WARNING)


def next_look(commitment: Commitment) -> datetime | None:
    """Return when a promise must be looked at: as it becomes at risk, as it is due, and then never again."""
    if commitment.state is not CommitmentState.OPEN:
        return None
    return commitment.due_at if commitment.warned_at is not None else risk_at(commitment)


def keep(commitment: Commitment, at: datetime) -> Commitment:
    """Note that what was promised was done; a promise that was missed stays missed, kept late."""
    if commitment.kept_at is not None:
        raise NotAllowed("commitment_move", "This commitment was kept already.")
    if commitment.state is CommitmentState.MISSED or at > commitment.due_at:
        missed_at = commitment.missed_at or commitment.due_at
        return replace(commitment, state=CommitmentState.MISSED, missed_at=missed_at, kept_at=at)
    return replace(commitment, state=CommitmentState.KEPT, kept_at=at)


def move(commitment: Commitment, due_at: datetime, at: datetime, by: str, reason: str) -> Commitment:
    """Promise another time; the earlier one is kept, with whether it had passed already."""
    if commitment.kept_at is not None:
        raise NotAllowed("commitment_move", "This commitment was kept; make a new one.")
    if due_at <= at:
        raise NotAllowed("due_in_past", "`due_at` has passed already; promise a time that is still to come.")
    if due_at == commitment.due_at:
        raise NotAllowed("commitment_move", "This is when it is due already.")
    missed = commitment.state is CommitmentState.MISSED or at > commitment.due_at
    earlier = EarlierDue(commitment.due_at, at, by, reason, missed)
    return replace(
        commitment,
        due_at=due_at,
        state=CommitmentState.OPEN,
        warned_at=None,
        missed_at=None,
        earlier=(*commitment.earlier, earlier),
    )
