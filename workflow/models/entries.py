"""What an entry claims for the Indeks Inovasi Daerah, and what the coordinator decides for a year of it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflow.db import CanonicalJson
from workflow.models.base import Base
from workflow.models.cases import Case
from workflow.models.people import User

ALIVE, MOVED, PRIVATE, DEAD, SILENT = "alive", "moved", "private", "dead", "silent"
WAITING, ACCEPTED, REFUSED = "waiting", "accepted", "refused"


class IndicatorClaim(Base):
    """The level an entry names for one indicator, and what Bappeda Litbang made of it.

    `state` is waiting, accepted or refused; every change of level or evidence sets it back to waiting.
    `link` stands in for a file where the catalogue allows it; `link_checked_on` is when it was last opened,
    by a person or by a worker, who leaves `link_state`, a note, and when to look again.
    """

    __tablename__ = "indicator_claims"
    __table_args__ = (UniqueConstraint("case_id", "indicator"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    indicator: Mapped[str] = mapped_column(String(10))
    level: Mapped[int]
    basis: Mapped[str | None] = mapped_column(String(40))
    note: Mapped[str | None] = mapped_column(Text)
    link: Mapped[str | None] = mapped_column(String(500))
    link_checked_on: Mapped[date | None]
    link_state: Mapped[str | None] = mapped_column(String(10))
    link_note: Mapped[str | None] = mapped_column(String(500))
    link_due_at: Mapped[datetime | None] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(12), default=WAITING)
    reason: Mapped[str | None] = mapped_column(Text)
    claimed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    claimed_at: Mapped[datetime]
    verified_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    verified_at: Mapped[datetime | None]


class DeskSlot(Base):
    """A place at a desk: on that day the helper goes through the entry with its agency. One per case."""

    __tablename__ = "desk_slots"
    __table_args__ = (
        Index(
            "uq_desk_slots_case",
            "case_id",
            unique=True,
            sqlite_where=text("cancelled_at IS NULL"),
            postgresql_where=text("cancelled_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    helper_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    day: Mapped[date] = mapped_column(index=True)
    made_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    made_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]

    case: Mapped[Case] = relationship(lazy="joined")
    helper: Mapped[User] = relationship(foreign_keys=[helper_id], lazy="joined")


class YearFact(Base):
    """A decision about an award year: "window" ({opens, closes}) or "spd" ({score}). The newest row counts.

    Rows are only ever added: who changed what, when and why is the history.
    """

    __tablename__ = "year_facts"

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(String(20))
    value: Mapped[dict[str, Any]] = mapped_column(CanonicalJson)
    reason: Mapped[str] = mapped_column(Text)
    changed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    changed_at: Mapped[datetime]
