"""Decisions kept back until they are released together."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflow.db import CanonicalJson
from workflow.models.base import Base
from workflow.models.cases import Case
from workflow.models.people import User

HELD = "ended_at IS NULL"


class HeldDecision(Base):
    """A step that somebody has decided on and not yet taken; at most one for each case.

    Like a draft it is no event: the chain hears of it when it is released. `visit` and `seen` (the last
    event) are the case as it was decided on; `mails` holds words that replace a template's, by
    mail. Ended as released, withdrawn, replaced by a later one, or void: the case went another way, by
    the event with the number `ended_by_event`. `put_away_at` takes a void one off the page.
    """

    __tablename__ = "held_decisions"
    __table_args__ = (
        Index(
            "ix_held_decisions_open",
            "case_id",
            unique=True,
            sqlite_where=text(HELD),
            postgresql_where=text(HELD),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    state: Mapped[str] = mapped_column(String(90))
    step: Mapped[str] = mapped_column(String(40))
    visit: Mapped[int]
    seen: Mapped[int]
    note: Mapped[str | None] = mapped_column(Text)
    form: Mapped[dict[str, Any] | None] = mapped_column(CanonicalJson)
    mails: Mapped[dict[str, Any]] = mapped_column(CanonicalJson, default=dict)
    held_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    held_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    ended_by_event: Mapped[int | None]
    outcome: Mapped[str | None] = mapped_column(String(20))
    put_away_at: Mapped[datetime | None]

    case: Mapped[Case] = relationship(lazy="joined")
    holder: Mapped[User] = relationship(lazy="joined", foreign_keys=[held_by])
    ender: Mapped[User | None] = relationship(lazy="joined", foreign_keys=[ended_by])
