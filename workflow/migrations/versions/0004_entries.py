"""Claims per indicator, decisions per award year, evidence withdrawn"""

import sqlalchemy as sa
from alembic import op

from workflow.db import CanonicalJson, UtcDateTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "indicator_claims",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("indicator", sa.String(length=10), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("basis", sa.String(length=40), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("link", sa.String(length=500), nullable=True),
        sa.Column("link_checked_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("claimed_by", sa.Integer(), nullable=False),
        sa.Column("claimed_at", UtcDateTime(), nullable=False),
        sa.Column("verified_by", sa.Integer(), nullable=True),
        sa.Column("verified_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_indicator_claims_case_id")),
        sa.ForeignKeyConstraint(["claimed_by"], ["users.id"], name=op.f("fk_indicator_claims_claimed_by")),
        sa.ForeignKeyConstraint(["verified_by"], ["users.id"], name=op.f("fk_indicator_claims_verified_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_claims")),
        sa.UniqueConstraint("case_id", "indicator", name=op.f("uq_indicator_claims_case_id_indicator")),
    )
    op.create_index(op.f("ix_indicator_claims_case_id"), "indicator_claims", ["case_id"])
    op.create_table(
        "year_facts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("value", CanonicalJson(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["changed_by"], ["users.id"], name=op.f("fk_year_facts_changed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_year_facts")),
    )
    op.create_index(op.f("ix_year_facts_year"), "year_facts", ["year"])
    op.add_column("evidence", sa.Column("withdrawn_at", UtcDateTime(), nullable=True))
