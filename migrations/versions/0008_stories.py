"""Stories: teams, assignees, tags and the why of a priority; notes; what was merged and split; what a post quotes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INDEXES = {
    "ix_tickets_priority": ("tickets", ["brand_id", "priority", "id"], None),
    "ix_tickets_topic": ("tickets", ["brand_id", "topic", "id"], None),
    "ix_tickets_updated": ("tickets", ["brand_id", "updated_at", "id"], None),
    "ix_tickets_team": ("tickets", ["brand_id", "team", "id"], "team IS NOT NULL"),
    "ix_tickets_assignee": ("tickets", ["brand_id", "assignee_id", "id"], "assignee_id IS NOT NULL"),
    "ix_tickets_solved": ("tickets", ["state", "solved_at"], "solved_at IS NOT NULL"),
    "ix_stories_ticket": ("stories", ["brand_id", "ticket_id"], None),
    "ix_entries_told": ("entries", ["brand_id", "ticket_id", "occurred_at", "sequence"], None),
    "ix_replies_external": ("replies", ["brand_id", "platform", "external_id"], "external_id IS NOT NULL"),
}


def upgrade() -> None:
    add_columns()
    op.execute("UPDATE tickets SET solved_at = updated_at WHERE state = 'solved'")
    make_tags()
    make_acts()
    for name, (table, columns, where) in INDEXES.items():
        partial = {f"{dialect}_where": sa.text(where) for dialect in ("sqlite", "postgresql") if where}
        op.create_index(name, table, columns, **partial)


def add_columns() -> None:
    for column in (
        sa.Column("solved_at", INSTANT),
        sa.Column("merged_into", sa.String(40)),
        sa.Column("team", sa.String(64)),
        sa.Column("place", sa.String(64)),
        sa.Column("assignee_id", sa.String(128)),
        sa.Column("assignee_name", sa.Text()),
        sa.Column("tags", JSON, server_default="[]", nullable=False),
        sa.Column("priority_reasons", JSON, server_default="[]", nullable=False),
        sa.Column("priority_by", sa.Text()),
    ):
        op.add_column("tickets", column)
    op.add_column("mentions", sa.Column("quoted_id", sa.String(512)))
    op.add_column("entries", sa.Column("text", sa.Text()))
    op.add_column("entries", sa.Column("redacted", sa.Boolean(), server_default=sa.false(), nullable=False))


def make_tags() -> None:
    op.create_table(
        "ticket_tags",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("tag", sa.String(64), nullable=False),
        sa.Column("ticket_id", sa.String(40), nullable=False),
        belongs("ticket_tags", "ticket_id"),
        sa.PrimaryKeyConstraint("brand_id", "tag", "ticket_id", name=op.f("pk_ticket_tags")),
    )
    op.create_index("ix_ticket_tags_ticket", "ticket_tags", ["brand_id", "ticket_id"])


def make_acts() -> None:
    op.create_table(
        "story_acts",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("source_id", sa.String(40), nullable=False),
        sa.Column("target_id", sa.String(40), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("moved", JSON, nullable=False),
        sa.Column("undone_at", INSTANT),
        sa.Column("undone_by", sa.Text()),
        belongs("story_acts", "source_id"),
        belongs("story_acts", "target_id"),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_story_acts")),
    )
    op.create_index("ix_story_acts_source", "story_acts", ["brand_id", "source_id"])
    op.create_index("ix_story_acts_target", "story_acts", ["brand_id", "target_id"])


def belongs(table: str, column: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_brand_id_{column}")
    return sa.ForeignKeyConstraint(["brand_id", column], ["tickets.brand_id", "tickets.id"], name=name)


def downgrade() -> None:
    for name, (table, _, _) in INDEXES.items():
        op.drop_index(name, table)
    op.drop_table("story_acts")
    op.drop_table("ticket_tags")
    for column in ("text", "redacted"):
        op.drop_column("entries", column)
    op.drop_column("mentions", "quoted_id")
    for column in (
        "solved_at",
        "merged_into",
        "team",
        "place",
        "assignee_id",
        "assignee_name",
        "tags",
        "priority_reasons",
        "priority_by",
    ):
        op.drop_column("tickets", column)
