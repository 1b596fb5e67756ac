"""When to connect a lost stream anew. Pure."""

from mentionbridge.domain.errors import PlatformError, RateLimited, StreamRefused
from mentionbridge.domain.stream import Loss, Pauses

HELD = 60.0
"""A connection that stood for so many seconds was a good one: the next loss counts as the first."""

_DOUBLINGS = 30


def loss_of(error: PlatformError) -> Loss:
    """Tell what ended a stream by how it was told."""
    if isinstance(error, RateLimited):
        return Loss.LIMITED
    return Loss.REFUSED if isinstance(error, StreamRefused) else Loss.BROKEN


def pause(pauses: Pauses, lost: int, dice: float) -> float:
    """Return how many seconds to wait after the connection was `lost` so many times in a row.

    `dice`, from 0 to 1, takes up to a fifth off, so that a crowd that was cut off together does not come back together.
    """
    if pauses.step is not None:
        whole = pauses.first + pauses.step * (lost - 1)
    else:
        whole = pauses.first * 2 ** min(lost - 1, _DOUBLINGS)
    return min(whole, pauses.most) * (1 - dice / 5)
