"""What time does to a case: a deadline's row is fired once and becomes an event."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from workflow import deadlines
from workflow.commands.advance import autopilot
from workflow.commands.find import locked
from workflow.definition import SYSTEM, process
from workflow.ledger import Actor, record
from workflow.models import Case, Deadline, Event


def fire_deadline(session: Session, deadline_id: int, actor: Actor) -> Event | None:
    """Fire a due row: None if it was fired, cancelled or moved in the meantime.

    The case is locked first, as every command does, so that the two never wait for each other.
    """
    row = session.get(Deadline, deadline_id)
    if row is None:
        return None
    (case,) = locked(session, Case.id == row.case_id)
    taken = session.execute(
        update(Deadline)
        .where(Deadline.id == deadline_id, Deadline.at <= actor.at)
        .where(Deadline.fired_at.is_(None), Deadline.cancelled_at.is_(None))
        .values(fired_at=actor.at)
        .returning(Deadline.id)
    ).scalar_one_or_none()
    if taken is None or case.visit != row.visit:
        return None
    name = "deadline.passed" if row.kind == deadlines.END else "deadline.reminded"
    data = {
        "state": row.state,
        "kind": row.kind,
        "ends_at": row.ends_at.isoformat(),
        "days_left": max(deadlines.days_left(row.ends_at, actor.at), 0),
    }
    handlers = ["notify", *autopilot(process(case.process), case)]
    return record(session, case, actor, SYSTEM, name, data, handlers=handlers)
