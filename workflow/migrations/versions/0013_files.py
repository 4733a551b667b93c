"""Stored files and their checks"""

import sqlalchemy as sa
from alembic import op

from workflow.db import CanonicalJson, UtcDateTime

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "stored_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("stored_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("checked_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("scanned_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("signature", sa.String(length=200), nullable=True),
        sa.Column("read_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("pictures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("fault", sa.String(length=10), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_files")),
        sa.UniqueConstraint("sha256", name=op.f("uq_stored_files_sha256")),
    )
    op.create_index(op.f("ix_stored_files_fault"), "stored_files", ["fault"])
    op.execute(
        "INSERT INTO stored_files (sha256, size, media_type, stored_at) "
        "SELECT sha256, MAX(size), MIN(media_type), MIN(uploaded_at) FROM evidence GROUP BY sha256"
    )
    op.create_table(
        "file_shingles",
        sa.Column("hash", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_file_shingles_file_id")),
        sa.PrimaryKeyConstraint("hash", "file_id", name=op.f("pk_file_shingles")),
    )
    op.create_index(op.f("ix_file_shingles_file_id"), "file_shingles", ["file_id"])
    op.create_table(
        "file_likenesses",
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_file_likenesses_file_id")),
        sa.ForeignKeyConstraint(["other_id"], ["stored_files.id"], name=op.f("fk_file_likenesses_other_id")),
        sa.PrimaryKeyConstraint("file_id", "other_id", name=op.f("pk_file_likenesses")),
    )
    op.create_index(op.f("ix_file_likenesses_other_id"), "file_likenesses", ["other_id"])
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_uploads_case_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_uploads_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
    )
    for column in ("case_id", "user_id", "expires_at"):
        op.create_index(op.f(f"ix_uploads_{column}"), "uploads", [column])
    with op.batch_alter_table("indicator_claims", schema=None) as batch_op:
        batch_op.add_column(sa.Column("link_state", sa.String(length=10), nullable=True))
        batch_op.add_column(sa.Column("link_note", sa.String(length=500), nullable=True))
        batch_op.add_column(sa.Column("link_due_at", UtcDateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_indicator_claims_link_due_at"), ["link_due_at"])
    op.execute("UPDATE indicator_claims SET link_due_at = claimed_at WHERE link IS NOT NULL")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("file_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_jobs_file_id"), "stored_files", ["file_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_jobs_file_id"), ["file_id"])
    op.create_table(
        "file_checks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("taken_until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("phase", sa.String(length=10), nullable=False),
        sa.Column("cursor", sa.String(length=64), nullable=False),
        sa.Column("checked", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("altered", sa.Integer(), nullable=False),
        sa.Column("orphaned", sa.Integer(), nullable=False),
        sa.Column("orphans", CanonicalJson(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_checks")),
    )
