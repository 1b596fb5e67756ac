"""Which way into private is offered. Pure."""

from collections.abc import Collection
from dataclasses import dataclass

from mentionbridge.domain.handoff import HandoffState, Way

_AFTER = {state: place for place, state in enumerate(HandoffState)}


@dataclass(frozen=True, slots=True)
class Roads:
    """What a brand and a network offer now: a form of ours, a page of the network, a private message from us."""

    form: bool = False
    network: bool = False
    message: bool = False


def best(roads: Roads, tried: Collection[Way] = ()) -> Way | None:
    """Return the best way that was not tried yet: our form, which works for everybody, then the network's own."""
    offered = ((Way.FORM, roads.form), (Way.NETWORK, roads.network), (Way.MESSAGE, roads.message))
    return next((way for way, there in offered if there and way not in tried), None)


def leads(old: HandoffState, new: HandoffState) -> bool:
    """True when a funnel may move so: forward only, and out of a dead end by whoever comes after all."""
    if old is HandoffState.DEAD_END:
        return new in (HandoffState.OPENED, HandoffState.DETAILS_RECEIVED, HandoffState.VERIFIED)
    if new is HandoffState.DEAD_END:
        return old in (HandoffState.OFFERED, HandoffState.OPENED)
    return _AFTER[new] > _AFTER[old]
