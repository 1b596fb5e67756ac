"""Hand-offs into private, the form's browsers, what they wrote and their pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "form_sessions",
        sa.Column("brand_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("handoff_id", sa.String(length=40), nullable=True),
        sa.Column("ticket_id", sa.String(length=40), nullable=True),
        sa.Column("author_id", sa.String(length=40), nullable=True),
        sa.Column("code_digest", sa.String(length=64), nullable=True),
        sa.Column("code_turn", sa.Integer(), nullable=False),
        sa.Column("code_until", INSTANT, nullable=True),
        sa.Column("asked_as", sa.String(length=200), nullable=True),
        sa.Column("post_print", sa.String(length=64), nullable=True),
        sa.Column("second_digest", sa.String(length=64), nullable=True),
        sa.Column("second_until", INSTANT, nullable=True),
        sa.Column("second_tries", sa.Integer(), nullable=False),
        sa.Column("proof", sa.String(length=10), nullable=False),
        sa.Column("proven_at", INSTANT, nullable=True),
        sa.Column("proven_author", sa.String(length=40), nullable=True),
        sa.Column("proven_print", sa.String(length=64), nullable=True),
        sa.Column("lapsed_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["brand_id", "ticket_id"],
            ["tickets.brand_id", "tickets.id"],
            name=op.f("fk_form_sessions_brand_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_form_sessions")),
        sa.UniqueConstraint("digest", name=op.f("uq_form_sessions_digest")),
    )
    op.create_index("ix_form_sessions_code", "form_sessions", ["brand_id", "code_digest"], unique=False)
    op.create_index("ix_form_sessions_ticket", "form_sessions", ["brand_id", "ticket_id", "id"], unique=False)
    op.create_table(
        "handoffs",
        sa.Column("brand_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("ticket_id", sa.String(length=40), nullable=False),
        sa.Column("author_id", sa.String(length=40), nullable=False),
        sa.Column("way", sa.String(length=10), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("reply_id", sa.String(length=40), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("offered_at", INSTANT, nullable=True),
        sa.Column("opened_at", INSTANT, nullable=True),
        sa.Column("received_at", INSTANT, nullable=True),
        sa.Column("verified_at", INSTANT, nullable=True),
        sa.Column("dead_at", INSTANT, nullable=True),
        sa.Column("dead_because", sa.String(length=120), nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["brand_id", "ticket_id"], ["tickets.brand_id", "tickets.id"], name=op.f("fk_handoffs_brand_id_ticket_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_handoffs")),
        sa.UniqueConstraint("brand_id", "ticket_id", "turn", name=op.f("uq_handoffs_brand_id_ticket_id_turn")),
        sa.UniqueConstraint("digest", name=op.f("uq_handoffs_digest")),
    )
    op.create_index("ix_handoffs_over", "handoffs", ["state", "expires_at"], unique=False)
    op.create_index("ix_handoffs_reply", "handoffs", ["brand_id", "reply_id"], unique=False)
    op.create_table(
        "form_lines",
        sa.Column("brand_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("session_id", sa.String(length=40), nullable=False),
        sa.Column("ticket_id", sa.String(length=40), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "session_id"],
            ["form_sessions.brand_id", "form_sessions.id"],
            name=op.f("fk_form_lines_brand_id_session_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "ticket_id"], ["tickets.brand_id", "tickets.id"], name=op.f("fk_form_lines_brand_id_ticket_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_form_lines")),
    )
    op.create_index("ix_form_lines_session", "form_lines", ["brand_id", "session_id", "id"], unique=False)
    op.create_index("ix_form_lines_ticket", "form_lines", ["brand_id", "ticket_id", "at"], unique=False)
    op.create_table(
        "uploads",
        sa.Column("brand_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("line_id", sa.String(length=40), nullable=False),
        sa.Column("ticket_id", sa.String(length=40), nullable=False),
        sa.Column("mime", sa.String(length=40), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "line_id"], ["form_lines.brand_id", "form_lines.id"], name=op.f("fk_uploads_brand_id_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "ticket_id"], ["tickets.brand_id", "tickets.id"], name=op.f("fk_uploads_brand_id_ticket_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_uploads")),
    )
    op.create_index("ix_uploads_line", "uploads", ["brand_id", "line_id"], unique=False)
    op.create_index("ix_uploads_ticket", "uploads", ["brand_id", "ticket_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_uploads_ticket", table_name="uploads")
    op.drop_index("ix_uploads_line", table_name="uploads")
    op.drop_table("uploads")
    op.drop_index("ix_form_lines_ticket", table_name="form_lines")
    op.drop_index("ix_form_lines_session", table_name="form_lines")
    op.drop_table("form_lines")
    op.drop_index("ix_handoffs_reply", table_name="handoffs")
    op.drop_index("ix_handoffs_over", table_name="handoffs")
    op.drop_table("handoffs")
    op.drop_index("ix_form_sessions_ticket", table_name="form_sessions")
    op.drop_index("ix_form_sessions_code", table_name="form_sessions")
    op.drop_table("form_sessions")
