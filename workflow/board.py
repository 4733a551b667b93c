"""The board: a list of cases in columns, by stage or by the states of one stage, soonest deadline first."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, raiseload

from workflow.case_lists import Counts, Filters, found_by, told_apart
from workflow.definition import Stage, State, Text, process, versions
from workflow.models import Case, Participant, Review
from workflow.models import User as Person
from workflow.recall import recall

MOST = 10
"""Cards of a column; the list with the same filters has the others."""


@dataclass(frozen=True)
class Panel:
    """How many reviewers a round has, how many it asks for, and how many reviews are in."""

    assigned: int
    asked: int
    given: int


@dataclass(frozen=True)
class Column:
    """A stage or a state with the first cases in it; `filters` find all `count` of them in the list."""

    title: Text
    count: int
    cases: list[Case]
    filters: Filters


@dataclass(frozen=True)
class Board:
    """All columns in the order of the process; `panels` by the id of a case that is under review.

    `relaxed` and `counts` are those of the list.
    """

    columns: list[Column]
    panels: Mapping[int, Panel]
    total: int
    counts: Counts
    relaxed: bool


def board(session: Session, user: Person, now: datetime, filters: Filters) -> Board:
    """The cases of a list in columns, in a constant number of statements."""
    where, counts, relaxed = found_by(session, user, now, filters)
    key = ("board", *told_apart(user, now, filters))
    total = sum(counts["category"].values())

    def first() -> list[int]:
        place = func.row_number().over(
            partition_by=Case.state, order_by=(Case.due_at.asc().nulls_last(), Case.id)
        )
        ranked = select(Case.id, place.label("place")).where(*where).subquery()
        return list(session.scalars(select(ranked.c.id).where(ranked.c.place <= MOST)))

    cases = _cases(session, recall(session, key, lambda _ids: total, first))
    columns = [_column(*each, filters, counts["state"], cases) for each in _kinds(filters)]
    return Board(columns, _panels(session, columns), total, counts, relaxed)


def _cases(session: Session, ids: list[int]) -> list[Case]:
    query = select(Case).where(Case.id.in_(ids)).options(raiseload(Case.participants))
    return list(session.scalars(query.order_by(Case.due_at.asc().nulls_last(), Case.id)))


def _kinds(filters: Filters) -> list[tuple[Text, dict[str, str], set[str]]]:
    """The columns of this list: title, what narrows the list to it, and its states."""
    flows = [process(version) for version in versions()]
    chosen = filters.stage or filters.state.partition(".")[0]
    if chosen:
        states = {s.name: s for flow in flows if chosen in flow.stages for s in _states(flow.stages[chosen])}
        return [(s.title, {"state": name}, {name}) for name, s in states.items()]
    stages = {stage.name: stage for flow in flows for stage in flow.pipeline(filters.pipeline)}
    held = {
        name: {s for flow in flows if name in flow.stages for s in flow.stages[name].states}
        for name in stages
    }
    return [(stage.title, {"stage": name}, held[name]) for name, stage in stages.items()]


def _states(stage: Stage) -> list[State]:
    return list(stage.states.values())


def _column(
    title: Text,
    narrowed: Mapping[str, str],
    states: set[str],
    filters: Filters,
    counts: Mapping[str, int],
    cases: list[Case],
) -> Column:
    return Column(
        title,
        sum(counts.get(state, 0) for state in states),
        [case for case in cases if case.state in states][:MOST],
        replace(filters, **narrowed),  # type: ignore[arg-type]  # both are texts
    )


def _panels(session: Session, columns: list[Column]) -> dict[int, Panel]:
    """In one statement, and none where nothing shown is under review."""
    rules = {
        case.id: rule
        for column in columns
        for case in column.cases
        if (rule := process(case.process).states[case.state].review)
    }
    if not rules:
        return {}
    assigned = select(func.count(Participant.id)).where(
        Participant.case_id == Case.id,
        Participant.role == "reviewer",
        Participant.state == Case.state,
        Participant.until.is_(None),
    )
    given = select(func.count(Review.id)).where(
        Review.case_id == Case.id, Review.visit == Case.visit, Review.set_aside_at.is_(None)
    )
    rows = session.execute(
        select(Case.id, assigned.scalar_subquery(), given.scalar_subquery()).where(Case.id.in_(rules))
    )
    return {row[0]: Panel(row[1], rules[row[0]].reviewers, row[2]) for row in rows}
