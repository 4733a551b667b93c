"""Held decisions, and days of the calendar"""

import sqlalchemy as sa
from alembic import op

from workflow.db import CanonicalJson, UtcDateTime

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "held_decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=90), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("form", CanonicalJson(), nullable=True),
        sa.Column("mails", CanonicalJson(), nullable=False),
        sa.Column("held_by", sa.Integer(), nullable=False),
        sa.Column("held_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.Column("ended_by_event", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("put_away_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_held_decisions_case_id")),
        sa.ForeignKeyConstraint(["held_by"], ["users.id"], name=op.f("fk_held_decisions_held_by")),
        sa.ForeignKeyConstraint(["ended_by"], ["users.id"], name=op.f("fk_held_decisions_ended_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_decisions")),
    )
    op.create_index(op.f("ix_held_decisions_case_id"), "held_decisions", ["case_id"])
    op.create_table(
        "calendar_days",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("added_by", sa.Integer(), nullable=False),
        sa.Column("added_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("removed_by", sa.Integer(), nullable=True),
        sa.Column("removed_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["added_by"], ["users.id"], name=op.f("fk_calendar_days_added_by")),
        sa.ForeignKeyConstraint(["removed_by"], ["users.id"], name=op.f("fk_calendar_days_removed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_days")),
    )
    held = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_held_decisions_open",
        "held_decisions",
        ["case_id"],
        unique=True,
        sqlite_where=held,
        postgresql_where=held,
    )
