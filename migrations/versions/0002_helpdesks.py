"""Helpdesks: which of their tickets mirrors which of ours, and what has been carried between them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    make_externals()
    make_helpdesks()
    make_mirrors()


def make_externals() -> None:
    op.create_table(
        "externals",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("ticket_id", sa.String(40), nullable=False),
        sa.Column("desk", sa.String(64), nullable=False),
        sa.Column("external_id", sa.String(512), nullable=False),
        sa.Column("url", sa.Text()),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "ticket_id"], ["tickets.brand_id", "tickets.id"], name=op.f("fk_externals_brand_id_ticket_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "ticket_id", "desk", name=op.f("pk_externals")),
        sa.UniqueConstraint("brand_id", "desk", "external_id", name=op.f("uq_externals_brand_id_desk_external_id")),
    )


def make_helpdesks() -> None:
    op.create_table(
        "helpdesks",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("helpdesk", sa.String(64), nullable=False),
        sa.Column("cursor", sa.Text()),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("last_polled_at", INSTANT),
        sa.Column("resting_until", INSTANT),
        *claim_columns(),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_helpdesks")),
    )
    index_due("helpdesks")


def make_mirrors() -> None:
    op.create_table(
        "mirrors",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("ticket_id", sa.String(40), nullable=False),
        sa.Column("desk", sa.String(64), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("parked_at", INSTANT),
        sa.Column("wanted", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reached", sa.Integer(), server_default="0", nullable=False),
        sa.Column("look", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("known", JSON, nullable=False),
        *claim_columns(),
        sa.ForeignKeyConstraint(
            ["brand_id", "ticket_id"], ["tickets.brand_id", "tickets.id"], name=op.f("fk_mirrors_brand_id_ticket_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_mirrors")),
        sa.UniqueConstraint("brand_id", "ticket_id", "desk", name=op.f("uq_mirrors_brand_id_ticket_id_desk")),
    )
    index_due("mirrors")
    op.create_index("ix_mirrors_state", "mirrors", ["brand_id", "desk", "state", "id"])
    op.create_table(
        "mirror_lines",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("mirror_id", sa.String(40), nullable=False),
        sa.Column("way", sa.String(3), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("theirs", sa.String(512)),
        sa.Column("reason", sa.Text()),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "mirror_id"],
            ["mirrors.brand_id", "mirrors.id"],
            name=op.f("fk_mirror_lines_brand_id_mirror_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_mirror_lines")),
        sa.UniqueConstraint(
            "brand_id", "mirror_id", "way", "key", name=op.f("uq_mirror_lines_brand_id_mirror_id_way_key")
        ),
    )


def claim_columns() -> list[sa.Column]:
    return [
        sa.Column("due", INSTANT),
        sa.Column("lease_until", INSTANT),
        sa.Column("lease_token", sa.String(40)),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
    ]


def index_due(table: str) -> None:
    due = sa.text("due IS NOT NULL")
    op.create_index(f"ix_{table}_due", table, ["due"], sqlite_where=due, postgresql_where=due)


def downgrade() -> None:
    for table in ("mirror_lines", "mirrors", "helpdesks", "externals"):
        op.drop_table(table)
