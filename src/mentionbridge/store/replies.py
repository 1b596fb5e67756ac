"""What we say: the reply machine's rows and the ledger of every attempt."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.errors import NotAllowed, NotFound
from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import Mention, Surface, Visibility
from mentionbridge.domain.reply import Link, Purpose, Reply, ReplyIntent, ReplyState, check_move
from mentionbridge.domain.wording import Kind
from mentionbridge.kit.ids import Ids
from mentionbridge.ports.replies import ToSay
from mentionbridge.ports.store import Lease
from mentionbridge.store import search
from mentionbridge.store import tables as t
from mentionbridge.store.accounts import answered
from mentionbridge.store.claims import may_speak
from mentionbridge.store.failover import same_history
from mentionbridge.store.families import FAMILY, family
from mentionbridge.store.mentions import SELECT, StoredMentions, mention_of
from mentionbridge.store.rows import is_row, key_of_row, once, row_of, set_row, set_values, setting, where

_FIELDS = [field.name for field in fields(Reply)]
_NOTE = sa.insert(t.reply_attempts)
_HOLD_ACCOUNT = sa.select(t.accounts.c.id).where(row_of(t.accounts)).with_for_update(read=True)
_HOLD_SWITCHES = sa.select(t.switches.c.name).with_for_update(read=True)
_ANSWERS = sa.and_(t.mentions.c.brand_id == t.replies.c.brand_id, t.mentions.c.id == t.replies.c.mention_id)
_PHRASINGS = (
    sa.select(t.replies.c.template)
    .join_from(t.mentions, t.replies, _ANSWERS)
    .where(*(t.mentions.c[name] == sa.bindparam(name) for name in ("brand_id", "platform", "thread_id")))
    .where(t.replies.c.template.isnot(None))
)
_BELOW = t.replies.c.mention_id == sa.bindparam("mention")
_TO_PERSON = t.replies.c.author_id.in_(sa.bindparam("person", expanding=True))
_IN_STORY = sa.and_(t.replies.c.ticket_id.in_(FAMILY), _TO_PERSON)
_LATELY = sa.and_(t.replies.c.author_id == sa.bindparam("author"), t.replies.c.created_at >= sa.bindparam("since"))
_ACKNOWLEDGED = (
    sa.select(t.replies.c.state, sa.or_(_BELOW, _IN_STORY).label("counts"), _LATELY.label("lately"))
    .where(t.replies.c.brand_id == sa.bindparam("brand"), sa.or_(_BELOW, _TO_PERSON, _LATELY))
    .where(t.replies.c.purpose == Purpose.ACKNOWLEDGE)
    .order_by(t.replies.c.id)
)
_STATES_IN = (
    sa.select(t.replies.c.state)
    .where(*(t.replies.c[name] == sa.bindparam(name) for name in ("brand_id", "purpose")))
    .where(t.replies.c.ticket_id.in_(sa.bindparam("tickets", expanding=True)))
    .where(_TO_PERSON)
    .order_by(t.replies.c.id)
)
_REPLY = t.replies.c
_FAMILY = family(sa.bindparam("key_brand"), sa.select(_REPLY.ticket_id.label("id")).where(row_of(t.replies)))
_ALSO = t.replies.alias("also")
_SAID_LATELY = (
    sa.select(sa.func.count())
    .where(_ALSO.c.brand_id == _REPLY.brand_id, _ALSO.c.account_id == _REPLY.account_id)
    .where(_ALSO.c.first_sent_at >= sa.bindparam("since", type_=t.Instant), _ALSO.c.surface == Surface.PUBLIC)
    .where(_ALSO.c.approved_by.is_(None), _ALSO.c.author_of_words.is_(None))
    .scalar_subquery()
)
_TO_SAY = (
    SELECT.join(t.replies, _ANSWERS)
    .where(row_of(t.replies))
    .add_columns(*(column.label(f"reply__{column.name}") for column in _REPLY if column.name in _FIELDS))
    .add_columns(answered(_REPLY.brand_id, _REPLY.platform, _FAMILY, _REPLY.author_id).label("answered"))
    .add_columns(_SAID_LATELY.label("lately"))
)
_WAITING = (ReplyState.DRAFT, ReplyState.AWAITING_APPROVAL, ReplyState.QUEUED, ReplyState.MANUAL)


@cache
def _claim(dialect: str) -> sa.Update:
    now: Any = sa.bindparam("now", type_=t.Instant)
    return (
        sa.update(t.replies)
        .where(row_of(t.replies), t.replies.c.state == ReplyState.QUEUED)
        .where(t.replies.c.lease_token == sa.bindparam("lease"), may_speak(t.replies), same_history(dialect))
        .values(
            state=ReplyState.SENDING,
            due=sa.bindparam("until", type_=t.Instant),
            updated_at=now,
            first_sent_at=sa.func.coalesce(t.replies.c.first_sent_at, now),
        )
        .returning(*t.replies.c)
    )


@cache
def _move(names: tuple[str, ...]) -> Any:
    return setting(t.replies, names, ("state",)).returning(t.replies.c.ticket_id)


@dataclass(frozen=True, slots=True)
class StoredReplies:
    """The `replies` and `reply_attempts` tables within one transaction."""

    connection: AsyncConnection
    ids: Ids

    async def add(self, reply: Reply, dedupe: str) -> bool:
        row = {name: getattr(reply, name) for name in _FIELDS}
        row["links"] = [[link.start, link.end, link.url] for link in reply.links]
        row["prepared"] = dict(reply.prepared)
        row["dedupe"] = dedupe
        return (await self.connection.execute(once(self.connection, t.replies, "id"), row)).first() is not None

    async def get(self, brand_id: str, reply_id: str) -> Reply | None:
        return await self._one(brand_id=brand_id, id=reply_id)

    async def to_say(self, brand_id: str, reply_id: str, since: datetime) -> ToSay | None:
        asked = {**key_of_row(brand_id, reply_id), "since": since}
        row = (await self.connection.execute(_TO_SAY, asked)).first()
        if row is None:
            return None
        facts = dict(row._mapping)
        reply = _as_reply({name: facts.pop(f"reply__{name}") for name in _FIELDS})
        is_answered, lately = bool(facts.pop("answered")), int(facts.pop("lately"))
        return ToSay(reply, mention_of(facts), is_answered, lately)

    async def stale(self, brand_id: str, account_id: str, before: datetime, limit: int) -> Sequence[Reply]:
        query = (
            sa.select(t.replies)
            .where(t.replies.c.brand_id == brand_id, t.replies.c.account_id == account_id)
            .where(t.replies.c.state.in_((ReplyState.DRAFT, ReplyState.AWAITING_APPROVAL)))
            .where(t.replies.c.updated_at < before)
            .order_by(t.replies.c.id)
            .limit(limit)
        )
        return [as_reply(row) for row in await self.connection.execute(query)]

    async def of_story(self, brand_id: str, ticket_id: str, author_id: str, purpose: Purpose) -> Reply | None:
        return await self._one(brand_id=brand_id, ticket_id=ticket_id, author_id=author_id, dedupe=purpose)

    async def states_in(
        self, brand_id: str, ticket_ids: Collection[str], person: Sequence[str], purpose: Purpose
    ) -> Sequence[ReplyState]:
        there = {"brand_id": brand_id, "tickets": list(ticket_ids), "person": list(person), "purpose": purpose}
        return [ReplyState(state) for state in (await self.connection.execute(_STATES_IN, there)).scalars()]

    async def closings(self, brand_id: str, ticket_id: str, author_id: str) -> Sequence[Reply]:
        there = {"brand_id": brand_id, "ticket_id": ticket_id, "author_id": author_id, "purpose": Purpose.RESOLVE}
        query = where(t.replies, *there).order_by(t.replies.c.id)
        return [as_reply(row) for row in await self.connection.execute(query, there)]

    async def written_to(self, brand_id: str, mention_id: str, purpose: Purpose) -> int:
        here = (t.replies.c.brand_id == brand_id, t.replies.c.mention_id == mention_id, t.replies.c.purpose == purpose)
        return (await self.connection.execute(sa.select(sa.func.count()).where(*here))).scalar_one()

    async def under(self, brand_id: str, ticket_id: str, dedupe: str) -> Reply | None:
        return await self._one(brand_id=brand_id, ticket_id=ticket_id, dedupe=dedupe)

    async def by_external_id(self, brand_id: str, platform: str, external_id: str) -> Reply | None:
        return await self._one(brand_id=brand_id, platform=platform, external_id=external_id)

    async def of_ticket(self, brand_id: str, ticket_id: str) -> Sequence[Reply]:
        there = {"brand_id": brand_id, "ticket_id": ticket_id}
        return [as_reply(row) for row in await self.connection.execute(where(t.replies, *there), there)]

    async def messages_since(self, brand_id: str, ticket_id: str, sequence: int) -> Sequence[Reply]:
        same = sa.and_(t.events.c.brand_id == t.replies.c.brand_id, t.events.c.reply_id == t.replies.c.id)
        query = (
            sa.select(t.replies)
            .join_from(t.events, t.replies, same)
            .where(t.events.c.brand_id == brand_id, t.events.c.ticket_id == ticket_id)
            .where(t.events.c.sequence > sequence, t.events.c.type == EventType.REPLY_DRAFTED)
            .where(t.replies.c.purpose == Purpose.MESSAGE)
            .order_by(t.events.c.sequence)
        )
        return [as_reply(row) for row in await self.connection.execute(query)]

    async def _one(self, **key: str) -> Reply | None:
        row = (await self.connection.execute(where(t.replies, *key), key)).first()
        return as_reply(row) if row is not None else None

    async def phrasings_in_thread(self, brand_id: str, platform: str, thread_id: str) -> Sequence[str]:
        thread = {"brand_id": brand_id, "platform": platform, "thread_id": thread_id}
        return list((await self.connection.execute(_PHRASINGS, thread)).scalars())

    async def acknowledged(
        self, mention: Mention, person: Sequence[str], ticket_id: str, since: datetime
    ) -> tuple[Sequence[ReplyState], int]:
        story = {"brand": mention.brand_id, "ticket": ticket_id, "person": list(person)}
        about = {**story, "mention": mention.id, "author": mention.author_id, "since": since}
        rows = (await self.connection.execute(_ACKNOWLEDGED, about)).all()
        return [ReplyState(row.state) for row in rows if row.counts], sum(bool(row.lately) for row in rows)

    async def waiting_for_mention(self, brand_id: str, mention_id: str) -> Sequence[Reply]:
        here = (t.replies.c.brand_id == brand_id, t.replies.c.mention_id == mention_id)
        query = sa.select(t.replies).where(*here, t.replies.c.state.in_(_WAITING))
        return [as_reply(row) for row in await self.connection.execute(query)]

    async def said_since(
        self, brand_id: str, since: datetime, template: str | None, account_id: str | None, limit: int
    ) -> Sequence[Reply]:
        query = (
            sa.select(t.replies)
            .where(t.replies.c.brand_id == brand_id, t.replies.c.state == ReplyState.SENT)
            .where(t.replies.c.surface == Surface.PUBLIC, t.replies.c.sent_at >= since)
            .order_by(t.replies.c.sent_at, t.replies.c.id)
            .limit(limit)
        )
        narrowed = {"template": template, "account_id": account_id}
        for name, value in narrowed.items():
            query = query.where(t.replies.c[name] == value) if value is not None else query
        return [as_reply(row) for row in await self.connection.execute(query)]

    async def move(self, reply: Reply, state: ReplyState, now: datetime, **changes: Any) -> Reply:
        check_move(reply.state, state)
        values = {**changes, "state": state, "updated_at": now}
        if _frees_its_place(reply, state, values):
            # What the person says next in this story may be answered.
            values["dedupe"] = reply.id
        told = set_values(reply.brand_id, reply.id, values, state=reply.state)
        # Its story may have been merged or split since the reply was read.
        ticket_id = (await self.connection.execute(_move(tuple(values)), told)).scalar_one_or_none()
        if ticket_id is None:
            raise NotAllowed("reply_changed", "The reply has changed meanwhile; read it again.")
        known = {name: value for name, value in values.items() if name in _FIELDS} | {"ticket_id": ticket_id}
        return replace(reply, **known)

    async def claim_sending(self, reply: Reply, lease: Lease, now: datetime) -> Reply | None:
        dialect = self.connection.dialect.name
        if dialect == "postgresql":
            await self._hold_pause_switches(reply)
        held = {**key_of_row(reply.brand_id, reply.id), "lease": lease.token, "until": lease.until, "now": now}
        row = (await self.connection.execute(_claim(dialect), held)).first()
        return as_reply(row) if row is not None else None

    async def _hold_pause_switches(self, reply: Reply) -> None:
        # A pause that commits must wait for us or be seen by us; without the locks it could slip in between. SQLite has
        # one writer at a time.
        await self.connection.execute(_HOLD_ACCOUNT, key_of_row(reply.brand_id, reply.account_id))
        await self.connection.execute(_HOLD_SWITCHES)

    async def rewrite(self, reply: Reply, text: str, actor: str, edit_version: str, now: datetime) -> Reply:
        changes: dict[str, Any] = {
            "text": text,
            "links": [],
            "author_of_words": actor,
            "approved_by": None,
            "template": None,
            "released": None,
            "mention_edit_version": edit_version,
            "state": ReplyState.AWAITING_APPROVAL,
            "updated_at": now,
        }
        here = (is_row(t.replies, reply.brand_id, reply.id), t.replies.c.state == reply.state)
        change = sa.update(t.replies).where(*here).values(**changes, due=None, lease_token=None)
        if (await self.connection.execute(change)).rowcount != 1:
            raise NotAllowed("reply_changed", "The reply has changed meanwhile; read it again.")
        return replace(reply, **{**changes, "links": ()})

    async def reword(self, reply: Reply, text: str) -> None:
        values: dict[str, Any] = {"text": text, "links": [], "author_of_words": reply.approved_by, "template": None}
        await set_row(self.connection, t.replies, reply.brand_id, reply.id, values)
        await search.refresh(self.connection, reply.brand_id, reply.ticket_id)

    async def prepare(self, reply: Reply, prepared: Mapping[str, Any]) -> Reply:
        await set_row(self.connection, t.replies, reply.brand_id, reply.id, {"prepared": dict(prepared)})
        return replace(reply, prepared=prepared)

    async def looked(self, reply: Reply, looks: int, parked_at: datetime | None) -> None:
        here = is_row(t.replies, reply.brand_id, reply.id)
        await self.connection.execute(sa.update(t.replies).where(here).values(looks=looks, parked_at=parked_at))

    async def queued_of(self, brand_id: str, account_id: str) -> Sequence[Reply]:
        here = (t.replies.c.brand_id == brand_id, t.replies.c.account_id == account_id)
        query = sa.select(t.replies).where(*here, t.replies.c.state == ReplyState.QUEUED).with_for_update()
        return [as_reply(row) for row in await self.connection.execute(query)]

    async def park(self, reply: Reply, reason: str, now: datetime) -> None:
        here = is_row(t.replies, reply.brand_id, reply.id)
        parked = {"parked_at": now, "reason": reason, "due": None, "lease_until": None, "lease_token": None}
        await self.connection.execute(sa.update(t.replies).where(here).values(**parked))

    async def unpark(self, brand_id: str, account_id: str, reason: str, now: datetime) -> None:
        here = (t.replies.c.brand_id == brand_id, t.replies.c.account_id == account_id)
        open_ = t.replies.c.state.in_((ReplyState.QUEUED, ReplyState.SENDING, ReplyState.UNKNOWN))
        parked = (open_, t.replies.c.parked_at.isnot(None), t.replies.c.reason == reason)
        again = sa.update(t.replies).where(*here, *parked).values(due=now, parked_at=None)
        await self.connection.execute(again)

    async def note(self, brand_id: str, reply_id: str, what: str, outcome: str, detail: str, at: datetime) -> None:
        row = {
            "brand_id": brand_id,
            "id": self.ids.new("att"),
            "reply_id": reply_id,
            "at": at,
            "what": what,
            "outcome": outcome[:40],
            "detail": detail[:500],
        }
        await self.connection.execute(_NOTE, row)

    async def intent(self, reply: Reply) -> ReplyIntent:
        mention = await StoredMentions(self.connection, self.ids).get(reply.brand_id, reply.mention_id)
        if mention is None:
            raise NotFound(f"The mention {reply.mention_id} this reply answers is no longer kept.")
        return reply.intent(mention)


def as_reply(row: Any) -> Reply:
    """Turn a row of `replies` into a reply."""
    told = row._mapping
    return _as_reply({name: told[name] for name in _FIELDS})


def _as_reply(facts: dict[str, Any]) -> Reply:
    facts["links"] = tuple(Link(*link) for link in facts["links"])
    enums = {
        "purpose": Purpose(facts["purpose"]),
        "surface": Surface(facts["surface"]),
        "visibility": Visibility(facts["visibility"]),
        "state": ReplyState(facts["state"]),
        "kind": Kind(facts["kind"]) if facts["kind"] else None,
    }
    return Reply(**{**facts, **enums})


def _frees_its_place(reply: Reply, state: ReplyState, values: Mapping[str, Any]) -> bool:
    """True when these words are surely not out, and no person decided that they should not be."""
    if state is ReplyState.REFUSED:
        return True
    ends_unsaid = state in (ReplyState.EXPIRED, ReplyState.CANCELLED) and not reply.may_be_out
    return ends_unsaid and "evidence" not in values
