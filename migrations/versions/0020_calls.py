"""Calls that customers asked for, and every attempt at them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
NAME, KEY, INSTANT = sa.String(64), sa.String(40), sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "calls",
        sa.Column("brand_id", NAME, primary_key=True),
        sa.Column("id", KEY, primary_key=True),
        sa.Column("ticket_id", KEY, nullable=False),
        sa.Column("session_id", KEY, nullable=False),
        sa.Column("commitment_id", KEY, nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("proof", sa.String(10), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("lane", sa.Integer()),
        sa.Column("tried", JSON, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("redacted", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.UniqueConstraint("brand_id", "starts_at", "lane", name="uq_calls_brand_id_starts_at_lane"),
        sa.ForeignKeyConstraint(
            ["brand_id", "ticket_id"], ["tickets.brand_id", "tickets.id"], name="fk_calls_brand_id_ticket_id"
        ),
    )
    op.create_index("ix_calls_ticket", "calls", ["brand_id", "ticket_id", "id"])
    op.create_index("ix_calls_state", "calls", ["brand_id", "state", "id"])
    op.create_index("ix_calls_session", "calls", ["brand_id", "session_id"])


def downgrade() -> None:
    op.drop_table("calls")
