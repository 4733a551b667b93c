"""Mails a person does without"""

import sqlalchemy as sa
from alembic import op

from workflow.db import UtcDateTime

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "mail_stops",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("mail_group", sa.String(length=20), nullable=False),
        sa.Column("since", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_mail_stops_user_id")),
        sa.PrimaryKeyConstraint("user_id", "mail_group", name=op.f("pk_mail_stops")),
    )
    op.add_column("emails", sa.Column("mail_group", sa.String(length=20), nullable=True))
