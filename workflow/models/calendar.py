"""The regency's own edits of the calendar of days off."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflow.models.base import Base
from workflow.models.people import User


class CalendarDay(Base):
    """A day that is not what the library says: `kind` is holiday, leave (cuti bersama) or working.

    `source` names the decree, e.g. "SKB 3 Menteri Nomor 1066/2022". Removed, never deleted: the rows are
    the history. The last row that stands says what a day is.
    """

    __tablename__ = "calendar_days"

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date]
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(120))
    source: Mapped[str] = mapped_column(String(200))
    added_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    added_at: Mapped[datetime]
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    removed_at: Mapped[datetime | None]

    adder: Mapped[User] = relationship(lazy="joined", foreign_keys=[added_by])
    remover: Mapped[User | None] = relationship(lazy="joined", foreign_keys=[removed_by])
