"""The words of mails that people changed, version by version."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflow.models.base import Base
from workflow.models.people import User


class MailText(Base):
    """One version of a mail's words in one language; the newest stands. Without words it is the shipped text.

    `fault` says why they could not be used when last tried: the shipped text was sent instead.
    """

    __tablename__ = "mail_texts"
    __table_args__ = (UniqueConstraint("kind", "locale", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    locale: Mapped[str] = mapped_column(String(2))
    version: Mapped[int]
    subject: Mapped[str | None] = mapped_column(Text)
    body: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    set_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    set_at: Mapped[datetime]
    fault: Mapped[str | None] = mapped_column(Text)
    fault_at: Mapped[datetime | None]

    author: Mapped[User] = relationship(lazy="joined")
