"""The list of cases: filters, words, order, counts, a page of it or all. The policy limits what is found."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, literal, null, or_, select, tuple_, union_all
from sqlalchemy.orm import Session, raiseload
from sqlalchemy.sql.base import ExecutableOption

from workflow import policy
from workflow.calendar import month_of
from workflow.errors import Invalid, Problem
from workflow.lacking import lacks_reviewers, lacks_reviews
from workflow.models import Agency, Case, Cohort, Participant, SearchDocument, StageVisit, User, View
from workflow.queries import LARGEST_PAGE, PAGE, below, turn_of
from workflow.recall import cases_of, lateness, recall, sight
from workflow.search import match
from workflow.search.terms import terms, together

SORTS: dict[str, Any] = {
    "updated_at": Case.updated_at,
    "created_at": Case.created_at,
    "due_at": Case.due_at,
    "title": Case.title,
    "number": Case.number,
}
RELEVANCE = "relevance"
Counts = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Filters:
    """Narrowing a list; empty means all. `state` is "stage.state", `agency` includes everything below it.

    `q` is words and "phrases" for the index, `affair` the main urusan, `proposer` part of a name, `reached`
    a stage that the case has entered at some time, `begun` and `ended` months ("2022-09", WIB), `running`
    only those without an outcome, `lacking` rounds without enough reviewers, `short` those that are over
    without enough reviews.
    """

    q: str = ""
    stage: str = ""
    state: str = ""
    category: str = ""
    agency: str = ""
    cohort: str = ""
    year: int | None = None
    owner: str = ""
    affair: str = ""
    proposer: str = ""
    reached: str = ""
    begun: str = ""
    ended: str = ""
    late: bool = False
    running: bool = False
    lacking: bool = False
    short: bool = False
    pipeline: str = "innovation"


@dataclass(frozen=True)
class Page:
    """One page of cases with the cursors of its neighbours; None where there is none.

    `relaxed` where no case has the words as they stand and these have words close to them. `counts`
    says how many of all the cases found have which value, by filter.
    """

    cases: list[Case]
    next_cursor: str | None
    previous_cursor: str | None
    total: int
    relaxed: bool = False
    counts: Counts = field(default_factory=dict)


def list_cases(
    session: Session,
    user: User,
    now: datetime,
    filters: Filters,
    *,
    sort: str = "",
    limit: int = PAGE,
    cursor: str | None = None,
    options: Sequence[ExecutableOption] = (),
) -> Page:
    """A page of the cases this person may see. Raises Invalid for an unknown sort, limit or cursor.

    Without `sort` what fits a question best comes first, else what changed last. A cursor is the number
    of the case that the page follows, or, with a minus before it, precedes. `options` say what is loaded
    with each case.
    """
    if not 1 <= limit <= LARGEST_PAGE:
        raise Invalid([Problem("/limit", f"Batas halaman antara 1 dan {LARGEST_PAGE}.")])
    order = _order(session, sort, filters)
    where, counts, relaxed = found_by(session, user, now, filters)
    query = select(Case).where(*where)
    backwards = (cursor or "").startswith("-")
    if cursor:
        query = query.where(_beyond(*_standing_at(session, user, cursor, order), order, backwards=backwards))
    query = query.order_by(*order.clauses(backwards=backwards)).limit(limit + 1)
    key = ("page", *told_apart(user, now, filters), sort, limit, cursor)
    found = cases_of(session, key, query, policy.visible(user), options)
    more, cases = len(found) > limit, found[:limit]
    if backwards:
        cases.reverse()
    has_next, has_previous = (bool(cases), more) if backwards else (more, bool(cursor and cases))
    return Page(
        cases,
        cases[-1].number if has_next else None,
        f"-{cases[0].number}" if has_previous else None,
        sum(counts["category"].values()),
        relaxed,
        counts,
    )


def every_case(
    session: Session, user: User, now: datetime, filters: Filters, *, sort: str, limit: int
) -> list[Case]:
    """The whole list at once, as far as `limit`, for those who take it with them."""
    where, _counts, _relaxed = found_by(session, user, now, filters)
    order = _order(session, sort, filters)
    query = select(Case).where(*where).order_by(*order.clauses(backwards=False)).limit(limit)
    return list(session.scalars(query))


def first_cases(session: Session, user: User, now: datetime, filters: Filters, limit: int) -> list[Case]:
    """The best of a question whose words may be unfinished or have slips; without their people."""
    index, asked = match.index_of(session), terms(filters.q)
    nearly = match.matching(index, asked, together(asked, filters.q), relaxed=True)
    query = (
        select(Case)
        .where(policy.visible(user), Case.pipeline == filters.pipeline)
        .where(*_conditions(user, filters, now), nearly)
        .order_by(match.rank(index, asked).desc(), Case.id.desc())
        .limit(limit)
        .options(raiseload(Case.participants))
    )
    return list(session.scalars(query))


def affairs_of(session: Session) -> dict[int, str]:
    """The main urusan of every case that names one, by id."""
    rows = session.execute(
        select(SearchDocument.case_id, SearchDocument.affair).where(SearchDocument.affair.is_not(None))
    )
    return {row[0]: row[1] or "" for row in rows}


def names_of_groups(session: Session) -> dict[str, list[tuple[str, str]]]:
    """(code, name) of the topmost agencies by name and of the cohorts, newest first, in one statement."""
    agencies = select(literal("agency"), Agency.code, Agency.short_name, literal(0)).where(
        Agency.parent_id.is_(None)
    )
    batches = select(literal("cohort"), Cohort.code, Cohort.name, -Cohort.year)
    found: dict[str, list[tuple[str, str]]] = {"agency": [], "cohort": []}
    rows = session.execute(union_all(agencies, batches))
    for kind, code, name, _rank in sorted(rows, key=lambda row: (row[3], row[2])):
        found[kind].append((code, name))
    return found


def views_of(session: Session, user: User) -> list[View]:
    """The lists this person keeps, then those that others share, by name."""
    mine = View.owner_id == user.id
    return list(
        session.scalars(select(View).where(or_(mine, View.shared)).order_by(mine.desc(), View.name)).unique()
    )


def found_by(
    session: Session, user: User, now: datetime, filters: Filters
) -> tuple[list[ColumnElement[bool]], Counts, bool]:
    """What a case of the list fulfils, with counts by value; and whether only close words are found."""
    where = [policy.visible(user), Case.pipeline == filters.pipeline, *_conditions(user, filters, now)]
    key = ("counts", *told_apart(user, now, filters))
    if not filters.q:
        return where, recall(session, key, _size, lambda: _counts(session, where)), False
    index, asked = match.index_of(session), terms(filters.q)
    exactly = [*where, match.matching(index, asked, None, relaxed=False)]
    counts = recall(session, key, _size, lambda: _counts(session, exactly))
    if counts["category"]:
        return exactly, counts, False
    nearly = [*where, match.matching(index, asked, together(asked, filters.q), relaxed=True)]
    return nearly, _counts(session, nearly), True


def told_apart(user: User, now: datetime, filters: Filters) -> tuple[Hashable, ...]:
    """What decides which cases are found, events apart."""
    today = lateness(now) if filters.late or filters.short else None
    return sight(user), filters, today, user.global_roles if filters.lacking or filters.short else None


def _size(counts: Counts) -> int:
    return sum(counts["category"].values())


def _counts(session: Session, where: list[ColumnElement[bool]]) -> Counts:
    """How many cases have which state, category, agency, cohort and urusan, in one statement."""
    columns = (Case.state, Case.category, Case.agency_id, Case.cohort_id)
    each = select(*columns, func.count().label("cases")).where(*where).group_by(*columns).subquery()
    plain = (
        select(each.c.state, each.c.category, Agency.path, Cohort.code, null(), each.c.cases)
        .join(Agency, Agency.id == each.c.agency_id)
        .outerjoin(Cohort, Cohort.id == each.c.cohort_id)
    )
    # the sum keeps SQLite from reading whole documents, one by one, for a word of theirs
    mine = (SearchDocument.case_id + 0).in_(select(Case.id).where(*where))
    affairs = (
        select(null(), null(), null(), null(), SearchDocument.affair, func.count())
        .where(mine, SearchDocument.affair.is_not(None))
        .group_by(SearchDocument.affair)
    )
    found: dict[str, dict[str, int]] = {
        name: {} for name in ("stage", "state", "category", "agency", "cohort", "affair")
    }
    for state, category, path, cohort, affair, count in session.execute(union_all(plain, affairs)):
        stage, top = (state or "").partition(".")[0], (path or "").strip("/").partition("/")[0]
        values = (stage, state, category, top, cohort, affair)
        for counted, value in zip(found.values(), values, strict=True):
            if value:
                counted[value] = counted.get(value, 0) + count
    return found


@dataclass(frozen=True)
class _Order:
    """By one column, the empty ones at the end, then by id in the same direction."""

    column: Any
    descending: bool
    may_lack: bool = False

    def clauses(self, *, backwards: bool) -> list[Any]:
        if self.descending is backwards:
            column, tie = self.column.asc(), Case.id.asc()
        else:
            column, tie = self.column.desc(), Case.id.desc()
        if self.may_lack:
            column = column.nulls_first() if backwards else column.nulls_last()
        return [column, tie]


def _order(session: Session, sort: str, filters: Filters) -> _Order:
    if sort == RELEVANCE or (not sort and filters.q):
        return _Order(match.rank(match.index_of(session), terms(filters.q)), descending=True)
    sort = sort or "-updated_at"
    key = sort.removeprefix("-")
    if key not in SORTS:
        raise Invalid([Problem("/sort", f"Urutan tidak dikenal; pilih {', '.join([RELEVANCE, *SORTS])}.")])
    return _Order(SORTS[key], sort.startswith("-"), may_lack=key == "due_at")


def _standing_at(session: Session, user: User, cursor: str, order: _Order) -> tuple[int, Any]:
    number = cursor.removeprefix("-")
    here = select(Case.id, order.column).where(Case.number == number, policy.visible(user))
    row = session.execute(here).one_or_none()
    if row is None:
        raise Invalid([Problem("/cursor", "Penanda halaman tidak dikenal.")])
    return row[0], row[1]


def _beyond(last: int, value: Any, order: _Order, *, backwards: bool) -> ColumnElement[bool]:  # noqa: ANN401
    """What comes after a case, or before it, wherever that case stands now."""
    column = order.column
    upwards = order.descending is backwards
    if value is None:
        peers = and_(column.is_(None), Case.id > last if upwards else Case.id < last)
        return or_(peers, column.is_not(None)) if backwards else peers
    here, there = tuple_(column, Case.id), tuple_(value, last)
    peers = here > there if upwards else here < there
    return peers if backwards else or_(peers, column.is_(None))


def _conditions(user: User, filters: Filters, now: datetime) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.stage:
        found.append(Case.state.startswith(f"{filters.stage}.", autoescape=True))
    if filters.state:
        found.append(Case.state == filters.state)
    if filters.category:
        found.append(Case.category == filters.category)
    if filters.agency:
        found.append(Case.agency_id.in_(below(filters.agency)))
    if filters.cohort:
        found.append(Case.cohort_id.in_(select(Cohort.id).where(Cohort.code == filters.cohort)))
    if filters.year is not None:
        prefix = "INV" if filters.pipeline == "innovation" else "ADP"
        found.append(Case.number.startswith(f"{prefix}-{filters.year}-", autoescape=True))
    if filters.lacking:
        found.append(lacks_reviewers(user))
    if filters.short:
        found.append(lacks_reviews(user, now))
    return [*found, *_late_and_whose(filters, now), *_course(filters)]


def _course(filters: Filters) -> list[ColumnElement[bool]]:
    """What a case has been through."""
    found: list[ColumnElement[bool]] = []
    if filters.reached:
        found.append(Case.id.in_(select(StageVisit.case_id).where(StageVisit.stage == filters.reached)))
    if filters.begun:
        found.append(begun_within(*month_of(filters.begun)))
    if filters.ended:
        found.append(ended_within(*month_of(filters.ended)))
    return found


def begun_within(start: datetime, end: datetime) -> ColumnElement[bool]:
    return and_(Case.created_at >= start, Case.created_at < end)


def ended_within(start: datetime, end: datetime) -> ColumnElement[bool]:
    """Cases that have an outcome now, and had it from a moment between these on."""
    return and_(Case.outcome.is_not(None), Case.entered_at >= start, Case.entered_at < end)


def _late_and_whose(filters: Filters, now: datetime) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.owner:
        found.append(turn_of(filters.owner))
    if filters.late:
        found.append(and_(Case.due_at < now, Case.outcome.is_(None)))
    if filters.running:
        found.append(Case.outcome.is_(None))
    if filters.affair:
        mine = select(SearchDocument.case_id).where(SearchDocument.affair == filters.affair)
        found.append(Case.id.in_(mine))
    if filters.proposer:
        found.append(_proposed_by(filters.proposer))
    return found


def _proposed_by(name: str) -> ColumnElement[bool]:
    return exists(
        select(Participant.id)
        .join(User, User.id == Participant.user_id)
        .where(
            Participant.case_id == Case.id,
            Participant.role == "proposer",
            Participant.until.is_(None),
            *(User.name.icontains(word, autoescape=True) for word in name.split()[:8]),
        )
    )


def without(filters: Filters, name: str) -> Filters:
    """The same filters with one taken off."""
    return Filters(**{**vars(filters), name: getattr(Filters(), name)})


# --- for the public: no drafts, no people, no scores ------------------------------------------------
