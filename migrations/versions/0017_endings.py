"""How a story ends: what the customer says of it, which earlier answer solved it, and which incident it was part of."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
NAME, KEY = sa.String(64), sa.String(40)


def upgrade() -> None:
    op.add_column("tickets", sa.Column("outcome", sa.String(10)))
    op.add_column("tickets", sa.Column("outcome_at", INSTANT))
    op.add_column("tickets", sa.Column("solved_with", KEY))
    op.add_column("tickets", sa.Column("incident_id", KEY))
    _index("ix_tickets_solved_with", "tickets", ["brand_id", "solved_with"], "solved_with IS NOT NULL")
    _index("ix_tickets_incident", "tickets", ["brand_id", "incident_id", "id"], "incident_id IS NOT NULL")
    op.create_index("ix_tickets_account_state", "tickets", ["brand_id", "account_id", "state", "id"])
    _incidents()
    _index("ix_replies_closing", "replies", ["brand_id", "id"], "purpose = 'resolve'")


def _incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("brand_id", NAME, primary_key=True),
        sa.Column("id", KEY, primary_key=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("news", JSON, nullable=False),
        sa.Column("lang", sa.String(16), nullable=False),
        sa.Column("topics", JSON, nullable=False),
        sa.Column("places", JSON, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("until", INSTANT),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("telling", sa.Boolean(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("declared_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT),
    )
    op.create_index("ix_incidents_state", "incidents", ["brand_id", "state", "id"])
    op.create_table(
        "incident_told",
        sa.Column("brand_id", NAME, primary_key=True),
        sa.Column("incident_id", KEY, primary_key=True),
        sa.Column("author_id", KEY, primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("reply_id", KEY),
        sa.ForeignKeyConstraint(["brand_id", "incident_id"], ["incidents.brand_id", "incidents.id"]),
    )


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    op.drop_index("ix_replies_closing", table_name="replies")
    op.drop_table("incident_told")
    op.drop_table("incidents")
    op.drop_index("ix_tickets_account_state", table_name="tickets")
    op.drop_index("ix_tickets_incident", table_name="tickets")
    op.drop_column("tickets", "incident_id")
    op.drop_index("ix_tickets_solved_with", table_name="tickets")
    op.drop_column("tickets", "solved_with")
    op.drop_column("tickets", "outcome_at")
    op.drop_column("tickets", "outcome")
