"""Seminars: sessions of a cohort, their slots, who came, and the address of a person's own calendar."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflow.db import CanonicalJson
from workflow.models.base import Base
from workflow.models.cases import Case, Cohort
from workflow.models.people import User

STANDS = "cancelled_at IS NULL"


class Seminar(Base):
    """A session: cases of one cohort that stand in one state present one after the other.

    `minutes` is the time of one case, `breaks` are {at: "10:15", minutes}. `note` goes out with the
    invitation, `record` is what the organiser wrote down for the minutes. `version` counts every change.
    """

    __tablename__ = "seminars"

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(90))
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohorts.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime]
    minutes: Mapped[int]
    breaks: Mapped[list[dict[str, Any]]] = mapped_column(CanonicalJson, default=list)
    place: Mapped[str] = mapped_column(String(160), default="")
    link: Mapped[str] = mapped_column(String(500), default="")
    chair_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    note: Mapped[str] = mapped_column(Text, default="")
    record: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)
    made_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    made_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str] = mapped_column(Text, default="")

    cohort: Mapped[Cohort] = relationship(lazy="joined")
    chair: Mapped[User] = relationship(lazy="joined", foreign_keys=[chair_id])
    slots: Mapped[list["SeminarSlot"]] = relationship(
        lazy="selectin", order_by="SeminarSlot.position", back_populates="seminar"
    )

    @property
    def standing(self) -> list["SeminarSlot"]:
        """The slots that have not been taken out."""
        return [slot for slot in self.slots if slot.cancelled_at is None]


class SeminarSlot(Base):
    """One case's time within a session, in one visit of its state; taken out, never deleted.

    `sequence` counts what a calendar has to hear of (RFC 5545), `changed_at` says when it last did.
    """

    __tablename__ = "seminar_slots"
    __table_args__ = (
        Index(
            "uq_seminar_slots_case",
            "seminar_id",
            "case_id",
            unique=True,
            sqlite_where=text(STANDS),
            postgresql_where=text(STANDS),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    seminar_id: Mapped[int] = mapped_column(ForeignKey("seminars.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    visit: Mapped[int]
    position: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    sequence: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]

    seminar: Mapped[Seminar] = relationship(back_populates="slots", lazy="joined")
    case: Mapped[Case] = relationship(lazy="joined")
    attendance: Mapped[list["SeminarAttendance"]] = relationship(
        lazy="selectin", order_by="SeminarAttendance.id"
    )


class SeminarAttendance(Base):
    """Whether a person came to a case's presentation; the last word, earlier ones are in the events."""

    __tablename__ = "seminar_attendance"
    __table_args__ = (UniqueConstraint("slot_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slot_id: Mapped[int] = mapped_column(ForeignKey("seminar_slots.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    role: Mapped[str] = mapped_column(String(20))
    presence: Mapped[str] = mapped_column(String(12))
    stand_in: Mapped[str] = mapped_column(String(160), default="")
    noted_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    noted_at: Mapped[datetime]

    user: Mapped[User] = relationship(lazy="joined", foreign_keys=[user_id])


class CalendarFeed(Base):
    """The key that a person's calendar address carries; another key ends the old address."""

    __tablename__ = "calendar_feeds"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(32))
    made_at: Mapped[datetime]
