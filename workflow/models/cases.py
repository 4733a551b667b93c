"""The case and what belongs to it."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from workflow.db import CanonicalJson
from workflow.models.base import Base
from workflow.models.files import StoredFile
from workflow.models.people import Agency, User

if TYPE_CHECKING:
    from workflow.models.search import SearchDocument


class Cohort(Base):
    """A batch of a training, e.g. PKP Angkatan IV 2022."""

    __tablename__ = "cohorts"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(160))
    year: Mapped[int]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]


class Counter(Base):
    """The last number given out in a year, per prefix."""

    __tablename__ = "counters"

    prefix: Mapped[str] = mapped_column(String(20), primary_key=True)
    last: Mapped[int]


class Case(Base):
    """One innovation (or one adoption of it) on its way. Only `workflow.commands` changes it.

    An adoption has a `parent`: the innovation, or the earlier adoption that it was taken from.
    `state` is "stage.state". `visit` is the `seq` of the event that entered the state: it tells one
    round of a state from the next. `version` counts what a reader may have seen change; `seq` counts
    events; `draft_revision` counts autosaves. `forms` holds the last submission of each form, and a
    list for those that collect. `voided_at`
    is set where an import that brought the case was undone: only the record still knows it.
    """

    __tablename__ = "cases"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    pipeline: Mapped[str] = mapped_column(String(20), default="innovation")
    process: Mapped[str] = mapped_column(String(4))
    state: Mapped[str] = mapped_column(String(90), index=True)
    outcome: Mapped[str | None] = mapped_column(String(20))
    visit: Mapped[int]
    entered_at: Mapped[datetime] = mapped_column(index=True)
    version: Mapped[int]
    seq: Mapped[int]
    draft_revision: Mapped[int] = mapped_column(default=0)
    title: Mapped[str] = mapped_column(String(200))
    category: Mapped[str] = mapped_column(String(20))
    agency_id: Mapped[int] = mapped_column(ForeignKey("agencies.id"), index=True)
    cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohorts.id"), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    forms: Mapped[dict[str, Any]] = mapped_column(CanonicalJson, default=dict)
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(index=True)
    updated_at: Mapped[datetime] = mapped_column(index=True)
    voided_at: Mapped[datetime | None]

    agency: Mapped[Agency] = relationship(lazy="joined")
    cohort: Mapped[Cohort | None] = relationship(lazy="joined")
    parent: Mapped["Case | None"] = relationship(remote_side=[id])
    participants: Mapped[list["Participant"]] = relationship(
        lazy="selectin", order_by="Participant.id", back_populates="case"
    )
    document: Mapped["SearchDocument | None"] = relationship(lazy="raise", viewonly=True)

    @property
    def stage(self) -> str:
        return self.state.partition(".")[0]

    def holders(self, role: str, state: str | None = None) -> list[User]:
        """The people who hold a role on this case now; for reviewers of one state where it is given."""
        return [
            p.user
            for p in self.participants
            if p.role == role and p.until is None and (state is None or p.state == state)
        ]

    def holder(self, role: str) -> User | None:
        return next(iter(self.holders(role)), None)


class Participant(Base):
    """A person's role on one case: proposer, co_author, mentor, coach; or reviewer, of one state.

    Ended by `until`, never deleted: who was responsible when is part of the record.
    """

    __tablename__ = "participants"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    role: Mapped[str] = mapped_column(String(20))
    state: Mapped[str | None] = mapped_column(String(90))
    since: Mapped[datetime]
    until: Mapped[datetime | None]

    case: Mapped[Case] = relationship(back_populates="participants")
    user: Mapped[User] = relationship(lazy="joined")


# counts, columns and orders read it alone: the rows themselves carry the forms
Index(
    "ix_cases_counted",
    *(Case.pipeline, Case.voided_at, Case.state, Case.category, Case.agency_id, Case.cohort_id),
    *(Case.due_at, Case.outcome, Case.updated_at, Case.id),
)
Index("ix_participants_of_user", Participant.user_id, Participant.role, Participant.until)


class Draft(Base):
    """A form being written, by autosave. One per case and form; reviews are one per person as well."""

    __tablename__ = "drafts"
    __table_args__ = (UniqueConstraint("case_id", "form", "user_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    form: Mapped[str] = mapped_column(String(60))
    user_key: Mapped[int] = mapped_column(default=0)
    data: Mapped[dict[str, Any]] = mapped_column(CanonicalJson)
    revision: Mapped[int]
    saved_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    saved_at: Mapped[datetime]


class Review(Base):
    """One reviewer's judgement in one visit of a state; never changed once given.

    `set_aside_at` marks one whose reviewer turned out to have a conflict of interest: it is kept and
    shown, and left out of every figure.
    """

    __tablename__ = "reviews"
    __table_args__ = (UniqueConstraint("case_id", "visit", "reviewer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    state: Mapped[str] = mapped_column(String(90))
    visit: Mapped[int]
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"))
    recommendation: Mapped[str] = mapped_column(String(40))
    scores: Mapped[dict[str, int]] = mapped_column(CanonicalJson)
    score: Mapped[str] = mapped_column(String(10))
    comment: Mapped[str] = mapped_column(Text)
    submitted_at: Mapped[datetime]
    set_aside_at: Mapped[datetime | None]

    reviewer: Mapped[User] = relationship(lazy="joined")


class Conflict(Base):
    """What was said about a conflict of interest between a person and a case; one row per ground.

    Grounds that follow from the records (same agency, former post, …) are found anew each time and have
    a row only once dismissed. `declared_at` is set where the reviewer said so.
    """

    __tablename__ = "conflicts"
    __table_args__ = (UniqueConstraint("case_id", "user_id", "ground"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    ground: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(Text)
    declared_at: Mapped[datetime | None]
    dismissed_at: Mapped[datetime | None]
    dismissed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class Evidence(Base):
    """A file that proves something. The bytes lie in the evidence store under their SHA-256.

    Withdrawn evidence no longer counts; row and bytes stay, for the record.
    """

    __tablename__ = "evidence"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"))
    field: Mapped[str | None] = mapped_column(String(80))
    indicator: Mapped[str | None] = mapped_column(String(10))
    file_name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    letter_number: Mapped[str | None] = mapped_column(String(100))
    letter_date: Mapped[date | None]
    letter_subject: Mapped[str | None] = mapped_column(String(300))
    uploaded_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    uploaded_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    stored: Mapped[StoredFile | None] = relationship(
        primaryjoin=lambda: foreign(Evidence.sha256) == StoredFile.sha256, viewonly=True, lazy="joined"
    )
