"""The feed: endpoints are claimed, and have filters, health and an old secret; deliveries stand in line."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
WAITING = sa.text("due IS NOT NULL")
ADDED = ("topics", "severities", "mode", "previous_secret", "previous_until", "failures", "resting_until", "lane")
CLAIM = ("recovered_to", "recover_until", "due", "lease_until", "lease_token", "attempts")


def upgrade() -> None:
    widen_endpoints()
    line_deliveries_up()
    op.execute("UPDATE endpoints SET due = created_at WHERE disabled_at IS NULL")
    placed = sa.text("position IS NOT NULL")
    op.create_index("ix_events_brand", "events", ["brand_id", "position"], sqlite_where=placed, postgresql_where=placed)


def widen_endpoints() -> None:
    with op.batch_alter_table("endpoints") as table:
        table.add_column(sa.Column("topics", JSON, server_default="[]", nullable=False))
        table.add_column(sa.Column("severities", JSON, server_default="[]", nullable=False))
        table.add_column(sa.Column("mode", sa.String(12), server_default="plain", nullable=False))
        table.add_column(sa.Column("previous_secret", sa.LargeBinary()))
        table.add_column(sa.Column("previous_until", INSTANT))
        table.add_column(sa.Column("failures", sa.Integer(), server_default="0", nullable=False))
        table.add_column(sa.Column("resting_until", INSTANT))
        table.add_column(sa.Column("lane", sa.String(4), server_default="fast", nullable=False))
        table.add_column(sa.Column("recovered_to", sa.BigInteger()))
        table.add_column(sa.Column("recover_until", sa.BigInteger()))
        table.add_column(sa.Column("due", INSTANT))
        table.add_column(sa.Column("lease_until", INSTANT))
        table.add_column(sa.Column("lease_token", sa.String(40)))
        table.add_column(sa.Column("attempts", sa.Integer(), server_default="0", nullable=False))
    op.create_index(
        "ix_endpoints_due_lane", "endpoints", ["lane", "due"], sqlite_where=WAITING, postgresql_where=WAITING
    )


def line_deliveries_up() -> None:
    op.drop_index("ix_deliveries_due", "deliveries")
    with op.batch_alter_table("deliveries") as table:
        table.add_column(sa.Column("position", sa.BigInteger()))
        table.add_column(sa.Column("line", sa.String(64)))
        table.add_column(sa.Column("scheduled", INSTANT))
    op.execute(
        """
        UPDATE deliveries SET (position, line) = (
            SELECT events.position, coalesce(events.ticket_id, events.account_id, '') FROM events
            WHERE events.brand_id = deliveries.brand_id AND events.id = deliveries.event_id
        )
        """
    )
    op.execute("UPDATE deliveries SET due = created_at WHERE state = 'pending' AND due IS NULL")
    op.execute("UPDATE deliveries SET scheduled = due")
    with op.batch_alter_table("deliveries") as table:
        table.alter_column("position", existing_type=sa.BigInteger(), nullable=False)
        table.alter_column("line", existing_type=sa.String(64), nullable=False)
        table.drop_column("lease_until")
        table.drop_column("lease_token")
    index_deliveries()


def index_deliveries() -> None:
    here = ["brand_id", "endpoint_id"]
    op.create_index("ix_deliveries_state", "deliveries", [*here, "state", "id"])
    for name, columns in (("waiting", ["position"]), ("line", ["line", "position"])):
        op.create_index(
            f"ix_deliveries_{name}",
            "deliveries",
            [*here, *columns],
            sqlite_where=WAITING,
            postgresql_where=WAITING,
        )


def downgrade() -> None:
    op.drop_index("ix_events_brand", "events")
    for name in ("state", "waiting", "line"):
        op.drop_index(f"ix_deliveries_{name}", "deliveries")
    with op.batch_alter_table("deliveries") as table:
        for column in ("position", "line", "scheduled"):
            table.drop_column(column)
        table.add_column(sa.Column("lease_until", INSTANT))
        table.add_column(sa.Column("lease_token", sa.String(40)))
    op.create_index("ix_deliveries_due", "deliveries", ["due"], sqlite_where=WAITING, postgresql_where=WAITING)
    op.drop_index("ix_endpoints_due_lane", "endpoints")
    with op.batch_alter_table("endpoints") as table:
        for column in (*ADDED, *CLAIM):
            table.drop_column(column)
