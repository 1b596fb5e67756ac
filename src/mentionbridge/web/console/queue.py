"""What waits for somebody's yes: each draft beside the post it answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mentionbridge.domain.errors import NotFound
from mentionbridge.domain.mention import Mention
from mentionbridge.domain.reply import Reply, ReplyState
from mentionbridge.ports.desk import MediaFacts
from mentionbridge.rules.tone import Warned, doubts
from mentionbridge.web.console.session import Visitor
from mentionbridge.web.door import Door

PAGE = 20
WAITING = ReplyState.AWAITING_APPROVAL


@dataclass(frozen=True, slots=True)
class Card:
    """One draft and what it answers; `longest` counts in the network's own unit, as far as letters tell."""

    reply: Reply
    brand: str
    mention: Mention | None
    pictures: Sequence[MediaFacts]
    longest: int

    @property
    def is_stale(self) -> bool:
        """True when the post was edited after the draft was written."""
        return self.mention is not None and self.mention.edit_version != self.reply.mention_edit_version

    @property
    def doubts(self) -> Sequence[Warned]:
        """What in a person's words is worth a second look."""
        to = [self.mention.author.handle] if self.mention is not None else []
        return doubts(self.reply.text, to) if self.reply.author_of_words else ()


@dataclass(frozen=True, slots=True)
class Queue:
    """Some cards, and the cursor behind the last when there are more."""

    cards: Sequence[Card]
    cursor: str | None


async def waiting(door: Door, visitor: Visitor, cursor: str | None) -> Queue:
    """Return what waits in the visitor's brands, newest first."""
    found = await door.desk.replies(visitor.caller.brands, {"state": WAITING}, cursor, PAGE)
    return Queue([await _card(door, visitor, await one(door, visitor, row["id"])) for row in found.items], found.cursor)


async def one(door: Door, visitor: Visitor, reply_id: str) -> Reply:
    """Return one reply of the visitor's brands; raises NotFound."""
    view = await door.desk.reply(visitor.caller.brands, reply_id)
    if view is None:
        raise NotFound("There is no such reply.")
    return view.reply


async def act(door: Door, visitor: Visitor, reply_id: str, told: Mapping[str, str]) -> str:
    """Do what a form asks for and return what was done; raises NotFound and NotAllowed.

    Approving other words than those that wait only keeps them: they return to review.
    """
    reply = await one(door, visitor, reply_id)
    text = told.get("text", reply.text).replace("\r\n", "\n").strip()
    if told.get("act") == "reject":
        reason = told.get("reason", "").strip() or "no reason given"
        await door.reject(reply.brand_id, reply_id, visitor.actor, reason)
        return "rejected"
    if text and text != reply.text:
        await door.edit(reply.brand_id, reply_id, text, visitor.actor)
        return "kept"
    if told.get("act") == "approve":
        await door.approve(reply.brand_id, reply_id, visitor.actor)
        door.wake()
        return "approved"
    return "unchanged"


async def _card(door: Door, visitor: Visitor, reply: Reply) -> Card:
    view = await door.desk.mention(visitor.caller.brands, reply.mention_id)
    account = door.accounts.get((reply.brand_id, reply.account_id))
    longest = door.capabilities_of(account).max_length if account is not None else 0
    brand = door.brands.get(reply.brand_id)
    name = brand.name if brand is not None else reply.brand_id
    return Card(reply, name, view.mention if view else None, view.media if view else (), longest)


def shown(moment: datetime) -> str:
    """Write a time for people."""
    return f"{moment:%d %b %Y, %H:%M} UTC"
