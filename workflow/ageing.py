"""Where open cases stand still: by state, by agency, and with which reviewer. Days are working days."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median_low
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from workflow import policy
from workflow.calendar import wib_date, working_days_between
from workflow.case_lists import Counts, Filters, found_by, names_of_groups, told_apart
from workflow.definition import every_state, process, versions
from workflow.models import Agency, Case, Event, Participant, Review, User
from workflow.queries import people_by_id
from workflow.recall import lateness, recall

Where = Sequence[ColumnElement[bool]]
LOOK_BACK = timedelta(days=365)


@dataclass(frozen=True)
class Standing:
    """Open cases that share a state or a topmost agency.

    Half of them are there for no more than `median` days, one for `longest`, which is the case `oldest`.
    `planned` is the time its stage file gives a state, None where it gives none.
    """

    value: str
    name: str
    count: int
    late: int
    median: int
    longest: int
    oldest: str
    planned: int | None
    filters: Filters


@dataclass(frozen=True)
class Pace:
    """A reviewer: reviews owed now, how long the oldest (of case `oldest`) waits, and those given in a year.

    `median` is of the days from being asked (or the round's beginning, if later) to the review; None where
    none was given.
    """

    name: str
    owed: int
    late: int
    longest: int
    oldest: str
    given: int
    median: int | None


@dataclass(frozen=True)
class Ageing:
    """`states` in the order of work, `agencies` and `reviewers` the slowest first.

    `stuck` is the state where most cases are late, None where no case is. `reviewers` is None for those who
    may not compare them. `counts` are those of the list, by filter.
    """

    total: int
    states: list[Standing]
    agencies: list[Standing]
    reviewers: list[Pace] | None
    stuck: Standing | None
    counts: Counts


def ageing(session: Session, user: User, now: datetime, filters: Filters) -> Ageing:
    """Of the open cases of a list, in a constant number of statements."""
    key = ("ageing", *told_apart(user, now, filters), lateness(now))
    return recall(session, key, lambda held: held.total, lambda: _ageing(session, user, now, filters))


def _ageing(session: Session, user: User, now: datetime, filters: Filters) -> Ageing:
    found, counts, _relaxed = found_by(session, user, now, filters)
    open_ones = [*found, Case.outcome.is_(None)]
    states = _states(session, open_ones, now, filters)
    late = [state for state in states if state.late]
    return Ageing(
        sum(state.count for state in states),
        states,
        _agencies(session, open_ones, now, filters),
        _reviewers(session, found, now) if policy.may_compare(user) else None,
        max(late, key=lambda state: (state.late, state.median), default=None),
        counts,
    )


# --- by state and agency ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Group:
    count: int
    late: int
    median: int
    longest: int
    oldest: str


def _groups(
    session: Session, cases: Select[Any], key: InstrumentedAttribute[str], now: datetime
) -> dict[str, _Group]:
    """The database finds the middle and the oldest of each: who entered earlier waits longer."""
    is_late = and_(Case.due_at.is_not(None), Case.due_at < now)
    ranked = cases.add_columns(
        key.label("value"),
        Case.number.label("number"),
        Case.entered_at.label("since"),
        func.row_number()
        .over(partition_by=key, order_by=(Case.entered_at.desc(), Case.id.desc()))
        .label("rank"),
        func.count().over(partition_by=key).label("size"),
        func.count().filter(is_late).over(partition_by=key).label("late"),
    ).subquery()
    middle = (ranked.c.size + 1) // 2
    rows = session.execute(
        select(ranked)
        .where(or_(ranked.c.rank == middle, ranked.c.rank == ranked.c.size))
        .order_by(ranked.c.value, ranked.c.rank)
    )
    made: dict[str, _Group] = {}
    for row in rows:
        days = _days(row.since, now)
        median = made[row.value].median if row.value in made else days
        made[row.value] = _Group(row.size, row.late, median, days, row.number)
    return made


def _states(session: Session, where: Where, now: datetime, filters: Filters) -> list[Standing]:
    held = _groups(session, select().select_from(Case).where(*where), Case.state, now)
    known = [name for stage in process(versions()[-1]).pipeline(filters.pipeline) for name in stage.states]
    order = {name: at for at, name in enumerate(known)}
    return [
        Standing(
            name,
            "",
            **vars(held[name]),
            planned=_planned(name),
            filters=replace(filters, state=name, running=True),
        )
        for name in sorted(held, key=lambda name: (order.get(name, len(order)), name))
    ]


def _planned(name: str) -> int | None:
    due = every_state()[name].due
    return due.working_days or None if due else None


def _agencies(session: Session, where: Where, now: datetime, filters: Filters) -> list[Standing]:
    own, top = aliased(Agency), aliased(Agency)
    cases = (
        select()
        .select_from(Case)
        .join(own, own.id == Case.agency_id)
        .join(top, and_(top.parent_id.is_(None), own.path.startswith(top.path)))
        .where(*where)
    )
    held = _groups(session, cases, top.code, now)
    names = dict(names_of_groups(session)["agency"])
    made = [
        Standing(
            code,
            names.get(code, code),
            **vars(group),
            planned=None,
            filters=replace(filters, running=True, agency=filters.agency or code),
        )
        for code, group in held.items()
    ]
    return sorted(made, key=lambda a: (-a.late, -a.median, a.name))


# --- by reviewer -----------------------------------------------------------------------------------------


def _reviewers(session: Session, where: Where, now: datetime) -> list[Pace]:
    owed: dict[int, list[_Owed]] = {}
    for user_id, asked, entered, number, due_at in session.execute(_unanswered(where)):
        seat = _Owed(_days(max(asked, entered), now), number, due_at is not None and due_at < now)
        owed.setdefault(user_id, []).append(seat)
    given: dict[int, list[int]] = {}
    for user_id, asked, begun, submitted in session.execute(_answered(where, now)):
        given.setdefault(user_id, []).append(_days(max(asked, begun), submitted))
    names = {person.id: person.name for person in people_by_id(session, {*owed, *given}).values()}
    made = [_pace(names[user_id], owed.get(user_id, []), given.get(user_id, [])) for user_id in names]
    return sorted(made, key=lambda pace: (-pace.late, -pace.longest, -(pace.median or 0), pace.name))


@dataclass(frozen=True, order=True)
class _Owed:
    days: int
    number: str
    late: bool


def _pace(name: str, owed: list[_Owed], given: list[int]) -> Pace:
    oldest = max(owed, default=None)
    return Pace(
        name,
        len(owed),
        sum(seat.late for seat in owed),
        oldest.days if oldest else 0,
        oldest.number if oldest else "",
        len(given),
        median_low(given) if given else None,
    )


def _unanswered(where: Where) -> Select[int, datetime, datetime, str, datetime | None]:
    """Seats of running rounds without a review: person, when asked, when the round began, its case."""
    answered = exists(
        select(Review.id).where(
            Review.case_id == Case.id,
            Review.visit == Case.visit,
            Review.reviewer_id == Participant.user_id,
        )
    )
    return (
        select(Participant.user_id, Participant.since, Case.entered_at, Case.number, Case.due_at)
        .join(Case, Case.id == Participant.case_id)
        .where(
            *where,
            Case.outcome.is_(None),
            Participant.role == "reviewer",
            Participant.state == Case.state,
            Participant.until.is_(None),
            ~answered,
        )
    )


def _answered(where: Where, now: datetime) -> Select[int, datetime, datetime, datetime]:
    """Reviews of the last year: the person, when last asked, when the round began, when it was given."""
    asked = and_(
        Participant.case_id == Review.case_id,
        Participant.user_id == Review.reviewer_id,
        Participant.role == "reviewer",
        Participant.state == Review.state,
        Participant.since <= Review.submitted_at,
    )
    return (
        select(Review.reviewer_id, func.max(Participant.since), Event.at, Review.submitted_at)
        .join(Case, Case.id == Review.case_id)
        .join(Event, and_(Event.case_id == Review.case_id, Event.seq == Review.visit))
        .join(Participant, asked)
        .where(*where, Review.set_aside_at.is_(None), Review.submitted_at >= now - LOOK_BACK)
        .group_by(Review.id, Review.reviewer_id, Event.at, Review.submitted_at)
    )


def _days(since: datetime, until: datetime) -> int:
    return max(working_days_between(wib_date(since), wib_date(until)), 0)
