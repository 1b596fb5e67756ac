"""Lists: the indexes that walk them."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_gaps_account", "gaps", ["brand_id", "account_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_gaps_account", "gaps")
