"""Every table of the first release, and the rows the code relies on."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("platform", sa.String(64), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("connected_at", INSTANT, nullable=False),
        sa.Column("cursor", sa.Text()),
        sa.Column("network_id", sa.String(512)),
        sa.Column("handle", sa.Text()),
        sa.Column("last_polled_at", INSTANT),
        sa.Column("last_seen_at", INSTANT),
        sa.Column("alive_at", INSTANT),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("paused_by", sa.Text()),
        sa.Column("secret", sa.LargeBinary()),
        sa.Column("secret_version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due", INSTANT),
        sa.Column("lease_until", INSTANT),
        sa.Column("lease_token", sa.String(40)),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_accounts")),
    )
    op.create_index(
        "ix_accounts_due",
        "accounts",
        ["due"],
        sqlite_where=sa.text("due IS NOT NULL"),
        postgresql_where=sa.text("due IS NOT NULL"),
    )
    op.create_table(
        "authors",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("platform", sa.String(64), nullable=False),
        sa.Column("external_id", sa.String(512), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("followers", sa.Integer()),
        sa.Column("is_bot", sa.Boolean(), nullable=False),
        sa.Column("stop_at", INSTANT),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_authors")),
        sa.UniqueConstraint(
            "brand_id", "platform", "external_id", name=op.f("uq_authors_brand_id_platform_external_id")
        ),
    )
    op.create_table(
        "endpoints",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("types", JSON, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("disabled_at", INSTANT),
        sa.Column("disabled_because", sa.Text()),
        sa.Column("failing_since", INSTANT),
        sa.Column("deleted_at", INSTANT),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_endpoints")),
    )
    op.create_table(
        "events",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("ticket_id", sa.String(40)),
        sa.Column("account_id", sa.String(64)),
        sa.Column("mention_id", sa.String(40)),
        sa.Column("reply_id", sa.String(40)),
        sa.Column("sequence", sa.BigInteger()),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("position", sa.BigInteger()),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_position", "events", ["position"], unique=True)
    op.create_index("ix_events_ticket", "events", ["brand_id", "ticket_id", "sequence"])
    op.create_index(
        "ix_events_unplaced",
        "events",
        ["id"],
        sqlite_where=sa.text("position IS NULL"),
        postgresql_where=sa.text("position IS NULL"),
    )
    op.create_table(
        "gaps",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT),
        sa.Column("repaired", sa.Text()),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_gaps")),
    )
    op.create_index(
        "uq_gaps_open",
        "gaps",
        ["brand_id", "account_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "heads",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heads")),
    )
    op.create_table(
        "idempotency",
        sa.Column("token_id", sa.String(40), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("body", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("token_id", "key", name=op.f("pk_idempotency")),
    )
    op.create_index("ix_idempotency_created", "idempotency", ["created_at"])
    op.create_table(
        "inbox",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("platform", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("origin", sa.String(10), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("due", INSTANT),
        sa.Column("lease_until", INSTANT),
        sa.Column("lease_token", sa.String(40)),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("brand_id", "account_id", "digest", name=op.f("uq_inbox_brand_id_account_id_digest")),
    )
    op.create_index(
        "ix_inbox_due",
        "inbox",
        ["due"],
        sqlite_where=sa.text("due IS NOT NULL"),
        postgresql_where=sa.text("due IS NOT NULL"),
    )
    op.create_index("ix_inbox_state", "inbox", ["brand_id", "state", "id"])
    op.create_table(
        "own_posts",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("external_id", sa.String(512), nullable=False),
        sa.Column("parent_id", sa.String(512)),
        sa.Column("thread_id", sa.String(512), nullable=False),
        sa.Column("permalink", sa.Text()),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "account_id", "external_id", name=op.f("pk_own_posts")),
    )
    op.create_index("ix_own_posts_parent", "own_posts", ["brand_id", "account_id", "parent_id"])
    op.create_table(
        "switches",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("state", sa.Boolean(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_switches")),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("brands", JSON, nullable=False),
        sa.Column("accounts", JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_tokens_digest")),
    )
    op.create_table(
        "deliveries",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("endpoint_id", sa.String(40), nullable=False),
        sa.Column("event_id", sa.String(40), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_status", sa.Integer()),
        sa.Column("last_detail", sa.String(500)),
        sa.Column("delivered_at", INSTANT),
        sa.Column("due", INSTANT),
        sa.Column("lease_until", INSTANT),
        sa.Column("lease_token", sa.String(40)),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "endpoint_id"],
            ["endpoints.brand_id", "endpoints.id"],
            name=op.f("fk_deliveries_brand_id_endpoint_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint(
            "brand_id", "endpoint_id", "event_id", name=op.f("uq_deliveries_brand_id_endpoint_id_event_id")
        ),
    )
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["due"],
        sqlite_where=sa.text("due IS NOT NULL"),
        postgresql_where=sa.text("due IS NOT NULL"),
    )
    op.create_index("ix_deliveries_endpoint", "deliveries", ["brand_id", "endpoint_id", "id"])
    op.create_table(
        "tickets",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("platform", sa.String(64), nullable=False),
        sa.Column("author_id", sa.String(40), nullable=False),
        sa.Column("thread_id", sa.String(512), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("priority", sa.String(10), nullable=False),
        sa.Column("topic", sa.String(64)),
        sa.Column("surface", sa.String(10), nullable=False),
        sa.Column("opened_because", sa.Text(), nullable=False),
        sa.Column("permalink", sa.Text()),
        sa.Column("previous_id", sa.String(40)),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("last_said_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "author_id"], ["authors.brand_id", "authors.id"], name=op.f("fk_tickets_brand_id_author_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_tickets")),
    )
    op.create_index("ix_tickets_account", "tickets", ["brand_id", "account_id", "id"])
    op.create_index("ix_tickets_author", "tickets", ["brand_id", "author_id", "id"])
    op.create_index("ix_tickets_state", "tickets", ["brand_id", "state", "id"])
    op.create_table(
        "delivery_attempts",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("delivery_id", sa.String(40), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("detail", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "delivery_id"],
            ["deliveries.brand_id", "deliveries.id"],
            name=op.f("fk_delivery_attempts_brand_id_delivery_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_delivery_attempts")),
    )
    op.create_index("ix_delivery_attempts_of", "delivery_attempts", ["brand_id", "delivery_id", "id"])
    op.create_table(
        "entries",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("ticket_id", sa.String(40), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("surface", sa.String(10), nullable=False),
        sa.Column("mention_id", sa.String(40)),
        sa.Column("reply_id", sa.String(40)),
        sa.Column("reason", sa.Text()),
        sa.Column("actor", sa.Text()),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "ticket_id"], ["tickets.brand_id", "tickets.id"], name=op.f("fk_entries_brand_id_ticket_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_entries")),
        sa.UniqueConstraint("brand_id", "mention_id", name=op.f("uq_entries_brand_id_mention_id")),
        sa.UniqueConstraint("brand_id", "ticket_id", "sequence", name=op.f("uq_entries_brand_id_ticket_id_sequence")),
    )
    op.create_index("ix_entries_reply", "entries", ["brand_id", "reply_id"])
    op.create_table(
        "mentions",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("platform", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("author_id", sa.String(40), nullable=False),
        sa.Column("external_id", sa.String(512), nullable=False),
        sa.Column("thread_id", sa.String(512), nullable=False),
        sa.Column("parent_id", sa.String(512)),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("lang", sa.String(16)),
        sa.Column("visibility", sa.String(10), nullable=False),
        sa.Column("permalink", sa.Text()),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("origin", sa.String(10), nullable=False),
        sa.Column("tagged", sa.Boolean(), nullable=False),
        sa.Column("is_repost", sa.Boolean(), nullable=False),
        sa.Column("is_quote", sa.Boolean(), nullable=False),
        sa.Column("silent", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("edit_version", sa.String(128), nullable=False),
        sa.Column("ref", JSON, nullable=False),
        sa.Column("metrics", JSON, nullable=False),
        sa.Column("raw", JSON),
        sa.Column("ticket_id", sa.String(40)),
        sa.Column("deleted_at", INSTANT),
        sa.Column("redacted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("due", INSTANT),
        sa.Column("lease_until", INSTANT),
        sa.Column("lease_token", sa.String(40)),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "author_id"], ["authors.brand_id", "authors.id"], name=op.f("fk_mentions_brand_id_author_id")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "ticket_id"], ["tickets.brand_id", "tickets.id"], name=op.f("fk_mentions_brand_id_ticket_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_mentions")),
        sa.UniqueConstraint(
            "brand_id", "platform", "external_id", name=op.f("uq_mentions_brand_id_platform_external_id")
        ),
    )
    op.create_index("ix_mentions_account", "mentions", ["brand_id", "account_id", "id"])
    op.create_index("ix_mentions_author", "mentions", ["brand_id", "author_id", "id"])
    op.create_index(
        "ix_mentions_due",
        "mentions",
        ["due"],
        sqlite_where=sa.text("due IS NOT NULL"),
        postgresql_where=sa.text("due IS NOT NULL"),
    )
    op.create_index("ix_mentions_thread", "mentions", ["brand_id", "platform", "thread_id"])
    op.create_index("ix_mentions_ticket", "mentions", ["brand_id", "ticket_id", "id"])
    op.create_table(
        "stories",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("author_id", sa.String(40), nullable=False),
        sa.Column("thread_id", sa.String(512), nullable=False),
        sa.Column("ticket_id", sa.String(40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "ticket_id"], ["tickets.brand_id", "tickets.id"], name=op.f("fk_stories_brand_id_ticket_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "author_id", "thread_id", name=op.f("pk_stories")),
    )
    op.create_table(
        "media",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("mention_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("type", sa.String(20), nullable=False),
        sa.Column("alt", sa.Text(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("mime", sa.String(40)),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("due", INSTANT),
        sa.Column("lease_until", INSTANT),
        sa.Column("lease_token", sa.String(40)),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "mention_id"], ["mentions.brand_id", "mentions.id"], name=op.f("fk_media_brand_id_mention_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_media")),
        sa.UniqueConstraint("brand_id", "mention_id", "position", name=op.f("uq_media_brand_id_mention_id_position")),
    )
    op.create_index(
        "ix_media_due",
        "media",
        ["due"],
        sqlite_where=sa.text("due IS NOT NULL"),
        postgresql_where=sa.text("due IS NOT NULL"),
    )
    op.create_table(
        "rechecks",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("due", INSTANT),
        sa.Column("lease_until", INSTANT),
        sa.Column("lease_token", sa.String(40)),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "id"], ["mentions.brand_id", "mentions.id"], name=op.f("fk_rechecks_brand_id_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_rechecks")),
    )
    op.create_index(
        "ix_rechecks_due",
        "rechecks",
        ["due"],
        sqlite_where=sa.text("due IS NOT NULL"),
        postgresql_where=sa.text("due IS NOT NULL"),
    )
    op.create_table(
        "replies",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("ticket_id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("platform", sa.String(64), nullable=False),
        sa.Column("mention_id", sa.String(40), nullable=False),
        sa.Column("author_id", sa.String(40), nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("dedupe", sa.String(40), nullable=False),
        sa.Column("surface", sa.String(10), nullable=False),
        sa.Column("visibility", sa.String(10), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("lang", sa.String(16)),
        sa.Column("links", JSON, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("prepared", JSON, nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("author_of_words", sa.Text()),
        sa.Column("approved_by", sa.Text()),
        sa.Column("template", sa.Text()),
        sa.Column("model_version", sa.String(64)),
        sa.Column("looks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_sent_at", INSTANT),
        sa.Column("parked_at", INSTANT),
        sa.Column("sent_at", INSTANT),
        sa.Column("external_id", sa.String(512)),
        sa.Column("permalink", sa.Text()),
        sa.Column("evidence", sa.Text()),
        sa.Column("mention_edit_version", sa.String(128), nullable=False),
        sa.Column("redacted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("due", INSTANT),
        sa.Column("lease_until", INSTANT),
        sa.Column("lease_token", sa.String(40)),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "mention_id"],
            ["mentions.brand_id", "mentions.id"],
            name=op.f("fk_replies_brand_id_mention_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "ticket_id"], ["tickets.brand_id", "tickets.id"], name=op.f("fk_replies_brand_id_ticket_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_replies")),
        sa.UniqueConstraint(
            "brand_id", "ticket_id", "author_id", "dedupe", name=op.f("uq_replies_brand_id_ticket_id_author_id_dedupe")
        ),
    )
    op.create_index(
        "ix_replies_due_state",
        "replies",
        ["state", "due"],
        sqlite_where=sa.text("due IS NOT NULL"),
        postgresql_where=sa.text("due IS NOT NULL"),
    )
    op.create_index("ix_replies_author", "replies", ["brand_id", "author_id", "created_at"])
    op.create_index("ix_replies_mention", "replies", ["brand_id", "mention_id"])
    op.create_index("ix_replies_state", "replies", ["brand_id", "state", "id"])
    op.create_table(
        "sightings",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("mention_id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("origin", sa.String(10), nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "mention_id"],
            ["mentions.brand_id", "mentions.id"],
            name=op.f("fk_sightings_brand_id_mention_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "mention_id", "account_id", "origin", name=op.f("pk_sightings")),
    )
    op.create_table(
        "verdicts",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("mention_id", sa.String(40), nullable=False),
        sa.Column("label", sa.String(12), nullable=False),
        sa.Column("complaint", sa.Float(), nullable=False),
        sa.Column("severity", sa.String(10), nullable=False),
        sa.Column("topics", JSON, nullable=False),
        sa.Column("lang", sa.String(16)),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("risky", sa.Boolean(), nullable=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("actor", sa.Text()),
        sa.Column("decided", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "mention_id"],
            ["mentions.brand_id", "mentions.id"],
            name=op.f("fk_verdicts_brand_id_mention_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_verdicts")),
    )
    op.create_index("ix_verdicts_mention", "verdicts", ["brand_id", "mention_id", "id"])
    op.create_table(
        "reply_attempts",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("reply_id", sa.String(40), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("detail", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "reply_id"],
            ["replies.brand_id", "replies.id"],
            name=op.f("fk_reply_attempts_brand_id_reply_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_reply_attempts")),
    )
    op.create_index("ix_reply_attempts_reply", "reply_attempts", ["brand_id", "reply_id", "id"])
    place_first_rows()


def place_first_rows() -> None:
    # Rows that are locked by those who read them must exist: a lock on no row holds nobody.
    heads = sa.table("heads", sa.column("name", sa.String), sa.column("value", sa.BigInteger))
    op.bulk_insert(heads, [{"name": "feed", "value": 0}])
    switches = sa.table(
        "switches",
        sa.column("name", sa.String),
        sa.column("state", sa.Boolean),
        sa.column("actor", sa.String),
        sa.column("changed_at", INSTANT),
    )
    first = {"name": "paused_everywhere", "state": False, "actor": "setup", "changed_at": datetime.now(UTC)}
    op.bulk_insert(switches, [first])


def downgrade() -> None:
    for table in (
        "reply_attempts",
        "verdicts",
        "sightings",
        "replies",
        "rechecks",
        "media",
        "stories",
        "mentions",
        "entries",
        "delivery_attempts",
        "tickets",
        "deliveries",
        "tokens",
        "switches",
        "own_posts",
        "inbox",
        "idempotency",
        "heads",
        "gaps",
        "events",
        "endpoints",
        "authors",
        "accounts",
    ):
        op.drop_table(table)
