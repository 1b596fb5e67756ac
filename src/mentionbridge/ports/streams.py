"""What the heart asks of memory about streams: who holds one, and how it is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from mentionbridge.domain.account import Account
from mentionbridge.domain.stream import StreamHealth


class Streams(Protocol):
    """One stream an account, held by one process at a time until its time runs out."""

    async def hold(self, account: Account, holder: str, until: datetime, now: datetime) -> bool:
        """Take the account's stream, or keep it for longer; False while somebody else holds it."""

    async def connected(self, account: Account, holder: str, now: datetime) -> None: ...
    async def heard(self, account: Account, holder: str, at: datetime) -> None: ...
    async def lost(self, account: Account, holder: str, sentence: str | None) -> None:
        """Not connected any more; a `sentence` says why, None that we let go ourselves."""

    async def release(self, account: Account, holder: str) -> None:
        """Let somebody else have it at once."""

    async def all(self, brand_ids: Sequence[str]) -> Sequence[StreamHealth]: ...
