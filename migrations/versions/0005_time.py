"""Time: how long customers wait for an answer, and the words we gave."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "waits",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("ticket_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("target", sa.Float(), nullable=False),
        sa.Column("used", sa.Float(), nullable=False),
        sa.Column("running_since", INSTANT),
        sa.Column("due_at", INSTANT),
        sa.Column("warned_at", INSTANT),
        sa.Column("breached_at", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("end", sa.String(12)),
        sa.Column("wall", sa.Float()),
        sa.Column("worked", sa.Float()),
        *claim(),
        *of_a_ticket("waits"),
    )
    due("waits")
    op.create_index("ix_waits_ticket", "waits", ["brand_id", "ticket_id", "id"])
    op.create_table(
        "commitments",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("ticket_id", sa.String(40), nullable=False),
        sa.Column("author_id", sa.String(40), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("reply_id", sa.String(40)),
        sa.Column("warned_at", INSTANT),
        sa.Column("kept_at", INSTANT),
        sa.Column("missed_at", INSTANT),
        sa.Column("earlier", JSON, nullable=False),
        sa.Column("redacted", sa.Boolean(), server_default=sa.false(), nullable=False),
        *claim(),
        *of_a_ticket("commitments"),
    )
    due("commitments")
    op.create_index("ix_commitments_ticket", "commitments", ["brand_id", "ticket_id", "id"])
    op.create_index("ix_commitments_state", "commitments", ["brand_id", "state", "id"])


def claim() -> list[sa.Column[object]]:
    return [
        sa.Column("due", INSTANT),
        sa.Column("lease_until", INSTANT),
        sa.Column("lease_token", sa.String(40)),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
    ]


def of_a_ticket(table: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(
            ["brand_id", "ticket_id"], ["tickets.brand_id", "tickets.id"], name=op.f(f"fk_{table}_brand_id_ticket_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f(f"pk_{table}")),
    ]


def due(table: str) -> None:
    waiting = sa.text("due IS NOT NULL")
    op.create_index(f"ix_{table}_due", table, ["due"], sqlite_where=waiting, postgresql_where=waiting)


def downgrade() -> None:
    op.drop_table("commitments")
    op.drop_table("waits")
