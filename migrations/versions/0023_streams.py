"""Streams: who holds an account's, and how it is."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

NAME, KEY, INSTANT = sa.String(64), sa.String(40), sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "streams",
        sa.Column("brand_id", NAME, primary_key=True),
        sa.Column("account_id", NAME, primary_key=True),
        sa.Column("holder", KEY),
        sa.Column("until", INSTANT),
        sa.Column("since", INSTANT),
        sa.Column("heard_at", INSTANT),
        sa.Column("lost", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("last_error", sa.Text()),
    )


def downgrade() -> None:
    op.drop_table("streams")
