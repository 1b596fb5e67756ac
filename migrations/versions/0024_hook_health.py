"""When an account's webhook was heard, and when and why one was refused."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("accounts", sa.Column("hook_heard_at", INSTANT))
    op.add_column("accounts", sa.Column("hook_refused_at", INSTANT))
    op.add_column("accounts", sa.Column("hook_refused_because", sa.Text()))


def downgrade() -> None:
    for column in ("hook_refused_because", "hook_refused_at", "hook_heard_at"):
        op.drop_column("accounts", column)
