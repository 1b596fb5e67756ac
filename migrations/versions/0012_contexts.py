"""The posts above a mention that answers what we do not know."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ORDER = ("brand_id", "mention_id", "position")


def upgrade() -> None:
    op.create_table(
        "contexts",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("mention_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("platform", sa.String(64), nullable=False),
        sa.Column("external_id", sa.String(512)),
        sa.Column("author_id", sa.String(512)),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("permalink", sa.Text()),
        sa.Column("occurred_at", sa.DateTime(timezone=True)),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "mention_id"],
            ["mentions.brand_id", "mentions.id"],
            name=op.f("fk_contexts_brand_id_mention_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_contexts")),
        sa.UniqueConstraint(*ORDER, name=op.f("uq_contexts_brand_id_mention_id_position")),
    )
    op.create_index("ix_contexts_author", "contexts", ["brand_id", "platform", "author_id"])


def downgrade() -> None:
    op.drop_table("contexts")
