"""Authors the network itself has shown us, whose labels nobody else may change."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SEEN = """
UPDATE authors SET shown = true WHERE EXISTS (
    SELECT 1 FROM mentions
    WHERE mentions.brand_id = authors.brand_id AND mentions.author_id = authors.id
    AND mentions.origin IN ('poll', 'stream', 'hook')
)
"""


def upgrade() -> None:
    op.add_column("authors", sa.Column("shown", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(SEEN)


def downgrade() -> None:
    with op.batch_alter_table("authors") as authors:
        authors.drop_column("shown")
