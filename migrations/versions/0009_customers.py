"""Customers: people, the authors they are, who joined whom, and what was erased."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "customers",
        *key(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("vip", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("merged_into", sa.String(40)),
        sa.Column("erased_at", INSTANT),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_customers")),
    )
    op.create_table(
        "customer_joins",
        *key(),
        sa.Column("source_id", sa.String(40), nullable=False),
        sa.Column("target_id", sa.String(40), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("moved", JSON, nullable=False),
        sa.Column("undone_at", INSTANT),
        sa.Column("undone_by", sa.Text()),
        of_a_customer("source_id", "customer_joins"),
        of_a_customer("target_id", "customer_joins"),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_customer_joins")),
    )
    op.create_index("ix_customer_joins_source", "customer_joins", ["brand_id", "source_id", "id"])
    op.create_index("ix_customer_joins_target", "customer_joins", ["brand_id", "target_id", "id"])
    op.create_table(
        "tombstones",
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("erased_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "fingerprint", name=op.f("pk_tombstones")),
    )
    with op.batch_alter_table("authors") as authors:
        authors.add_column(sa.Column("customer_id", sa.String(40)))
        authors.create_foreign_key(
            op.f("fk_authors_brand_id_customer_id"), "customers", ["brand_id", "customer_id"], ["brand_id", "id"]
        )
    op.create_index("ix_authors_customer", "authors", ["brand_id", "customer_id", "id"])
    op.create_index("ix_authors_handle", "authors", ["brand_id", "handle", "id"])
    know_whoever_has_a_ticket()


def know_whoever_has_a_ticket() -> None:
    op.execute("""
        INSERT INTO customers (brand_id, id, name, created_at)
        SELECT brand_id, 'cus_' || substr(id, 5), CASE WHEN name <> '' THEN name ELSE handle END, updated_at
        FROM authors
        WHERE EXISTS (SELECT 1 FROM tickets t WHERE t.brand_id = authors.brand_id AND t.author_id = authors.id)
    """)
    op.execute("""
        UPDATE authors SET customer_id = 'cus_' || substr(id, 5)
        WHERE EXISTS (SELECT 1 FROM tickets t WHERE t.brand_id = authors.brand_id AND t.author_id = authors.id)
    """)


def key() -> list[sa.Column[object]]:
    return [sa.Column("brand_id", sa.String(64), nullable=False), sa.Column("id", sa.String(40), nullable=False)]


def of_a_customer(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["brand_id", column], ["customers.brand_id", "customers.id"], name=op.f(f"fk_{table}_brand_id_{column}")
    )


def downgrade() -> None:
    op.drop_index("ix_authors_customer", "authors")
    op.drop_index("ix_authors_handle", "authors")
    with op.batch_alter_table("authors") as authors:
        authors.drop_constraint(op.f("fk_authors_brand_id_customer_id"), type_="foreignkey")
        authors.drop_column("customer_id")
    for table in ("tombstones", "customer_joins", "customers"):
        op.drop_table(table)
