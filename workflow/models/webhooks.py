"""Where events are sent to outside, and how each try went."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from workflow.db import CanonicalJson
from workflow.models.base import Base


class Webhook(Base):
    """An address that is told of events whose name begins with one of `topics`; none means all.

    Secrets are sealed. `previous_secret` signs beside the new one for a while after `rotated_at`.
    `off_reason` says why the system itself switched it off; a person's decision leaves it empty.
    """

    __tablename__ = "webhooks"

    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(String(500))
    topics: Mapped[list[str]] = mapped_column(CanonicalJson)
    secret: Mapped[str] = mapped_column(Text)
    previous_secret: Mapped[str | None] = mapped_column(Text)
    rotated_at: Mapped[datetime | None]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    off_at: Mapped[datetime | None]
    off_reason: Mapped[str | None] = mapped_column(String(200))


class WebhookTry(Base):
    """One try, good or bad: what the receiver answered and how long it took. No body is kept."""

    __tablename__ = "webhook_tries"

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id"), index=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    number: Mapped[int]
    at: Mapped[datetime]
    status: Mapped[int | None]
    milliseconds: Mapped[int]
    error: Mapped[str | None] = mapped_column(Text)
