"""Deadlines as rows: opened when a case enters a state, cancelled when it leaves, fired by the scan."""

from datetime import date, datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from workflow import office_days
from workflow.calendar import (
    add_months,
    add_working_days,
    end_of,
    morning_of,
    next_working_day,
    wib_date,
    working_days_between,
)
from workflow.definition import Due, State
from workflow.models import Case, Deadline

LEAST_DAYS = 2
SOONEST_RETURN = 2
"""Whoever entered a state with this event cannot have been in it before: one must leave it first."""
END, REMIND = "end", "remind"


def open_for(session: Session, case: Case, state: State, at: datetime) -> None:
    """Write the rows for a state just entered and set the case's `due_at`.

    Working days run from the next one on; months from the day that a form names, never ending within
    the next two working days. The period ends at 23.59 WIB.
    """
    case.due_at = None
    if state.due is None:
        return
    office_days.follow(session)
    last = last_day(session, case, state, at)
    case.due_at = end_of(last)
    moments = {END: case.due_at}
    for days in state.due.remind:
        moment = morning_of(add_working_days(last, -days))
        if moment > at:
            moments[f"{REMIND}-{days}"] = moment
    common = {"case_id": case.id, "state": case.state, "visit": case.visit}
    common |= {"starts_at": at, "ends_at": case.due_at}
    session.execute(insert(Deadline), [{"kind": kind, "at": on, **common} for kind, on in moments.items()])


def move_end(session: Session, case: Case, state: State, last: date, at: datetime) -> None:
    """Let the running period of the state end on another working day, and plan what is said before anew.

    A reminder whose moment is still to come will be sent, also one that was sent for the earlier end;
    the other ones lapse.
    """
    if state.due is None:
        return
    office_days.follow(session)
    case.due_at = end_of(last)
    kept = select(Deadline).where(Deadline.case_id == case.id, Deadline.visit == case.visit)
    held = {row.kind: row for row in session.scalars(kept)}
    moments = {f"{REMIND}-{days}": morning_of(add_working_days(last, -days)) for days in state.due.remind}
    for kind, moment in {END: case.due_at, **moments}.items():
        row = held.get(kind)
        if row is None and moment > at:
            row = Deadline(case_id=case.id, state=case.state, visit=case.visit, kind=kind)
            row.starts_at = held[END].starts_at
            session.add(row)
        if row is not None:
            row.ends_at = case.due_at
            _plan(row, moment, at)


def _plan(row: Deadline, moment: datetime, at: datetime) -> None:
    row.at = moment if moment > at or row.fired_at is None else row.at
    if moment > at:
        row.fired_at = row.cancelled_at = None
    elif row.fired_at is None:
        row.cancelled_at = row.cancelled_at or at


def close_for(session: Session, case: Case, at: datetime) -> None:
    """The case leaves its state: nothing more is said about it."""
    session.execute(
        update(Deadline)
        .where(Deadline.case_id == case.id, Deadline.visit == case.visit)
        .where(Deadline.fired_at.is_(None), Deadline.cancelled_at.is_(None))
        .values(cancelled_at=at)
    )


def due(session: Session, now: datetime, limit: int = 200) -> list[Deadline]:
    """Rows whose moment has come, oldest first."""
    return list(
        session.scalars(
            select(Deadline)
            .where(Deadline.fired_at.is_(None), Deadline.cancelled_at.is_(None), Deadline.at <= now)
            .order_by(Deadline.at, Deadline.id)
            .limit(limit)
        )
    )


def days_left(ends_at: datetime, now: datetime) -> int:
    """Working days until the end of a period: 0 on its last day, negative once it is over."""
    if now > ends_at:
        return min(working_days_between(wib_date(now), wib_date(ends_at)), -1)
    return working_days_between(wib_date(now), wib_date(ends_at))


def last_day(session: Session, case: Case, state: State, at: datetime) -> date:
    """The day on which a state's time ends for a case that entered it at `at`; it must have a `due`."""
    rule = state.due or Due()
    if not rule.months:
        return add_working_days(wib_date(at), _days(session, case, state, rule))
    form, _, key = rule.since.partition(".")
    since = date.fromisoformat(case.forms[form][key]) if form in case.forms else wib_date(at)
    soonest = add_working_days(wib_date(at), LEAST_DAYS)
    return max(next_working_day(add_months(since, rule.months)), soonest)


def _days(session: Session, case: Case, state: State, rule: Due) -> int:
    if not rule.resume or case.visit <= SOONEST_RETURN:
        return rule.working_days
    earlier = select(Deadline).where(
        Deadline.case_id == case.id,
        Deadline.state == state.name,
        Deadline.kind == END,
        Deadline.visit != case.visit,
    )
    last = session.scalars(earlier.order_by(Deadline.visit.desc()).limit(1)).first()
    left = working_days_between(_left_on(last), wib_date(last.ends_at)) if last else rule.working_days
    return max(left, min(LEAST_DAYS, rule.working_days))


def _left_on(deadline: Deadline) -> date:
    return wib_date(deadline.cancelled_at or deadline.ends_at)
