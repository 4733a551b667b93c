"""Office contacts of agencies; the inbox"""

import sqlalchemy as sa
from alembic import op

from workflow.db import CanonicalJson, UtcDateTime

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("agencies", sa.Column("contact", CanonicalJson(), nullable=False, server_default="{}"))
    with op.batch_alter_table("agencies") as batch_op:
        batch_op.alter_column("contact", server_default=None)
    op.add_column("emails", sa.Column("muted", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("emails", sa.Column("read_at", UtcDateTime(timezone=True), nullable=True))
    op.execute("UPDATE emails SET read_at = created_at")  # nobody wants to open the mails of years
    with op.batch_alter_table("emails") as batch_op:
        batch_op.alter_column("muted", server_default=None)
    op.create_index(
        "ix_emails_unread",
        "emails",
        ["recipient_id"],
        sqlite_where=sa.text("read_at IS NULL"),
        postgresql_where=sa.text("read_at IS NULL"),
    )
