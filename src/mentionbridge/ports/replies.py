"""What the heart asks of memory about what we say."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from mentionbridge.domain.mention import Mention
from mentionbridge.domain.reply import Purpose, Reply, ReplyIntent, ReplyState
from mentionbridge.ports.claims import Lease


@dataclass(frozen=True, slots=True)
class ToSay:
    """A reply that is due, and the mention it answers.

    `answered` tells whether we have answered this person in this story, `said_lately` how much its account has said in
    public by itself of late.
    """

    reply: Reply
    mention: Mention
    answered: bool
    said_lately: int


class Replies(Protocol):
    """What we say, and the ledger of every attempt."""

    async def add(self, reply: Reply, dedupe: str) -> bool:
        """Store a new reply; False when this person has one of this purpose in this story already."""

    async def get(self, brand_id: str, reply_id: str) -> Reply | None: ...
    async def to_say(self, brand_id: str, reply_id: str, since: datetime) -> ToSay | None:
        """Return a reply with what decides whether it may be said; None when it or its mention is no longer kept."""

    async def stale(self, brand_id: str, account_id: str, before: datetime, limit: int) -> Sequence[Reply]:
        """Return what has waited for a person, untouched, since before that moment; the oldest first."""

    async def of_story(self, brand_id: str, ticket_id: str, author_id: str, purpose: Purpose) -> Reply | None: ...
    async def states_in(
        self, brand_id: str, ticket_ids: Collection[str], person: Sequence[str], purpose: Purpose
    ) -> Sequence[ReplyState]:
        """Return how every reply of this purpose to this person in these tickets stands."""

    async def closings(self, brand_id: str, ticket_id: str, author_id: str) -> Sequence[Reply]:
        """Return every closing answer to this person in this story, oldest first."""

    async def written_to(self, brand_id: str, mention_id: str, purpose: Purpose) -> int:
        """Return how many replies of this purpose were ever written below this mention."""

    async def under(self, brand_id: str, ticket_id: str, dedupe: str) -> Reply | None:
        """Return the reply stored under this name in this story, whomever it answers."""

    async def by_external_id(self, brand_id: str, platform: str, external_id: str) -> Reply | None:
        """Return the reply that is this post of ours."""

    async def of_ticket(self, brand_id: str, ticket_id: str) -> Sequence[Reply]: ...
    async def messages_since(self, brand_id: str, ticket_id: str, sequence: int) -> Sequence[Reply]:
        """Return the messages people wrote into this story behind `sequence`, oldest first."""

    async def phrasings_in_thread(self, brand_id: str, platform: str, thread_id: str) -> Sequence[str]:
        """Return the template ids already used in this thread."""

    async def acknowledged(
        self, mention: Mention, person: Sequence[str], ticket_id: str, since: datetime
    ) -> tuple[Sequence[ReplyState], int]:
        """Return how the acknowledgements of this person in this story, and any of this mention, stand.

        And how many were written for the mention's author since then, in any story.
        """

    async def waiting_for_mention(self, brand_id: str, mention_id: str) -> Sequence[Reply]:
        """Return replies to this mention that are not out yet."""

    async def said_since(
        self, brand_id: str, since: datetime, template: str | None, account_id: str | None, limit: int
    ) -> Sequence[Reply]:
        """Return public replies that are sent, sent since then, oldest first."""

    async def move(self, reply: Reply, state: ReplyState, now: datetime, **changes: Any) -> Reply:
        """Make one allowed move, only if the reply still stands where `reply` says; raises NotAllowed otherwise."""

    async def claim_sending(self, reply: Reply, lease: Lease, now: datetime) -> Reply | None:
        """`queued → sending`, only while our lease holds and neither the account nor everything is paused.

        Returns the reply as it is then, or None when it stays where it was.
        """

    async def rewrite(self, reply: Reply, text: str, actor: str, edit_version: str, now: datetime) -> Reply:
        """Give a reply that is not out yet other words; it goes back to review."""

    async def reword(self, reply: Reply, text: str) -> None:
        """Keep the words in which a person has posted it."""

    async def prepare(self, reply: Reply, prepared: Mapping[str, Any]) -> Reply:
        """Keep what the plug wants stored before the first send."""

    async def looked(self, reply: Reply, looks: int, parked_at: datetime | None) -> None:
        """One more fruitless look at a reply whose fate is open; `parked_at` when it is now a person's."""

    async def queued_of(self, brand_id: str, account_id: str) -> Sequence[Reply]: ...
    async def park(self, reply: Reply, reason: str, now: datetime) -> None:
        """Leave an open reply to a person, with why; its state stays."""

    async def unpark(self, brand_id: str, account_id: str, reason: str, now: datetime) -> None:
        """Look again for this account's replies that were parked for this reason."""

    async def note(self, brand_id: str, reply_id: str, what: str, outcome: str, detail: str, at: datetime) -> None:
        """Write one line of the ledger."""

    async def intent(self, reply: Reply) -> ReplyIntent:
        """Return all a plug needs to send this reply; raises NotFound when what it answers is no longer kept."""
