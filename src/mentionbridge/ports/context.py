"""What the heart asks of memory about the posts around a mention."""

from collections.abc import Sequence
from typing import Protocol

from mentionbridge.domain.mention import Above, Mention


class Contexts(Protocol):
    """The posts above a mention in its thread; they are nobody's ticket."""

    async def lacks(self, mention: Mention) -> bool:
        """True when a mention answers a post that we know from nowhere, and its context is not kept."""

    async def keep(self, mention: Mention, above: Sequence[Above]) -> None:
        """Keep the posts above a mention, once, root first; what was erased comes back as deleted."""
