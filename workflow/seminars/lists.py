"""Sessions and the cases that wait for one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, lazyload, selectinload

from workflow import policy
from workflow.definition import SeminarRule, State, every_state, process
from workflow.errors import NotFound
from workflow.models import Case, Cohort, Seminar, SeminarSlot, User

PAGE = 50
LARGEST_ID = 2**31 - 1
BARE = (lazyload(SeminarSlot.attendance), joinedload(SeminarSlot.seminar).lazyload(Seminar.slots))
"""For who asks about single slots: the rest of their sessions is read only where it is looked at."""

UNCOUNTED = selectinload(Seminar.slots).lazyload(SeminarSlot.attendance)
"""For lists of sessions, which do not say who came."""


@dataclass(frozen=True)
class Waiting:
    """Cases of a cohort in a state with seminars: those without a session, and those that have presented."""

    cohort: Cohort
    state: State
    cases: list[Case]
    presented: Mapping[int, SeminarSlot]

    @property
    def unplanned(self) -> list[Case]:
        return [case for case in self.cases if case.id not in self.presented]


def states() -> Mapping[str, State]:
    """Every state in which cases are presented, of all years; a later year's words count."""
    return {name: state for name, state in every_state().items() if state.seminar}


def rule_of(state: str) -> SeminarRule:
    """What the stage file says of seminars in a state. Raises NotFound for a state without."""
    found = states().get(state)
    if found is None or found.seminar is None:
        raise NotFound
    return found.seminar


def find(session: Session, user: User, seminar_id: int, *, fresh: bool = False) -> Seminar:
    """The session, if this person may see it; read anew where asked. Raises NotFound."""
    if seminar_id > LARGEST_ID:
        raise NotFound
    seminar = session.get(Seminar, seminar_id, populate_existing=fresh)
    if seminar is None or not policy.may_see_seminar(user, seminar):
        raise NotFound
    return seminar


def coming(
    session: Session, user: User, now: datetime, after: int | None = None, limit: int = PAGE
) -> list[Seminar]:
    """Sessions not over yet, soonest first; `after` is the last one of the page before.

    Cancelled ones are there until their time is over.
    """
    query = select(Seminar).where(policy.seminars_visible(user), Seminar.ends_at > now)
    last = session.get(Seminar, after) if after else None
    if last is not None:
        later = Seminar.starts_at > last.starts_at
        query = query.where(later | ((Seminar.starts_at == last.starts_at) & (Seminar.id > last.id)))
    return list(
        session.scalars(
            query.order_by(Seminar.starts_at, Seminar.id).limit(limit).options(UNCOUNTED)
        ).unique()
    )


def past(
    session: Session, user: User, now: datetime, before: int | None = None, limit: int = PAGE
) -> list[Seminar]:
    """Sessions that are over, latest first; `before` is the last one of the page before."""
    query = select(Seminar).where(policy.seminars_visible(user), Seminar.ends_at <= now)
    last = session.get(Seminar, before) if before else None
    if last is not None:
        later = Seminar.starts_at < last.starts_at
        query = query.where(later | ((Seminar.starts_at == last.starts_at) & (Seminar.id < last.id)))
    order = (Seminar.starts_at.desc(), Seminar.id.desc())
    return list(session.scalars(query.order_by(*order).limit(limit).options(UNCOUNTED)).unique())


def waiting(session: Session, now: datetime) -> list[Waiting]:
    """By cohort and state, those that could be given a session; cohorts without any are left out."""
    here = (Case.cohort_id.is_not(None), Case.state.in_(states()), Case.voided_at.is_(None))
    cases = list(session.scalars(select(Case).where(*here).order_by(Case.number)))
    slots = standing_slots(session, cases)
    groups: dict[tuple[int, str], list[Case]] = {}
    for case in cases:
        groups.setdefault((case.cohort_id or 0, case.state), []).append(case)
    found = [_waiting(held[0].cohort, state, held, slots, now) for (_id, state), held in groups.items()]
    return sorted((w for w in found if w.cases), key=lambda w: (-w.cohort.year, w.cohort.name, w.state.name))


def waiting_in(session: Session, cohort: Cohort, state: State, now: datetime) -> Waiting:
    """Whose slot in this visit is over may present again, but is not counted as unplanned."""
    here = (Case.cohort_id == cohort.id, Case.state == state.name, Case.voided_at.is_(None))
    cases = list(session.scalars(select(Case).where(*here).order_by(Case.number)))
    return _waiting(cohort, state.name, cases, standing_slots(session, cases), now)


def _waiting(
    cohort: Cohort | None, state: str, cases: list[Case], slots: list[SeminarSlot], now: datetime
) -> Waiting:
    if cohort is None:
        raise NotFound
    planned = {slot.case_id for slot in slots if slot.ends_at > now}
    presented = {slot.case_id: slot for slot in slots if slot.case_id not in planned}
    return Waiting(cohort, states()[state], [c for c in cases if c.id not in planned], presented)


def standing_slots(session: Session, cases: list[Case]) -> list[SeminarSlot]:
    """The slots that these cases have in the visit they are in, oldest first."""
    visits = {case.id: case.visit for case in cases}
    stands = (SeminarSlot.cancelled_at.is_(None), Seminar.cancelled_at.is_(None))
    query = select(SeminarSlot).join(Seminar).where(SeminarSlot.case_id.in_(visits), *stands)
    slots = session.scalars(query.order_by(SeminarSlot.starts_at).options(*BARE)).unique()
    return [slot for slot in slots if slot.visit == visits[slot.case_id]]


def slot_of(session: Session, case: Case) -> SeminarSlot | None:
    """The case's latest slot in the visit it is in; None where its state has no seminars."""
    if process(case.process).states[case.state].seminar is None:
        return None
    return next(reversed(standing_slots(session, [case])), None)


def own_slots(session: Session, user: User) -> list[SeminarSlot]:
    """Every slot that a person sits in or chairs, cancelled ones too, oldest first."""
    query = (
        select(SeminarSlot)
        .join(Seminar)
        .where(policy.seated(user) | (Seminar.chair_id == user.id))
        .order_by(SeminarSlot.starts_at, SeminarSlot.id)
        .options(*BARE)
    )
    return list(session.scalars(query).unique())
