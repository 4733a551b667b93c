"""Owed work as rows: jobs, emails, deadlines; and the small tables beside them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflow.db import CanonicalJson
from workflow.models.base import Base
from workflow.models.events import Event

OPEN = "done_at IS NULL AND parked_at IS NULL AND dropped_at IS NULL"
HELD = "waits_for IS NOT NULL AND done_at IS NULL"
PARKED = "parked_at IS NOT NULL AND dropped_at IS NULL"


class Duty:
    """Owed work. Due from `due_at`; taken by a worker until `leased_until`; ends in exactly one of
    done, parked (given up, waits for a person) or dropped (a person said no).
    """

    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    parked_at: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]


class Job(Duty, Base):
    """The outbox: one handler's duty towards one event, or the next chunk of an import or export,
    or the look at a file that came in.

    Towards a webhook it is to send the event there, or a test where there is no event.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("event_id", "handler"),
        Index("ix_jobs_open", "due_at", sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
        Index("ix_jobs_parked", "id", sqlite_where=text(PARKED), postgresql_where=text(PARKED)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int | None] = mapped_column(ForeignKey("events.id"))
    import_id: Mapped[int | None] = mapped_column(ForeignKey("imports.id"), index=True)
    export_id: Mapped[int | None] = mapped_column(ForeignKey("exports.id"), index=True)
    webhook_id: Mapped[int | None] = mapped_column(ForeignKey("webhooks.id"), index=True)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"), index=True)
    handler: Mapped[str] = mapped_column(String(40))

    event: Mapped[Event | None] = relationship()


class Email(Duty, Base):
    """A mail owed to one person about one event, written out when it became owed.

    A mail about a person's own account belongs to no event. It waits as `words`, is written out when it is
    sent and forgotten then: the link in it opens the account.
    Nor does a day's anchor, which has no account either where it goes to the operator.

    `handed_at` is set before SMTP is spoken to and cleared by a clear refusal; a row that has it
    and is neither done nor taken any more is *unknown*: the server may or may not have accepted it.
    `unknown_at` marks those, for a person to decide, unless `on_unknown` is "resend".
    `mail_group` is the group its reader may switch off; None for a mail that always arrives. A `muted` one
    was never to be sent, because its reader had switched the group off: it stands in the inbox alone, and is
    dropped from the start. `read_at` is when its recipient read it there.
    `waits_for` says why it did not leave at once: its reader's quiet hours or the digest of a day. It leaves
    no sooner than `not_before`. `digest_id` is the digest that carries it instead of a mail of its own, and
    `digest_day` makes a row the digest of that day.
    """

    __tablename__ = "emails"
    __table_args__ = (
        UniqueConstraint("event_id", "recipient_id", "kind"),
        Index(
            "ix_emails_unread",
            "recipient_id",
            sqlite_where=text("read_at IS NULL"),
            postgresql_where=text("read_at IS NULL"),
        ),
        Index("ix_emails_open", "due_at", sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
        Index(
            "ix_emails_digest",
            "recipient_id",
            "digest_day",
            unique=True,
            sqlite_where=text("digest_day IS NOT NULL"),
            postgresql_where=text("digest_day IS NOT NULL"),
        ),
        Index("ix_emails_held", "not_before", sqlite_where=text(HELD), postgresql_where=text(HELD)),
        Index("ix_emails_parked", "id", sqlite_where=text(PARKED), postgresql_where=text(PARKED)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int | None] = mapped_column(ForeignKey("events.id"))
    recipient_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    to_address: Mapped[str] = mapped_column(String(254))
    message_id: Mapped[str] = mapped_column(String(120), unique=True)
    subject: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    words: Mapped[dict[str, Any] | None] = mapped_column(CanonicalJson)
    on_unknown: Mapped[str] = mapped_column(String(10), default="hold")
    mail_group: Mapped[str | None] = mapped_column(String(20))
    muted: Mapped[bool] = mapped_column(default=False)
    waits_for: Mapped[str | None] = mapped_column(String(10))
    not_before: Mapped[datetime | None]
    digest_id: Mapped[int | None] = mapped_column(ForeignKey("emails.id"), index=True)
    digest_day: Mapped[date | None]
    read_at: Mapped[datetime | None]
    handed_at: Mapped[datetime | None]
    unknown_at: Mapped[datetime | None]

    event: Mapped[Event | None] = relationship()


class Deadline(Base):
    """A moment at which the system will speak up about a state: a reminder, the end, the escalation.

    `ends_at` is the end of the period (23.59 WIB of its last working day), `at` the moment of this
    row. Fired once, or cancelled when the case leaves the state first.
    """

    __tablename__ = "deadlines"
    __table_args__ = (
        UniqueConstraint("case_id", "visit", "kind"),
        Index(
            "ix_deadlines_open",
            "at",
            sqlite_where=text("fired_at IS NULL AND cancelled_at IS NULL"),
            postgresql_where=text("fired_at IS NULL AND cancelled_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    state: Mapped[str] = mapped_column(String(90))
    visit: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    fired_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]


class Idempotency(Base):
    """The answer given to a request that carried a key, so that the same request gets it again."""

    __tablename__ = "idempotency"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    location: Mapped[str | None] = mapped_column(String(300))
    body: Mapped[dict[str, Any] | None] = mapped_column(CanonicalJson)
    created_at: Mapped[datetime]


class Fact(Base):
    """A single named value of the installation, e.g. the demo clock's offset."""

    __tablename__ = "facts"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[Any] = mapped_column(CanonicalJson)
