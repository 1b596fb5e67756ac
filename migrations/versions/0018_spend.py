"""What a network's calls have cost an account, by day."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

NAME = sa.String(64)


def upgrade() -> None:
    op.create_table(
        "account_spend",
        sa.Column("brand_id", NAME, primary_key=True),
        sa.Column("account_id", NAME, primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("what", NAME, primary_key=True),
        sa.Column("micros", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("account_spend")
