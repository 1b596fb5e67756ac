"""The occasion a reply was worded for, and how much an account has said of late."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TRIED = sa.text("first_sent_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("replies", sa.Column("kind", sa.String(20)))
    op.create_index(
        "ix_replies_tried",
        "replies",
        ["brand_id", "account_id", "first_sent_at"],
        sqlite_where=TRIED,
        postgresql_where=TRIED,
    )


def downgrade() -> None:
    op.drop_index("ix_replies_tried", table_name="replies")
    op.drop_column("replies", "kind")
