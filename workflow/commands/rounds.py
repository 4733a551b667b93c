"""A round of reviews whose time is over without a quorum: handed to those who assign, never left to wait."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.definition import SYSTEM, process
from workflow.guards import counted, missing, reviews_of, time_over
from workflow.ledger import Actor, record
from workflow.models import Case, Event

FELL_SHORT = "round.fell_short"


def hand_round_over(session: Session, case: Case, actor: Actor) -> Event | None:
    """Say once for each end of the (locked) case's round that it lacks reviews; None where it does not.

    The round stays open: a review that comes late still counts, and with a quorum the case moves on
    by itself, as long as nobody has decided.
    """
    rule = process(case.process).states[case.state].review
    if rule is None or case.due_at is None or not time_over(case, actor.at):
        return None
    given = reviews_of(session, case)
    if missing(case, rule, given, actor.at) is None or _told(session, case):
        return None
    counts = {
        "given": len(counted(given)),
        "asked": len(case.holders("reviewer", case.state)),
        "quorum": rule.quorum,
    }
    data = {"state": case.state, "ends_at": case.due_at.isoformat(), "days_left": 0, "round": counts}
    return record(session, case, actor, SYSTEM, FELL_SHORT, data, handlers=["notify"])


def _told(session: Session, case: Case) -> bool:
    """Whether it was said for the present end already; an extension makes another end."""
    said = select(Event.data).where(
        Event.case_id == case.id, Event.name == FELL_SHORT, Event.seq > case.visit
    )
    ends_at = case.due_at.isoformat() if case.due_at else None
    return any(data["ends_at"] == ends_at for data in session.scalars(said))
