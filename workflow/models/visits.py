"""How long a case stood in a stage."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from workflow.models.base import Base


class StageVisit(Base):
    """One stay of a case in a stage; derived from its events, for the figures.

    It ends (`left_at`, and `working_days` from the day after entering) with the outcome or when the case goes
    on, `next_stage` is where it went. A case that comes back from an outcome begins another stay.
    """

    __tablename__ = "stage_visits"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    stage: Mapped[str] = mapped_column(String(40))
    entered_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    working_days: Mapped[int | None]
    next_stage: Mapped[str | None] = mapped_column(String(40))


Index(
    "ix_stage_visits_figures",
    StageVisit.stage,
    StageVisit.case_id,
    StageVisit.working_days,
    StageVisit.next_stage,
)
