"""Tasks: what a person must post by hand. And what our team typed in the network's own app, word by word."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
INDEXES = (("ix_replies_task", "task_opened_at"), ("ix_replies_task_done", "task_done_at"))


def upgrade() -> None:
    op.add_column("own_posts", sa.Column("text", sa.Text()))
    op.add_column("own_posts", sa.Column("surface", sa.String(10)))
    op.add_column("replies", sa.Column("task_opened_at", INSTANT))
    op.add_column("replies", sa.Column("task_done_at", INSTANT))
    op.add_column("replies", sa.Column("task_done_by", sa.Text()))
    for name, column in INDEXES:
        given = sa.text(f"{column} IS NOT NULL")
        op.create_index(name, "replies", ["brand_id", "id"], sqlite_where=given, postgresql_where=given)
    op.execute("UPDATE replies SET task_opened_at = updated_at WHERE state = 'manual'")


def downgrade() -> None:
    for name, _ in INDEXES:
        op.drop_index(name, table_name="replies")
    for name in ("task_done_by", "task_done_at", "task_opened_at"):
        op.drop_column("replies", name)
    op.drop_column("own_posts", "surface")
    op.drop_column("own_posts", "text")
