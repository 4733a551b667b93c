"""Expertise and former posts of reviewers, conflicts of interest, substitutes, reviews set aside"""

import sqlalchemy as sa
from alembic import op

from workflow.db import CanonicalJson, UtcDateTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("expertise", CanonicalJson(), nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("former_posts", CanonicalJson(), nullable=False, server_default="[]"))
    with op.batch_alter_table("reviews", schema=None) as batch_op:
        batch_op.add_column(sa.Column("set_aside_at", UtcDateTime(), nullable=True))
    op.create_table(
        "conflicts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("ground", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("declared_at", UtcDateTime(), nullable=True),
        sa.Column("dismissed_at", UtcDateTime(), nullable=True),
        sa.Column("dismissed_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_conflicts_case_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_conflicts_user_id")),
        sa.ForeignKeyConstraint(["dismissed_by"], ["users.id"], name=op.f("fk_conflicts_dismissed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflicts")),
        sa.UniqueConstraint("case_id", "user_id", "ground", name=op.f("uq_conflicts_case_id_user_id_ground")),
    )
    with op.batch_alter_table("conflicts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_conflicts_user_id"), ["user_id"], unique=False)
    op.create_table(
        "substitutes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("substitute_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Integer(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_substitutes_user_id")),
        sa.ForeignKeyConstraint(["substitute_id"], ["users.id"], name=op.f("fk_substitutes_substitute_id")),
        sa.ForeignKeyConstraint(["set_by"], ["users.id"], name=op.f("fk_substitutes_set_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_substitutes")),
    )
    with op.batch_alter_table("substitutes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_substitutes_user_id"), ["user_id"], unique=False)
