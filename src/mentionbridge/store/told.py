"""The words an event is told with, joined as they stand now: after a deletion every retry says that they are gone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.events import Event
from mentionbridge.domain.mention import Mention
from mentionbridge.domain.reply import Reply
from mentionbridge.domain.ticket import Ticket
from mentionbridge.store import mentions as m
from mentionbridge.store import tables as t
from mentionbridge.store.replies import as_reply
from mentionbridge.store.tickets import FACTS, as_ticket
from mentionbridge.text.pii import mask

_LONGEST = 4000
_IDS = ("ticket_id", "account_id", "mention_id", "reply_id")
_Key = tuple[str, str]


def _these(table: sa.Table) -> sa.ColumnElement[bool]:
    brands: sa.BindParameter[str] = sa.bindparam("brands", expanding=True)
    ids: sa.BindParameter[str] = sa.bindparam("ids", expanding=True)
    return sa.and_(table.c.brand_id.in_(brands), table.c.id.in_(ids))


_MENTIONS = m.SELECT.where(_these(t.mentions))
_REPLIES = sa.select(t.replies).where(_these(t.replies))
_TICKETS = sa.select(*FACTS).where(_these(t.tickets))


@dataclass(frozen=True, slots=True)
class Words:
    """What some events are about, as it stands at one moment; each by (brand id, id)."""

    mentions: Mapping[_Key, Mapping[str, Any]]
    replies: Mapping[_Key, Mapping[str, Any]]
    tickets: Mapping[_Key, Mapping[str, Any]]

    @classmethod
    async def of(cls, connection: AsyncConnection, events: Sequence[Event]) -> "Words":
        """Read all that these events are about, one statement a kind."""

        async def rows(query: sa.Select[Any], name: str) -> Iterable[Any]:
            keys = {(event.brand_id, id_) for event in events if (id_ := getattr(event, name)) is not None}
            if not keys:
                return ()
            values = {"brands": sorted({brand for brand, _ in keys}), "ids": sorted(id_ for _, id_ in keys)}
            return await connection.execute(query, values)

        mentions = [m.as_mention(row) for row in await rows(_MENTIONS, "mention_id")]
        replies = [as_reply(row) for row in await rows(_REPLIES, "reply_id")]
        tickets = [as_ticket(row) for row in await rows(_TICKETS, "ticket_id")]
        return cls(
            {(each.brand_id, each.id): mention_words(each) for each in mentions},
            {(each.brand_id, each.id): reply_words(each) for each in replies},
            {(each.brand_id, each.id): ticket_words(each) for each in tickets},
        )

    def join(self, event: Event) -> dict[str, Any]:
        """Return an event's `data`."""
        data: dict[str, Any] = {"brand_id": event.brand_id, "sequence": event.sequence}
        data |= {name: value for name in _IDS if (value := getattr(event, name)) is not None}
        data |= event.facts
        parts = {
            "mention": self.mentions.get((event.brand_id, event.mention_id or "")),
            "reply": self.replies.get((event.brand_id, event.reply_id or "")),
            "ticket": self.tickets.get((event.brand_id, event.ticket_id or "")),
        }
        return data | {name: words for name, words in parts.items() if words is not None}


def mention_words(mention: Mention) -> dict[str, Any]:
    """What an event tells of a mention, as it stands now; telephone numbers, cards and the like are masked.

    The feed goes to many; who needs a number reads the mention itself.
    """
    told = {
        "platform": mention.platform,
        "external_id": mention.external_id,
        "permalink": mention.permalink,
        "surface": mention.surface,
        "occurred_at": mention.occurred_at.isoformat(),
        "author": {"external_id": mention.author.external_id, "handle": mention.author.handle},
    }
    return told | ({"redacted": True} if mention.redacted else {"text": mask(mention.text[: 2 * _LONGEST])[:_LONGEST]})


def reply_words(reply: Reply) -> dict[str, Any]:
    """What an event tells of a reply, as it stands now."""
    told = {
        "state": reply.state,
        "purpose": reply.purpose,
        "surface": reply.surface,
        "external_id": reply.external_id,
        "permalink": reply.permalink,
    }
    return told | ({"redacted": True} if reply.redacted else {"text": reply.text[:_LONGEST]})


def ticket_words(ticket: Ticket) -> dict[str, Any]:
    """What an event tells of a ticket, as it stands now."""
    return {"state": ticket.state, "priority": ticket.priority, "topic": ticket.topic, "permalink": ticket.permalink}
