"""Every table, as SQLAlchemy Core. Keys lead with `brand_id`; instants are aware and in UTC on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware UTC time; SQLite keeps it as text that sorts, PostgreSQL as timestamptz."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        instant: datetime = value
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


class Seconds(TypeDecorator[timedelta]):
    """A span of time, kept as seconds."""

    impl = sa.Float
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> float | None:
        return value.total_seconds() if value is not None else None

    def process_result_value(self, value: Any, dialect: Dialect) -> timedelta | None:
        return timedelta(seconds=value) if value is not None else None


Json = sa.JSON().with_variant(JSONB(), "postgresql")
Key = sa.String(40)
Name = sa.String(64)
NetworkId = sa.String(512)


def _key() -> list[sa.Column[Any]]:
    return [sa.Column("brand_id", Name, primary_key=True), sa.Column("id", Key, primary_key=True)]


def _claim() -> list[sa.Column[Any]]:
    return [
        sa.Column("due", Instant),
        sa.Column("lease_until", Instant),
        sa.Column("lease_token", Key),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    ]


def _due(table: sa.Table, *extra: str) -> None:
    name = f"ix_{table.name}_due" if not extra else f"ix_{table.name}_due_{'_'.join(extra)}"
    column = table.c.due
    sa.Index(
        name, *(table.c[e] for e in extra), column, sqlite_where=column.isnot(None), postgresql_where=column.isnot(None)
    )


def _where(name: str, given: sa.Column[Any], *columns: sa.Column[Any]) -> None:
    """An index of the rows that have a value there; the others cost nothing."""
    sa.Index(name, *columns, sqlite_where=given.isnot(None), postgresql_where=given.isnot(None))


def _belongs(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["brand_id", column], [f"{table}.brand_id", f"{table}.id"])


accounts = sa.Table(
    "accounts",
    metadata,
    *[sa.Column("brand_id", Name, primary_key=True), sa.Column("id", Name, primary_key=True)],
    sa.Column("platform", Name, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("connected_at", Instant, nullable=False),
    sa.Column("cursor", sa.Text),
    sa.Column("network_id", NetworkId),
    sa.Column("handle", sa.Text),
    sa.Column("last_polled_at", Instant),
    sa.Column("last_seen_at", Instant),
    sa.Column("alive_at", Instant),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("last_error", sa.Text),
    sa.Column("paused_by", sa.Text),
    sa.Column("read_to", Instant),
    sa.Column("allowance", Json),
    sa.Column("hook_heard_at", Instant),
    sa.Column("hook_refused_at", Instant),
    sa.Column("hook_refused_because", sa.Text),
    sa.Column("secret", sa.LargeBinary),
    sa.Column("secret_version", sa.Integer, nullable=False, server_default="0"),
    *_claim(),
)
_due(accounts)

customers = sa.Table(
    "customers",
    metadata,
    *_key(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("vip", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("merged_into", Key),
    sa.Column("erased_at", Instant),
)

customer_joins = sa.Table(
    "customer_joins",
    metadata,
    *_key(),
    sa.Column("source_id", Key, nullable=False),
    sa.Column("target_id", Key, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("moved", Json, nullable=False),
    sa.Column("undone_at", Instant),
    sa.Column("undone_by", sa.Text),
    _belongs("source_id", "customers"),
    _belongs("target_id", "customers"),
)
sa.Index("ix_customer_joins_source", customer_joins.c.brand_id, customer_joins.c.source_id, customer_joins.c.id)
sa.Index("ix_customer_joins_target", customer_joins.c.brand_id, customer_joins.c.target_id, customer_joins.c.id)

tombstones = sa.Table(
    "tombstones",
    metadata,
    sa.Column("brand_id", Name, primary_key=True),
    sa.Column("fingerprint", sa.String(64), primary_key=True),
    sa.Column("erased_at", Instant, nullable=False),
)

authors = sa.Table(
    "authors",
    metadata,
    *_key(),
    sa.Column("platform", Name, nullable=False),
    sa.Column("external_id", NetworkId, nullable=False),
    sa.Column("handle", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("followers", sa.Integer),
    sa.Column("is_bot", sa.Boolean, nullable=False),
    sa.Column("shown", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("stop_at", Instant),
    sa.Column("customer_id", Key),
    sa.Column("updated_at", Instant, nullable=False),
    sa.UniqueConstraint("brand_id", "platform", "external_id"),
    _belongs("customer_id", "customers"),
)
sa.Index("ix_authors_handle", authors.c.brand_id, authors.c.handle, authors.c.id)
sa.Index("ix_authors_customer", authors.c.brand_id, authors.c.customer_id, authors.c.id)

tickets = sa.Table(
    "tickets",
    metadata,
    *_key(),
    sa.Column("account_id", Name, nullable=False),
    sa.Column("platform", Name, nullable=False),
    sa.Column("author_id", Key, nullable=False),
    sa.Column("thread_id", NetworkId, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("priority", sa.String(10), nullable=False),
    sa.Column("topic", Name),
    sa.Column("surface", sa.String(10), nullable=False),
    sa.Column("opened_because", sa.Text, nullable=False),
    sa.Column("permalink", sa.Text),
    sa.Column("previous_id", Key),
    sa.Column("occurred_at", Instant, nullable=False),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Column("last_said_at", Instant, nullable=False),
    sa.Column("closed_at", Instant),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("solved_at", Instant),
    sa.Column("outcome", sa.String(10)),
    sa.Column("outcome_at", Instant),
    sa.Column("solved_with", Key),
    sa.Column("incident_id", Key),
    sa.Column("merged_into", Key),
    sa.Column("team", Name),
    sa.Column("place", Name),
    sa.Column("assignee_id", sa.String(128)),
    sa.Column("assignee_name", sa.Text),
    sa.Column("tags", Json, nullable=False, server_default="[]"),
    sa.Column("priority_reasons", Json, nullable=False, server_default="[]"),
    sa.Column("priority_by", sa.Text),
    _belongs("author_id", "authors"),
)
sa.Index("ix_tickets_author", tickets.c.brand_id, tickets.c.author_id, tickets.c.id)
sa.Index("ix_tickets_state", tickets.c.brand_id, tickets.c.state, tickets.c.id)
sa.Index("ix_tickets_account", tickets.c.brand_id, tickets.c.account_id, tickets.c.id)
sa.Index("ix_tickets_account_state", tickets.c.brand_id, tickets.c.account_id, tickets.c.state, tickets.c.id)
sa.Index("ix_tickets_priority", tickets.c.brand_id, tickets.c.priority, tickets.c.id)
sa.Index("ix_tickets_topic", tickets.c.brand_id, tickets.c.topic, tickets.c.id)
sa.Index("ix_tickets_updated", tickets.c.brand_id, tickets.c.updated_at, tickets.c.id)
_where("ix_tickets_team", tickets.c.team, tickets.c.brand_id, tickets.c.team, tickets.c.id)
_where("ix_tickets_assignee", tickets.c.assignee_id, tickets.c.brand_id, tickets.c.assignee_id, tickets.c.id)
_where("ix_tickets_place", tickets.c.place, tickets.c.brand_id, tickets.c.place, tickets.c.id)
_where("ix_tickets_incident", tickets.c.incident_id, tickets.c.brand_id, tickets.c.incident_id, tickets.c.id)
_where("ix_tickets_solved_with", tickets.c.solved_with, tickets.c.brand_id, tickets.c.solved_with)
_where("ix_tickets_solved", tickets.c.solved_at, tickets.c.state, tickets.c.solved_at)

ticket_tags = sa.Table(
    "ticket_tags",
    metadata,
    sa.Column("brand_id", Name, primary_key=True),
    sa.Column("tag", Name, primary_key=True),
    sa.Column("ticket_id", Key, primary_key=True),
    _belongs("ticket_id", "tickets"),
)
sa.Index("ix_ticket_tags_ticket", ticket_tags.c.brand_id, ticket_tags.c.ticket_id)

incidents = sa.Table(
    "incidents",
    metadata,
    *_key(),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("news", Json, nullable=False),
    sa.Column("lang", sa.String(16), nullable=False),
    sa.Column("topics", Json, nullable=False),
    sa.Column("places", Json, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("telling", sa.Boolean, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("declared_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Column("closed_at", Instant),
)
sa.Index("ix_incidents_state", incidents.c.brand_id, incidents.c.state, incidents.c.id)

incident_told = sa.Table(
    "incident_told",
    metadata,
    sa.Column("brand_id", Name, primary_key=True),
    sa.Column("incident_id", Key, primary_key=True),
    sa.Column("author_id", Key, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("reply_id", Key),
    _belongs("incident_id", "incidents"),
)

story_acts = sa.Table(
    "story_acts",
    metadata,
    *_key(),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("source_id", Key, nullable=False),
    sa.Column("target_id", Key, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("turn", sa.Integer, nullable=False),
    sa.Column("moved", Json, nullable=False),
    sa.Column("undone_at", Instant),
    sa.Column("undone_by", sa.Text),
    _belongs("source_id", "tickets"),
    _belongs("target_id", "tickets"),
)
sa.Index("ix_story_acts_source", story_acts.c.brand_id, story_acts.c.source_id)
sa.Index("ix_story_acts_target", story_acts.c.brand_id, story_acts.c.target_id)

stories = sa.Table(
    "stories",
    metadata,
    sa.Column("brand_id", Name, primary_key=True),
    sa.Column("author_id", Key, primary_key=True),
    sa.Column("thread_id", NetworkId, primary_key=True),
    sa.Column("ticket_id", Key, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    _belongs("ticket_id", "tickets"),
)
sa.Index("ix_stories_ticket", stories.c.brand_id, stories.c.ticket_id)

mentions = sa.Table(
    "mentions",
    metadata,
    *_key(),
    sa.Column("platform", Name, nullable=False),
    sa.Column("account_id", Name, nullable=False),
    sa.Column("author_id", Key, nullable=False),
    sa.Column("external_id", NetworkId, nullable=False),
    sa.Column("thread_id", NetworkId, nullable=False),
    sa.Column("parent_id", NetworkId),
    sa.Column("quoted_id", NetworkId),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("lang", sa.String(16)),
    sa.Column("visibility", sa.String(10), nullable=False),
    sa.Column("permalink", sa.Text),
    sa.Column("occurred_at", Instant, nullable=False),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("origin", sa.String(10), nullable=False),
    sa.Column("tagged", sa.Boolean, nullable=False),
    sa.Column("is_repost", sa.Boolean, nullable=False),
    sa.Column("is_quote", sa.Boolean, nullable=False),
    sa.Column("silent", sa.Boolean, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("edit_version", sa.String(128), nullable=False),
    sa.Column("ref", Json, nullable=False),
    sa.Column("metrics", Json, nullable=False),
    sa.Column("addressed", Json, nullable=False, server_default="[]"),
    sa.Column("raw", Json),
    sa.Column("ticket_id", Key),
    sa.Column("deleted_at", Instant),
    sa.Column("redacted", sa.Boolean, nullable=False, server_default=sa.false()),
    *_claim(),
    sa.UniqueConstraint("brand_id", "platform", "external_id"),
    _belongs("author_id", "authors"),
    _belongs("ticket_id", "tickets"),
)
_due(mentions)
sa.Index("ix_mentions_account", mentions.c.brand_id, mentions.c.account_id, mentions.c.id)
sa.Index("ix_mentions_author", mentions.c.brand_id, mentions.c.author_id, mentions.c.id)
sa.Index("ix_mentions_ticket", mentions.c.brand_id, mentions.c.ticket_id, mentions.c.id)
sa.Index("ix_mentions_thread", mentions.c.brand_id, mentions.c.platform, mentions.c.thread_id)

sightings = sa.Table(
    "sightings",
    metadata,
    sa.Column("brand_id", Name, primary_key=True),
    sa.Column("mention_id", Key, primary_key=True),
    sa.Column("account_id", Name, primary_key=True),
    sa.Column("origin", sa.String(10), primary_key=True),
    sa.Column("seen_at", Instant, nullable=False),
    _belongs("mention_id", "mentions"),
)

verdicts = sa.Table(
    "verdicts",
    metadata,
    *_key(),
    sa.Column("mention_id", Key, nullable=False),
    sa.Column("label", sa.String(12), nullable=False),
    sa.Column("complaint", sa.Float, nullable=False),
    sa.Column("severity", sa.String(10), nullable=False),
    sa.Column("topics", Json, nullable=False),
    sa.Column("lang", sa.String(16)),
    sa.Column("reasons", Json, nullable=False),
    sa.Column("risky", sa.Boolean, nullable=False),
    sa.Column("model", Name, nullable=False),
    sa.Column("version", Name, nullable=False),
    sa.Column("actor", sa.Text),
    sa.Column("decided", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    _belongs("mention_id", "mentions"),
)
sa.Index("ix_verdicts_mention", verdicts.c.brand_id, verdicts.c.mention_id, verdicts.c.id)

media = sa.Table(
    "media",
    metadata,
    *_key(),
    sa.Column("mention_id", Key, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("type", sa.String(20), nullable=False),
    sa.Column("alt", sa.Text, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("mime", sa.String(40)),
    sa.Column("width", sa.Integer),
    sa.Column("height", sa.Integer),
    sa.Column("body", sa.LargeBinary),
    *_claim(),
    sa.UniqueConstraint("brand_id", "mention_id", "position"),
    _belongs("mention_id", "mentions"),
)
_due(media)

contexts = sa.Table(
    "contexts",
    metadata,
    *_key(),
    sa.Column("mention_id", Key, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("platform", Name, nullable=False),
    sa.Column("external_id", NetworkId),
    sa.Column("author_id", NetworkId),
    sa.Column("handle", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("permalink", sa.Text),
    sa.Column("occurred_at", Instant),
    sa.Column("deleted", sa.Boolean, nullable=False),
    sa.UniqueConstraint("brand_id", "mention_id", "position"),
    _belongs("mention_id", "mentions"),
)
"""The posts above a mention in its thread, which are nobody's ticket."""
sa.Index("ix_contexts_author", contexts.c.brand_id, contexts.c.platform, contexts.c.author_id)

