"""Search: one document a ticket, with an index of its words, made from what is kept already."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from mentionbridge.text.words import words

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BATCH = 1_000
BODY = sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql")
NEWEST_LINES, MOST_WORDS, BETWEEN = 500, 16_000, "·"
ON_SQLITE = (
    "CREATE VIRTUAL TABLE search_words USING fts5("
    "body, content='search', content_rowid='number', tokenize='ascii', columnsize=0, prefix='2 3')",
    "CREATE TRIGGER search_kept AFTER INSERT ON search BEGIN"
    " INSERT INTO search_words(rowid, body) VALUES (new.number, new.body); END",
    "CREATE TRIGGER search_changed AFTER UPDATE ON search BEGIN"
    " INSERT INTO search_words(search_words, rowid, body) VALUES ('delete', old.number, old.body);"
    " INSERT INTO search_words(rowid, body) VALUES (new.number, new.body); END",
    "CREATE TRIGGER search_gone AFTER DELETE ON search BEGIN"
    " INSERT INTO search_words(search_words, rowid, body) VALUES ('delete', old.number, old.body); END",
)
TICKETS = "SELECT brand_id, id FROM tickets WHERE (brand_id, id) > (:brand, :id) ORDER BY brand_id, id LIMIT :many"
LINES = """
SELECT e.sequence, m.text AS said FROM entries e
JOIN mentions m ON m.brand_id = e.brand_id AND m.id = e.mention_id
WHERE e.brand_id = :brand AND e.ticket_id = :id AND NOT m.redacted
UNION ALL
SELECT e.sequence, r.text AS said FROM entries e
JOIN replies r ON r.brand_id = e.brand_id AND r.id = e.reply_id
WHERE e.brand_id = :brand AND e.ticket_id = :id AND NOT r.redacted
ORDER BY 1 DESC LIMIT :many
"""


def upgrade() -> None:
    op.create_table(
        "search",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("brand_id", sa.String(64), nullable=False),
        sa.Column("ticket_id", sa.String(40), nullable=False),
        sa.Column("body", BODY, nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "ticket_id"], ["tickets.brand_id", "tickets.id"], name=op.f("fk_search_brand_id_ticket_id")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_search")),
        sa.UniqueConstraint("brand_id", "ticket_id", name=op.f("uq_search_brand_id_ticket_id")),
    )
    op.create_index("ix_search_number", "search", ["brand_id", "number"])
    if op.get_bind().dialect.name == "sqlite":
        for statement in ON_SQLITE:
            op.execute(statement)
    fill()
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_search_body", "search", ["body"], postgresql_using="gin")


def fill() -> None:
    connection, last = op.get_bind(), ("", "")
    body = "CAST(:body AS tsvector)" if connection.dialect.name == "postgresql" else ":body"
    keep = sa.text(f"INSERT INTO search (brand_id, ticket_id, body) VALUES (:brand, :id, {body})")  # noqa: S608
    while tickets := connection.execute(sa.text(TICKETS), {"brand": last[0], "id": last[1], "many": BATCH}).all():
        for brand, ticket in tickets:
            key = {"brand": brand, "id": ticket}
            lines = connection.execute(sa.text(LINES), {**key, "many": NEWEST_LINES})
            if document := write(connection.dialect.name, [line.said for line in lines]):
                connection.execute(keep, {**key, "body": document})
        last = tuple(tickets[-1])


def write(dialect: str, lines: list[str]) -> str:
    said: list[str] = []
    for line in lines:
        if found := words(line):
            said += [*([BETWEEN] if said else []), *found]
    if dialect == "sqlite":
        return " ".join(said[:MOST_WORDS])
    places: dict[str, list[str]] = {}
    for place, word in enumerate(said[:MOST_WORDS], start=1):
        if word != BETWEEN:
            places.setdefault(word, []).append(str(place))
    return " ".join(f"'{word}':{','.join(where)}" for word, where in places.items())


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE search_words")
    op.drop_table("search")
