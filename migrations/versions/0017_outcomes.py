"""What the customer says of a story that was solved."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tickets", sa.Column("outcome", sa.String(10)))
    op.add_column("tickets", sa.Column("outcome_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("tickets", "outcome_at")
    op.drop_column("tickets", "outcome")
