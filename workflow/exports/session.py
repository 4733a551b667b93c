"""What the papers of a session say: cases with their people, who came, and how their round ended."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import policy
from workflow.commands.attendance import PRESENCE, REPRESENTED, attendees
from workflow.definition import ReviewRule, process
from workflow.guards import average
from workflow.models import Case, Event, Review, Seminar, SeminarSlot, User
from workflow.phrases import ROLE_NAMES

EXAMINER = "penguji"
ROLES = ROLE_NAMES | {"reviewer": EXAMINER}
"""In a seminar a reviewer is called by the word of the training."""


@dataclass(frozen=True)
class Result:
    """How the round of a presentation ended, and its mean where there is one; empty while it goes on."""

    title: str = ""
    mean: str = ""


def reviews_of_slots(session: Session, slots: Iterable[SeminarSlot]) -> dict[int, list[Review]]:
    """By slot, the reviews of the visit in which it was presented, oldest first."""
    held = list(slots)
    query = select(Review).where(Review.case_id.in_([slot.case_id for slot in held])).order_by(Review.id)
    rows = list(session.scalars(query).unique())
    return {s.id: [r for r in rows if (r.case_id, r.visit) == (s.case_id, s.visit)] for s in held}


def readable(user: User, slot: SeminarSlot, given: list[Review]) -> list[Review]:
    """Those of the reviews of a slot that this person may read."""
    rule = rule_of(slot)
    mine = any(r.reviewer_id == user.id for r in given)
    everything = policy.may_see_reviews(user, slot.case, reviewed_by_me=mine, others=rule.others)
    return [r for r in given if everything or r.reviewer_id == user.id]


def rule_of(slot: SeminarSlot) -> ReviewRule:
    """What is reviewed in the state of the session; the schema lets no seminar be without."""
    rule = process(slot.case.process).states[slot.seminar.state].review
    if rule is None:
        raise LookupError(slot.seminar.state)
    return rule


def results(session: Session, seminar: Seminar) -> dict[int, Result]:
    """By slot: the step that ended its round, and the mean of the reviews it was taken on."""
    slots = seminar.standing
    ids = [slot.case_id for slot in slots]
    rows = session.scalars(select(Event).where(Event.case_id.in_(ids)).order_by(Event.case_id, Event.seq))
    steps = [e for e in rows if e.data.get("from") == seminar.state and e.data.get("to") != seminar.state]
    given = reviews_of_slots(session, slots)
    return {slot.id: _result(slot, steps, given[slot.id]) for slot in slots}


def _result(slot: SeminarSlot, steps: list[Event], given: list[Review]) -> Result:
    ended = next((e for e in steps if e.case_id == slot.case_id and e.seq > slot.visit), None)
    if ended is None:
        return Result()
    mean = average(given)
    return Result(_title(slot.case, ended), "" if mean is None else str(mean))


def _title(case: Case, event: Event) -> str:
    flow = process(case.process)
    goal = flow.states[str(event.data["to"])]
    if goal.outcome not in {None, "advanced"}:
        return goal.title.id
    step = flow.transition(event.name.partition(".")[0], str(event.data.get("transition", "")))
    return step.title.id if step else goal.title.id


def attendance(slot: SeminarSlot) -> list[tuple[str, str, str]]:
    """Name, role, and whether they came; the last is empty where nobody wrote it down."""
    held = {row.user_id: row for row in slot.attendance}
    found = []
    for seat in attendees(slot):
        row = held.get(seat.user.id)
        said = PRESENCE[row.presence] if row else ""
        if row is not None and row.presence == REPRESENTED:
            said = f"{said} {row.stand_in}"
        found.append((seat.user.name, ROLES[seat.role], said))
    return found
