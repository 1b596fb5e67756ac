"""How an account is heard: up to when all was read, what the network still allows, and gaps of two kinds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
NAME, INSTANT = sa.String(64), sa.DateTime(timezone=True)
OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    op.add_column("accounts", sa.Column("read_to", INSTANT))
    op.add_column("accounts", sa.Column("allowance", JSON))
    op.add_column("gaps", sa.Column("kind", NAME, nullable=False, server_default="blind"))
    op.drop_index("uq_gaps_open", "gaps")
    _one_open("brand_id", "account_id", "kind")


def downgrade() -> None:
    op.execute("DELETE FROM gaps WHERE kind <> 'blind'")
    op.drop_index("uq_gaps_open", "gaps")
    _one_open("brand_id", "account_id")
    op.drop_column("gaps", "kind")
    op.drop_column("accounts", "allowance")
    op.drop_column("accounts", "read_to")


def _one_open(*columns: str) -> None:
    op.create_index("uq_gaps_open", "gaps", columns, unique=True, sqlite_where=OPEN, postgresql_where=OPEN)
