"""When mails leave: at once or in the day's digest, quiet hours; and words of mails that people changed"""

import sqlalchemy as sa
from alembic import op

from workflow.db import UtcDateTime

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "mail_choices",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("mail_group", sa.String(20), nullable=False),
        sa.Column("way", sa.String(10), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_mail_choices_user_id")),
        sa.PrimaryKeyConstraint("user_id", "mail_group", name=op.f("pk_mail_choices")),
    )
    op.execute(
        "INSERT INTO mail_choices (user_id, mail_group, way, since) "
        "SELECT user_id, mail_group, 'off', since FROM mail_stops"
    )
    op.drop_table("mail_stops")
    op.create_table(
        "quiet_hours",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=True),
        sa.Column("ends", sa.Time(), nullable=True),
        sa.Column("days_off", sa.Boolean(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_quiet_hours_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_quiet_hours")),
    )
    op.create_table(
        "mail_texts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("locale", sa.String(2), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Integer(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("fault_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["set_by"], ["users.id"], name=op.f("fk_mail_texts_set_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_texts")),
        sa.UniqueConstraint("kind", "locale", "version", name=op.f("uq_mail_texts_kind_locale_version")),
    )
    op.add_column("emails", sa.Column("waits_for", sa.String(10), nullable=True))
    op.add_column("emails", sa.Column("not_before", UtcDateTime(), nullable=True))
    op.add_column("emails", sa.Column("digest_day", sa.Date(), nullable=True))
    op.execute(  # in one statement on both: SQLite can add no constraint later without a new table
        "ALTER TABLE emails ADD COLUMN digest_id INTEGER "
        "CONSTRAINT fk_emails_digest_id REFERENCES emails (id)"
    )
    op.create_index(
        "ix_emails_digest",
        "emails",
        ["recipient_id", "digest_day"],
        unique=True,
        sqlite_where=sa.text("digest_day IS NOT NULL"),
        postgresql_where=sa.text("digest_day IS NOT NULL"),
    )
    op.create_index(op.f("ix_emails_digest_id"), "emails", ["digest_id"])
    op.create_index(
        "ix_emails_held",
        "emails",
        ["not_before"],
        sqlite_where=sa.text("waits_for IS NOT NULL AND done_at IS NULL"),
        postgresql_where=sa.text("waits_for IS NOT NULL AND done_at IS NULL"),
    )
