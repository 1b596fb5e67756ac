"""What the heart asks of memory to merge stories, split one, and undo either."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from mentionbridge.domain.act import Act, Binding
from mentionbridge.domain.reply import Reply
from mentionbridge.domain.ticket import Entry, Ticket


class Acts(Protocol):
    """Merges and splits, and the moving itself."""

    async def hold(self, brand_id: str, *ticket_ids: str) -> Mapping[str, Ticket]:
        """Keep everybody else from changing these stories and from telling them on; raises NotFound."""

    async def lines(self, brand_id: str, ticket_id: str) -> Sequence[Entry]:
        """Return every line of a ticket's timeline by its number."""

    async def bindings(self, brand_id: str, ticket_id: str) -> Sequence[Binding]:
        """Return whose words in which threads belong to this ticket."""

    async def standing_for(self, brand_id: str, ticket_id: str) -> Sequence[str]:
        """Return a mention for each binding of a ticket, made by its person in its thread."""

    async def under(self, brand_id: str, ticket_id: str, bindings: Collection[Binding]) -> Sequence[str]:
        """Return the mentions of a ticket that were made by these people in these threads."""

    async def bindings_of(self, brand_id: str, mention_ids: Collection[str]) -> Sequence[Binding]:
        """Return by whom and in which threads these mentions were made."""

    async def acknowledgements(self, brand_id: str, ticket_id: str) -> Sequence[Reply]:
        """Return every acknowledgement of a ticket, oldest first."""

    async def move(
        self,
        brand_id: str,
        source_id: str,
        target_id: str,
        *,
        mentions: Collection[str],
        entries: Collection[str],
        bindings: Collection[Binding],
        things: Mapping[str, Collection[str]],
    ) -> None:
        """Carry all this to the target, mentions with our answers to them; each line takes a new number."""

    async def things(self, brand_id: str, ticket_id: str) -> Mapping[str, Sequence[str]]:
        """Return whatever else hangs on a ticket and goes where its story goes: ids by table."""

    async def lines_of_answers(self, brand_id: str, ticket_id: str, mention_ids: Collection[str]) -> Sequence[str]:
        """Return the lines of a ticket that tell of our answers to these mentions."""

    async def drop_waits(self, brand_id: str, ticket_id: str) -> None:
        """Forget the open waits of a ticket, which are counted elsewhere."""

    async def add(self, act: Act) -> None: ...
    async def get(self, brand_id: str, act_id: str) -> Act | None: ...
    async def of_ticket(self, brand_id: str, *ticket_ids: str) -> Sequence[Act]:
        """Return what was done to any of these tickets, newest first, the undone too."""

    async def undone(self, act: Act, actor: str, at: datetime) -> None: ...
    async def family(self, brand_id: str, ticket_id: str) -> Collection[str]:
        """Return the tickets that are one story with this one by acts not undone, itself among them."""
