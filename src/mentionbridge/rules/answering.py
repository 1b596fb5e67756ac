"""Which of a brand's accounts on a network answers a post, whichever of them saw it first. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ours:
    """One of the brand's configured accounts on the post's network; `network_id` once the network told us."""

    account_id: str
    network_id: str | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A post as far as this question goes.

    `bound` is true when the account that brought it is the only one it concerns: it received a private message, or
    somebody who pushed the post named it.
    """

    by: str
    addressed: Sequence[str]
    bound: bool


def answering(seen: Seen, ours: Sequence[Ours]) -> str | None:
    """Name the account that answers: an addressed one, else the one it is bound to, else the first in the config.

    Among several addressed ones the first in the config answers. None when the brand has no account left there, or no
    longer the one the post is bound to.
    """
    addressed = (each.account_id for each in ours if each.network_id in seen.addressed)
    bound = (each.account_id for each in ours if each.account_id == seen.by)
    rest = bound if seen.bound else (each.account_id for each in ours)
    return next(addressed, None) or next(rest, None)
