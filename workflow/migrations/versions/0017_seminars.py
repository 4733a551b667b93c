"""Seminars: sessions, slots, attendance; calendar addresses"""

import sqlalchemy as sa
from alembic import op

from workflow.db import CanonicalJson, UtcDateTime

revision = "0017"
down_revision = "0016"

MOMENT = UtcDateTime(timezone=True)


def upgrade() -> None:
    _sessions()
    _slots()
    _attendance()
    op.create_table(
        "calendar_feeds",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_calendar_feeds_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_calendar_feeds")),
    )


def _sessions() -> None:
    op.create_table(
        "seminars",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=90), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("breaks", CanonicalJson(), nullable=False),
        sa.Column("place", sa.String(length=160), nullable=False),
        sa.Column("link", sa.String(length=500), nullable=False),
        sa.Column("chair_id", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("cancelled_at", MOMENT, nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohorts.id"], name=op.f("fk_seminars_cohort_id")),
        sa.ForeignKeyConstraint(["chair_id"], ["users.id"], name=op.f("fk_seminars_chair_id")),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"], name=op.f("fk_seminars_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seminars")),
    )
    for column in ("cohort_id", "starts_at", "chair_id"):
        op.create_index(op.f(f"ix_seminars_{column}"), "seminars", [column])


def _slots() -> None:
    op.create_table(
        "seminar_slots",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seminar_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("cancelled_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["seminar_id"], ["seminars.id"], name=op.f("fk_seminar_slots_seminar_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_seminar_slots_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seminar_slots")),
    )
    stands = sa.text("cancelled_at IS NULL")
    op.create_index(
        "uq_seminar_slots_case",
        "seminar_slots",
        ["seminar_id", "case_id"],
        unique=True,
        sqlite_where=stands,
        postgresql_where=stands,
    )
    op.create_index(op.f("ix_seminar_slots_case_id"), "seminar_slots", ["case_id"])


def _attendance() -> None:
    op.create_table(
        "seminar_attendance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slot_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("presence", sa.String(length=12), nullable=False),
        sa.Column("stand_in", sa.String(length=160), nullable=False),
        sa.Column("noted_by", sa.Integer(), nullable=False),
        sa.Column("noted_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["slot_id"], ["seminar_slots.id"], name=op.f("fk_seminar_attendance_slot_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_seminar_attendance_user_id")),
        sa.ForeignKeyConstraint(["noted_by"], ["users.id"], name=op.f("fk_seminar_attendance_noted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seminar_attendance")),
        sa.UniqueConstraint("slot_id", "user_id", name=op.f("uq_seminar_attendance_slot_id_user_id")),
    )