rechecks = sa.Table(
    "rechecks",
    metadata,
    *_key(),
    sa.Column("account_id", Name, nullable=False),
    sa.Column("until", Instant, nullable=False),
    *_claim(),
    _belongs("id", "mentions"),
)
_due(rechecks)

entries = sa.Table(
    "entries",
    metadata,
    *_key(),
    sa.Column("ticket_id", Key, nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("surface", sa.String(10), nullable=False),
    sa.Column("mention_id", Key),
    sa.Column("reply_id", Key),
    sa.Column("reason", sa.Text),
    sa.Column("actor", sa.Text),
    sa.Column("occurred_at", Instant, nullable=False),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("text", sa.Text),
    sa.Column("redacted", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.UniqueConstraint("brand_id", "ticket_id", "sequence"),
    sa.UniqueConstraint("brand_id", "mention_id"),
    _belongs("ticket_id", "tickets"),
)
sa.Index("ix_entries_reply", entries.c.brand_id, entries.c.reply_id)
sa.Index("ix_entries_told", entries.c.brand_id, entries.c.ticket_id, entries.c.occurred_at, entries.c.sequence)

search = sa.Table(
    "search",
    metadata,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("brand_id", Name, nullable=False),
    sa.Column("ticket_id", Key, nullable=False),
    sa.Column("body", sa.Text().with_variant(TSVECTOR, "postgresql"), nullable=False),
    sa.UniqueConstraint("brand_id", "ticket_id"),
    _belongs("ticket_id", "tickets"),
)
sa.Index("ix_search_number", search.c.brand_id, search.c.number)
sa.Index("ix_search_body", search.c.body, postgresql_using="gin").ddl_if(dialect="postgresql")

waits = sa.Table(
    "waits",
    metadata,
    *_key(),
    sa.Column("ticket_id", Key, nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("target", Seconds, nullable=False),
    sa.Column("used", Seconds, nullable=False),
    sa.Column("running_since", Instant),
    sa.Column("due_at", Instant),
    sa.Column("warned_at", Instant),
    sa.Column("breached_at", Instant),
    sa.Column("ended_at", Instant),
    sa.Column("end", sa.String(12)),
    sa.Column("wall", Seconds),
    sa.Column("worked", Seconds),
    *_claim(),
    _belongs("ticket_id", "tickets"),
)
_due(waits)
sa.Index("ix_waits_ticket", waits.c.brand_id, waits.c.ticket_id, waits.c.id)

commitments = sa.Table(
    "commitments",
    metadata,
    *_key(),
    sa.Column("ticket_id", Key, nullable=False),
    sa.Column("author_id", Key, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("made_by", sa.Text, nullable=False),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("owner", sa.Text),
    sa.Column("reply_id", Key),
    sa.Column("warned_at", Instant),
    sa.Column("kept_at", Instant),
    sa.Column("missed_at", Instant),
    sa.Column("earlier", Json, nullable=False),
    sa.Column("redacted", sa.Boolean, nullable=False, server_default=sa.false()),
    *_claim(),
    _belongs("ticket_id", "tickets"),
)
_due(commitments)
sa.Index("ix_commitments_ticket", commitments.c.brand_id, commitments.c.ticket_id, commitments.c.id)
sa.Index("ix_commitments_state", commitments.c.brand_id, commitments.c.state, commitments.c.id)

replies = sa.Table(
    "replies",
    metadata,
    *_key(),
    sa.Column("ticket_id", Key, nullable=False),
    sa.Column("account_id", Name, nullable=False),
    sa.Column("platform", Name, nullable=False),
    sa.Column("mention_id", Key, nullable=False),
    sa.Column("author_id", Key, nullable=False),
    sa.Column("purpose", sa.String(20), nullable=False),
    sa.Column("dedupe", Key, nullable=False),
    sa.Column("surface", sa.String(10), nullable=False),
    sa.Column("visibility", sa.String(10), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("lang", sa.String(16)),
    sa.Column("links", Json, nullable=False),
    sa.Column("key", Name, nullable=False),
    sa.Column("prepared", Json, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("author_of_words", sa.Text),
    sa.Column("approved_by", sa.Text),
    sa.Column("template", sa.Text),
    sa.Column("model_version", Name),
    sa.Column("looks", sa.Integer, nullable=False, server_default="0"),
    sa.Column("first_sent_at", Instant),
    sa.Column("parked_at", Instant),
    sa.Column("sent_at", Instant),
    sa.Column("external_id", NetworkId),
    sa.Column("permalink", sa.Text),
    sa.Column("evidence", sa.Text),
    sa.Column("mention_edit_version", sa.String(128), nullable=False),
    sa.Column("redacted", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("task_opened_at", Instant),
    sa.Column("task_done_at", Instant),
    sa.Column("task_done_by", sa.Text),
    sa.Column("kind", sa.String(20)),
    sa.Column("released", sa.Text),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    *_claim(),
    sa.UniqueConstraint("brand_id", "ticket_id", "author_id", "dedupe"),
    _belongs("ticket_id", "tickets"),
    _belongs("mention_id", "mentions"),
)
_due(replies, "state")
sa.Index("ix_replies_state", replies.c.brand_id, replies.c.state, replies.c.id)
sa.Index("ix_replies_author", replies.c.brand_id, replies.c.author_id, replies.c.created_at)
sa.Index("ix_replies_mention", replies.c.brand_id, replies.c.mention_id)
_where("ix_replies_tried", replies.c.first_sent_at, replies.c.brand_id, replies.c.account_id, replies.c.first_sent_at)
_CLOSES = replies.c.purpose == "resolve"
sa.Index("ix_replies_closing", replies.c.brand_id, replies.c.id, sqlite_where=_CLOSES, postgresql_where=_CLOSES)
_where("ix_replies_task", replies.c.task_opened_at, replies.c.brand_id, replies.c.id)
_where("ix_replies_task_done", replies.c.task_done_at, replies.c.brand_id, replies.c.id)
_where("ix_replies_external", replies.c.external_id, replies.c.brand_id, replies.c.platform, replies.c.external_id)

reply_attempts = sa.Table(
    "reply_attempts",
    metadata,
    *_key(),
    sa.Column("reply_id", Key, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("what", sa.String(20), nullable=False),
    sa.Column("outcome", sa.String(40), nullable=False),
    sa.Column("detail", sa.String(500), nullable=False),
    _belongs("reply_id", "replies"),
)
sa.Index("ix_reply_attempts_reply", reply_attempts.c.brand_id, reply_attempts.c.reply_id, reply_attempts.c.id)

own_posts = sa.Table(
    "own_posts",
    metadata,
    sa.Column("brand_id", Name, primary_key=True),
    sa.Column("account_id", Name, primary_key=True),
    sa.Column("external_id", NetworkId, primary_key=True),
    sa.Column("parent_id", NetworkId),
    sa.Column("thread_id", NetworkId, nullable=False),
    sa.Column("permalink", sa.Text),
    sa.Column("occurred_at", Instant, nullable=False),
    sa.Column("text", sa.Text),
    sa.Column("surface", sa.String(10)),
)
sa.Index("ix_own_posts_parent", own_posts.c.brand_id, own_posts.c.account_id, own_posts.c.parent_id)

inbox = sa.Table(
    "inbox",
    metadata,
    *_key(),
    sa.Column("platform", Name, nullable=False),
    sa.Column("account_id", Name, nullable=False),
    sa.Column("origin", sa.String(10), nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("received_at", Instant, nullable=False),
    *_claim(),
    sa.UniqueConstraint("brand_id", "account_id", "digest"),
)
_due(inbox)
sa.Index("ix_inbox_state", inbox.c.brand_id, inbox.c.state, inbox.c.id)

account_spend = sa.Table(
    "account_spend",
    metadata,
    sa.Column("brand_id", Name, primary_key=True),
    sa.Column("account_id", Name, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("what", Name, primary_key=True),
    sa.Column("micros", sa.BigInteger, nullable=False),
)

streams = sa.Table(
    "streams",
    metadata,
    sa.Column("brand_id", Name, primary_key=True),
    sa.Column("account_id", Name, primary_key=True),
    sa.Column("holder", Key),
    sa.Column("until", Instant),
    sa.Column("since", Instant),
    sa.Column("heard_at", Instant),
    sa.Column("lost", sa.Integer, nullable=False, server_default="0"),
    sa.Column("last_error", sa.Text),
)

gaps = sa.Table(
    "gaps",
    metadata,
    *_key(),
    sa.Column("account_id", Name, nullable=False),
    sa.Column("kind", Name, nullable=False, server_default="blind"),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("closed_at", Instant),
    sa.Column("repaired", sa.Text),
)
sa.Index(
    "uq_gaps_open",
    gaps.c.brand_id,
    gaps.c.account_id,
    gaps.c.kind,
    unique=True,
    sqlite_where=gaps.c.closed_at.is_(None),
    postgresql_where=gaps.c.closed_at.is_(None),
)

sa.Index("ix_gaps_account", gaps.c.brand_id, gaps.c.account_id, gaps.c.id)

events = sa.Table(
    "events",
    metadata,
    *_key(),
    sa.Column("type", sa.String(40), nullable=False),
    sa.Column("occurred_at", Instant, nullable=False),
    sa.Column("ticket_id", Key),
    sa.Column("account_id", Name),
    sa.Column("mention_id", Key),
    sa.Column("reply_id", Key),
    sa.Column("sequence", sa.BigInteger),
    sa.Column("facts", Json, nullable=False),
    sa.Column("position", sa.BigInteger),
)
sa.Index("ix_events_position", events.c.position, unique=True)
sa.Index(
    "ix_events_brand",
    events.c.brand_id,
    events.c.position,
    sqlite_where=events.c.position.isnot(None),
    postgresql_where=events.c.position.isnot(None),
)
sa.Index(
    "ix_events_unplaced",
    events.c.id,
    sqlite_where=events.c.position.is_(None),
    postgresql_where=events.c.position.is_(None),
)
sa.Index("ix_events_ticket", events.c.brand_id, events.c.ticket_id, events.c.sequence)

heads = sa.Table(
    "heads",
    metadata,
    sa.Column("name", Name, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)

endpoints = sa.Table(
    "endpoints",
    metadata,
    *_key(),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("types", Json, nullable=False),
    sa.Column("topics", Json, nullable=False, server_default="[]"),
    sa.Column("severities", Json, nullable=False, server_default="[]"),
    sa.Column("mode", sa.String(12), nullable=False, server_default="plain"),
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("previous_secret", sa.LargeBinary),
    sa.Column("previous_until", Instant),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("disabled_at", Instant),
    sa.Column("disabled_because", sa.Text),
    sa.Column("deleted_at", Instant),
    sa.Column("failing_since", Instant),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("resting_until", Instant),
    sa.Column("lane", sa.String(4), nullable=False, server_default="fast"),
    sa.Column("recovered_to", sa.BigInteger),
    sa.Column("recover_until", sa.BigInteger),
    *_claim(),
)
_due(endpoints, "lane")

deliveries = sa.Table(
    "deliveries",
    metadata,
    *_key(),
    sa.Column("endpoint_id", Key, nullable=False),
    sa.Column("event_id", Key, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("line", Name, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("due", Instant),
    sa.Column("scheduled", Instant),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("last_status", sa.Integer),
    sa.Column("last_detail", sa.String(500)),
    sa.Column("delivered_at", Instant),
    sa.UniqueConstraint("brand_id", "endpoint_id", "event_id"),
    _belongs("endpoint_id", "endpoints"),
)
_WAITING = deliveries.c.due.isnot(None)
sa.Index("ix_deliveries_endpoint", deliveries.c.brand_id, deliveries.c.endpoint_id, deliveries.c.id)
sa.Index("ix_deliveries_state", deliveries.c.brand_id, deliveries.c.endpoint_id, deliveries.c.state, deliveries.c.id)
sa.Index(
    "ix_deliveries_waiting",
    deliveries.c.brand_id,
    deliveries.c.endpoint_id,
    deliveries.c.position,
    sqlite_where=_WAITING,
    postgresql_where=_WAITING,
)
sa.Index(
    "ix_deliveries_line",
    deliveries.c.brand_id,
    deliveries.c.endpoint_id,
    deliveries.c.line,
    deliveries.c.position,
    sqlite_where=_WAITING,
    postgresql_where=_WAITING,
)

delivery_attempts = sa.Table(
    "delivery_attempts",
    metadata,
    *_key(),
    sa.Column("delivery_id", Key, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("detail", sa.String(500), nullable=False),
    _belongs("delivery_id", "deliveries"),
)
sa.Index(
    "ix_delivery_attempts_of", delivery_attempts.c.brand_id, delivery_attempts.c.delivery_id, delivery_attempts.c.id
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("scopes", Json, nullable=False),
    sa.Column("brands", Json, nullable=False),
    sa.Column("accounts", Json, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("revoked_at", Instant),
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("token_id", Key, primary_key=True),
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("body", sa.LargeBinary),
)
sa.Index("ix_idempotency_created", idempotency.c.created_at)

switches = sa.Table(
    "switches",
    metadata,
    sa.Column("name", Name, primary_key=True),
    sa.Column("state", sa.Boolean, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
)

externals = sa.Table(
    "externals",
    metadata,
    sa.Column("brand_id", Name, primary_key=True),
    sa.Column("ticket_id", Key, primary_key=True),
    sa.Column("desk", Name, primary_key=True),
    sa.Column("external_id", NetworkId, nullable=False),
    sa.Column("url", sa.Text),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.UniqueConstraint("brand_id", "desk", "external_id"),
    _belongs("ticket_id", "tickets"),
)

helpdesks = sa.Table(
    "helpdesks",
    metadata,
    *[sa.Column("brand_id", Name, primary_key=True), sa.Column("id", Name, primary_key=True)],
    sa.Column("helpdesk", Name, nullable=False),
    sa.Column("cursor", sa.Text),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("last_error", sa.Text),
    sa.Column("last_polled_at", Instant),
    sa.Column("resting_until", Instant),
    *_claim(),
)
_due(helpdesks)

mirrors = sa.Table(
    "mirrors",
    metadata,
    *_key(),
    sa.Column("ticket_id", Key, nullable=False),
    sa.Column("desk", Name, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("parked_at", Instant),
    sa.Column("wanted", sa.Integer, nullable=False, server_default="0"),
    sa.Column("reached", sa.Integer, nullable=False, server_default="0"),
    sa.Column("look", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("known", Json, nullable=False),
    *_claim(),
    sa.UniqueConstraint("brand_id", "ticket_id", "desk"),
    _belongs("ticket_id", "tickets"),
)
_due(mirrors)
sa.Index("ix_mirrors_state", mirrors.c.brand_id, mirrors.c.desk, mirrors.c.state, mirrors.c.id)

mirror_lines = sa.Table(
    "mirror_lines",
    metadata,
    *_key(),
    sa.Column("mirror_id", Key, nullable=False),
    sa.Column("way", sa.String(3), nullable=False),
    sa.Column("key", sa.String(128), nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("theirs", NetworkId),
    sa.Column("reason", sa.Text),
    sa.Column("at", Instant, nullable=False),
    sa.UniqueConstraint("brand_id", "mirror_id", "way", "key"),
    _belongs("mirror_id", "mirrors"),
)

handoffs = sa.Table(
    "handoffs",
    metadata,
    *_key(),
    sa.Column("ticket_id", Key, nullable=False),
    sa.Column("author_id", Key, nullable=False),
    sa.Column("way", sa.String(10), nullable=False),
    sa.Column("turn", sa.Integer, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("digest", sa.String(64), unique=True),
    sa.Column("reply_id", Key),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("offered_at", Instant),
    sa.Column("opened_at", Instant),
    sa.Column("received_at", Instant),
    sa.Column("verified_at", Instant),
    sa.Column("dead_at", Instant),
    sa.Column("dead_because", sa.String(120)),
    sa.Column("revoked_at", Instant),
    sa.UniqueConstraint("brand_id", "ticket_id", "turn"),
    _belongs("ticket_id", "tickets"),
)
sa.Index("ix_handoffs_reply", handoffs.c.brand_id, handoffs.c.reply_id)
sa.Index("ix_handoffs_over", handoffs.c.state, handoffs.c.expires_at)

form_sessions = sa.Table(
    "form_sessions",
    metadata,
    *_key(),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("handoff_id", Key),
    sa.Column("ticket_id", Key),
    sa.Column("author_id", Key),
    sa.Column("code_digest", sa.String(64)),
    sa.Column("code_turn", sa.Integer, nullable=False),
    sa.Column("code_until", Instant),
    sa.Column("asked_as", sa.String(200)),
    sa.Column("post_print", sa.String(64)),
    sa.Column("second_digest", sa.String(64)),
    sa.Column("second_until", Instant),
    sa.Column("second_tries", sa.Integer, nullable=False),
    sa.Column("proof", sa.String(10), nullable=False),
    sa.Column("proven_at", Instant),
    sa.Column("proven_author", Key),
    sa.Column("proven_print", sa.String(64)),
    sa.Column("lapsed_at", Instant),
    _belongs("ticket_id", "tickets"),
)
sa.Index("ix_form_sessions_ticket", form_sessions.c.brand_id, form_sessions.c.ticket_id, form_sessions.c.id)
sa.Index("ix_form_sessions_code", form_sessions.c.brand_id, form_sessions.c.code_digest)

form_lines = sa.Table(
    "form_lines",
    metadata,
    *_key(),
    sa.Column("session_id", Key, nullable=False),
    sa.Column("ticket_id", Key, nullable=False),
    sa.Column("at", Instant, nullable=False),
    _belongs("session_id", "form_sessions"),
    _belongs("ticket_id", "tickets"),
)
sa.Index("ix_form_lines_session", form_lines.c.brand_id, form_lines.c.session_id, form_lines.c.id)
sa.Index("ix_form_lines_ticket", form_lines.c.brand_id, form_lines.c.ticket_id, form_lines.c.at)

calls = sa.Table(
    "calls",
    metadata,
    *_key(),
    sa.Column("ticket_id", Key, nullable=False),
    sa.Column("session_id", Key, nullable=False),
    sa.Column("commitment_id", Key, nullable=False),
    sa.Column("phone", sa.Text, nullable=False),
    sa.Column("starts_at", Instant, nullable=False),
    sa.Column("ends_at", Instant, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("proof", sa.String(10), nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("lane", sa.Integer),
    sa.Column("tried", Json, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("redacted", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.UniqueConstraint("brand_id", "starts_at", "lane"),
    _belongs("ticket_id", "tickets"),
)
sa.Index("ix_calls_ticket", calls.c.brand_id, calls.c.ticket_id, calls.c.id)
sa.Index("ix_calls_state", calls.c.brand_id, calls.c.state, calls.c.id)
sa.Index("ix_calls_session", calls.c.brand_id, calls.c.session_id)

record_checks = sa.Table(
    "record_checks",
    metadata,
    *_key(),
    sa.Column("ticket_id", Key, nullable=False),
    sa.Column("session_id", Key, nullable=False),
    sa.Column("needs", sa.String(10), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("details", Json, nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("proof", sa.String(10), nullable=False),
    sa.Column("account", sa.Text),
    sa.Column("answered_at", Instant),
    sa.Column("redacted", sa.Boolean, nullable=False, server_default=sa.false()),
    *_claim(),
    _belongs("ticket_id", "tickets"),
)
_due(record_checks)
sa.Index("ix_record_checks_ticket", record_checks.c.brand_id, record_checks.c.ticket_id, record_checks.c.id)
sa.Index("ix_record_checks_session", record_checks.c.brand_id, record_checks.c.session_id, record_checks.c.asked_at)

uploads = sa.Table(
    "uploads",
    metadata,
    *_key(),
    sa.Column("line_id", Key, nullable=False),
    sa.Column("ticket_id", Key, nullable=False),
    sa.Column("mime", sa.String(40), nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    _belongs("line_id", "form_lines"),
    _belongs("ticket_id", "tickets"),
)
sa.Index("ix_uploads_line", uploads.c.brand_id, uploads.c.line_id)
sa.Index("ix_uploads_ticket", uploads.c.brand_id, uploads.c.ticket_id)
