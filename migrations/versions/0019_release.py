"""Why a person let a private word out in public."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("replies", sa.Column("released", sa.Text()))


def downgrade() -> None:
    op.drop_column("replies", "released")
