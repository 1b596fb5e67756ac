"""Looks into the company's own records, for what was written in the form."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
NAME, KEY, INSTANT = sa.String(64), sa.String(40), sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "record_checks",
        sa.Column("brand_id", NAME, primary_key=True),
        sa.Column("id", KEY, primary_key=True),
        sa.Column("ticket_id", KEY, nullable=False),
        sa.Column("session_id", KEY, nullable=False),
        sa.Column("needs", sa.String(10), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("proof", sa.String(10), nullable=False),
        sa.Column("account", sa.Text()),
        sa.Column("answered_at", INSTANT),
        sa.Column("redacted", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("due", INSTANT),
        sa.Column("lease_until", INSTANT),
        sa.Column("lease_token", KEY),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.ForeignKeyConstraint(
            ["brand_id", "ticket_id"], ["tickets.brand_id", "tickets.id"], name="fk_record_checks_brand_id_ticket_id"
        ),
    )
    is_due = sa.text("due IS NOT NULL")
    op.create_index("ix_record_checks_due", "record_checks", ["due"], sqlite_where=is_due, postgresql_where=is_due)
    op.create_index("ix_record_checks_ticket", "record_checks", ["brand_id", "ticket_id", "id"])
    op.create_index("ix_record_checks_session", "record_checks", ["brand_id", "session_id", "asked_at"])


def downgrade() -> None:
    op.drop_table("record_checks")
