"""Tickets by place, for lists narrowed by it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

GIVEN = sa.text("place IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_tickets_place", "tickets", ["brand_id", "place", "id"], sqlite_where=GIVEN, postgresql_where=GIVEN
    )


def downgrade() -> None:
    op.drop_index("ix_tickets_place", table_name="tickets")
