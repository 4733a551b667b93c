"""How far the running deadline of a case may be extended, and how often it has been."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.calendar import add_working_days, wib_date
from workflow.definition import Extend, process
from workflow.models import Case, Event

EXTENDED = "deadline.extended"


@dataclass(frozen=True)
class Room:
    """What the stage file still leaves: the first and the last day that may be chosen; `used` extensions."""

    rule: Extend
    used: int
    first: date
    last: date

    @property
    def left(self) -> int:
        return max(self.rule.times - self.used, 0)


def room(session: Session, case: Case, now: datetime) -> Room | None:
    """The room of a case; None where no deadline is running or its state does not extend it."""
    rule = process(case.process).states[case.state].extend
    if rule is None or case.due_at is None:
        return None
    start = max(wib_date(case.due_at), wib_date(now))
    return Room(
        rule,
        len(of_stay(session, case)),
        add_working_days(start, 1),
        add_working_days(start, rule.working_days),
    )


def of_stay(session: Session, case: Case) -> list[Event]:
    """The extensions in the present stay of the case in its state, oldest first."""
    told = select(Event).where(Event.case_id == case.id, Event.name == EXTENDED, Event.seq > case.visit)
    return list(session.scalars(told.order_by(Event.seq)))
