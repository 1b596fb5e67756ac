"""What the customer says of a story that was solved, and which earlier answer solved it."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tickets", sa.Column("outcome", sa.String(10)))
    op.add_column("tickets", sa.Column("outcome_at", sa.DateTime(timezone=True)))
    op.add_column("tickets", sa.Column("solved_with", sa.String(40)))
    _index("ix_tickets_solved_with", "tickets", ["brand_id", "solved_with"], "solved_with IS NOT NULL")
    _index("ix_replies_closing", "replies", ["brand_id", "id"], "purpose = 'resolve'")


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    op.drop_index("ix_replies_closing", table_name="replies")
    op.drop_index("ix_tickets_solved_with", table_name="tickets")
    op.drop_column("tickets", "solved_with")
    op.drop_column("tickets", "outcome_at")
    op.drop_column("tickets", "outcome")
