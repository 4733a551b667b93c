"""Desk slots"""

import sqlalchemy as sa
from alembic import op

from workflow.db import UtcDateTime

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "desk_slots",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("helper_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        sa.Column("made_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_desk_slots_case_id")),
        sa.ForeignKeyConstraint(["helper_id"], ["users.id"], name=op.f("fk_desk_slots_helper_id")),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"], name=op.f("fk_desk_slots_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_slots")),
    )
    for column in ("day", "year"):
        op.create_index(op.f(f"ix_desk_slots_{column}"), "desk_slots", [column])
    stands = sa.text("cancelled_at IS NULL")
    op.create_index(
        "uq_desk_slots_case",
        "desk_slots",
        ["case_id"],
        unique=True,
        sqlite_where=stands,
        postgresql_where=stands,
    )
