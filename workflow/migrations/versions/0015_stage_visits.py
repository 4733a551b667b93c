"""Stays in stages, reckoned from the events so far"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from workflow.db import CanonicalJson, UtcDateTime
from workflow.definition import process
from workflow.visits import stays

revision = "0015"
down_revision = "0014"

CHUNK = 500
COLUMNS = ("case_id", "stage", "entered_at", "left_at", "working_days", "next_stage")


def upgrade() -> None:
    made = op.create_table(
        "stage_visits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("entered_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("left_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("working_days", sa.Integer(), nullable=True),
        sa.Column("next_stage", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_stage_visits_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_visits")),
    )
    op.create_index(op.f("ix_stage_visits_case_id"), "stage_visits", ["case_id"])
    op.create_index(
        "ix_stage_visits_figures", "stage_visits", ["stage", "case_id", "working_days", "next_stage"]
    )
    _reckon(made)


def _reckon(made: sa.Table) -> None:
    cases = sa.table("cases", sa.column("id"), sa.column("process"))
    events = sa.table(
        "events",
        sa.column("case_id"),
        sa.column("seq"),
        sa.column("at", UtcDateTime(timezone=True)),
        sa.column("data", CanonicalJson()),
    )
    bind, last = op.get_bind(), 0
    while True:
        some = sa.select(cases).where(cases.c.id > last).order_by(cases.c.id).limit(CHUNK)
        versions = {row.id: row.process for row in bind.execute(some)}
        if not versions:
            return
        told: dict[int, list[tuple[dict[str, Any], datetime]]] = {key: [] for key in versions}
        query = sa.select(events).where(events.c.case_id.between(min(versions), max(versions)))
        for row in bind.execute(query.order_by(events.c.case_id, events.c.seq)):
            told[row.case_id].append((row.data, row.at))
        rows = [
            {name: getattr(visit, name) for name in COLUMNS}
            for key, found in told.items()
            for visit in stays(process(versions[key]), key, found)
        ]
        if rows:
            op.bulk_insert(made, rows)
        last = max(versions)
