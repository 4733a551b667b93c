"""What keeps the record honest and the system running: anchors, verifications, incidents, failed tries."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from workflow.models.base import Base


class Anchor(Base):
    """The head of the chain as it stood on one day, signed, so that it can leave the database.

    `day` is the WIB date on which it was taken; `previous` the signature of the anchor before it.
    `filed_at` says when it was first seen written to the file outside.
    """

    __tablename__ = "anchors"

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(unique=True)
    position: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    previous: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(String(60))
    signature: Mapped[str] = mapped_column(String(100))
    filed_at: Mapped[datetime | None]


class Verification(Base):
    """One run of the verifier by a worker, from the event after `begins` to `ends`.

    Unfinished while `finished_at` is null: it was running, or its worker died.
    """

    __tablename__ = "verifications"

    id: Mapped[int] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    begins: Mapped[int]
    ends: Mapped[int]
    intact: Mapped[bool] = mapped_column(default=False)
    event_id: Mapped[int | None]
    fault: Mapped[str | None] = mapped_column(Text)


class Incident(Base):
    """Something that a person has to see to, from the moment it was noticed until it is solved.

    Told once when it opens and once when it closes; `told_at` and `end_told_at` are set when a mail
    server took the mail, `taken_until` while somebody is telling.
    """

    __tablename__ = "incidents"
    __table_args__ = (
        Index(
            "ix_incidents_open",
            "kind",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    detail: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    end_told_at: Mapped[datetime | None]
    taken_until: Mapped[datetime | None]


class Try(Base):
    """One failed try of a job or a mail; the last, successful one is the row's own `done_at`."""

    __tablename__ = "tries"
    __table_args__ = (
        Index("ix_tries_of_job", "job_id"),
        Index("ix_tries_of_email", "email_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"))
    email_id: Mapped[int | None] = mapped_column(ForeignKey("emails.id"))
    number: Mapped[int]
    at: Mapped[datetime]
    error: Mapped[str] = mapped_column(Text)
