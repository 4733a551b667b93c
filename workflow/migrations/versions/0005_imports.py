"""Imports"""

import sqlalchemy as sa
from alembic import op

from workflow.db import CanonicalJson, UtcDateTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("file_type", sa.String(length=10), nullable=False),
        sa.Column("file_size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("sheet", sa.String(length=200), nullable=False),
        sa.Column("heading_row", sa.Integer(), nullable=False),
        sa.Column("headings", CanonicalJson(), nullable=False),
        sa.Column("mapping", CanonicalJson(), nullable=False),
        sa.Column("options", CanonicalJson(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("started_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("finished_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Integer(), nullable=True),
        sa.Column("undone_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_imports_created_by")),
        sa.ForeignKeyConstraint(["undone_by"], ["users.id"], name=op.f("fk_imports_undone_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_index(op.f("ix_imports_created_at"), "imports", ["created_at"])
    op.create_index(op.f("ix_imports_state"), "imports", ["state"])
    op.create_table(
        "import_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("cells", CanonicalJson(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("remarked", sa.Boolean(), nullable=False),
        sa.Column("document", CanonicalJson(), nullable=True),
        sa.Column("findings", CanonicalJson(), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_import_rows_case_id")),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_import_rows_import_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_rows")),
        sa.UniqueConstraint("import_id", "row", name=op.f("uq_import_rows_import_id_row")),
    )
    op.create_index(op.f("ix_import_rows_case_id"), "import_rows", ["case_id"])
    op.create_index("ix_import_rows_key", "import_rows", ["import_id", "key"])
    op.create_index("ix_import_rows_status", "import_rows", ["import_id", "status", "row"])
    op.create_table(
        "import_mappings",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("heading_set", sa.String(length=64), nullable=False),
        sa.Column("mapping", CanonicalJson(), nullable=False),
        sa.Column("used_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "heading_set", name=op.f("pk_import_mappings")),
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.alter_column("event_id", existing_type=sa.Integer(), nullable=True)
        batch_op.add_column(sa.Column("import_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_jobs_import_id"), "imports", ["import_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_jobs_import_id"), ["import_id"])
    op.add_column("cases", sa.Column("voided_at", UtcDateTime(timezone=True), nullable=True))
