"""The index of the search, and views of lists that people keep"""

import sqlalchemy as sa
from alembic import op

from workflow.db import UtcDateTime

revision = "0007"
down_revision = "0006"

SQLITE = (
    """
CREATE VIRTUAL TABLE search_index USING fts5(
    title, cover, body, spelling, content='search_documents', content_rowid='case_id', tokenize='ascii', prefix='3'
)
""",
    """
CREATE TRIGGER search_documents_insert AFTER INSERT ON search_documents BEGIN
    INSERT INTO search_index (rowid, title, cover, body, spelling)
    VALUES (new.case_id, new.title, new.cover, new.body, new.spelling);
END
""",
    """
CREATE TRIGGER search_documents_delete AFTER DELETE ON search_documents BEGIN
    INSERT INTO search_index (search_index, rowid, title, cover, body, spelling)
    VALUES ('delete', old.case_id, old.title, old.cover, old.body, old.spelling);
END
""",
    """
CREATE TRIGGER search_documents_update AFTER UPDATE ON search_documents BEGIN
    INSERT INTO search_index (search_index, rowid, title, cover, body, spelling)
    VALUES ('delete', old.case_id, old.title, old.cover, old.body, old.spelling);
    INSERT INTO search_index (rowid, title, cover, body, spelling)
    VALUES (new.case_id, new.title, new.cover, new.body, new.spelling);
END
""",
)
POSTGRESQL = (
    """
CREATE TABLE search_index (
    case_id integer PRIMARY KEY, heading tsvector NOT NULL, words tsvector NOT NULL, spelling tsvector NOT NULL
)
""",
    "CREATE INDEX ix_search_index_heading ON search_index USING gin (heading)",
    "CREATE INDEX ix_search_index_words ON search_index USING gin (words)",
    "CREATE INDEX ix_search_index_spelling ON search_index USING gin (spelling)",
    """
CREATE FUNCTION search_documents_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM search_index WHERE case_id = COALESCE(OLD.case_id, NEW.case_id);
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO search_index (case_id, heading, words, spelling) VALUES (
            NEW.case_id,
            setweight(to_tsvector('simple', NEW.title), 'A')
                || setweight(to_tsvector('simple', NEW.cover), 'B'),
            setweight(to_tsvector('simple', NEW.title), 'A')
                || setweight(to_tsvector('simple', NEW.cover), 'B')
                || setweight(to_tsvector('simple', NEW.body), 'C'),
            to_tsvector('simple', NEW.spelling)
        );
    END IF;
    RETURN NULL;
END $$
""",
    """
CREATE TRIGGER search_documents_follow AFTER INSERT OR UPDATE OR DELETE ON search_documents
FOR EACH ROW EXECUTE FUNCTION search_documents_follow()
""",
)


def upgrade() -> None:
    op.create_table(
        "search_documents",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("affair", sa.String(length=120), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("cover", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("spelling", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_search_documents_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_search_documents")),
    )
    with op.batch_alter_table("search_documents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_search_documents_affair"), ["affair"], unique=False)
    op.create_table(
        "views",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("query", sa.String(length=400), nullable=False),
        sa.Column("columns", sa.String(length=200), nullable=False),
        sa.Column("sort", sa.String(length=30), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_views_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_views")),
    )
    with op.batch_alter_table("views", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_views_owner_id"), ["owner_id"], unique=False)
    dialect = op.get_bind().dialect.name
    for statement in SQLITE if dialect == "sqlite" else POSTGRESQL:
        op.execute(statement)
