"""How the cases of a list move: through the stages, over the months, and within their deadlines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from workflow.calendar import add_months, month_of, wib_date
from workflow.case_lists import Filters, begun_within, ended_within
from workflow.deadlines import END
from workflow.definition import process, versions
from workflow.models import Agency, Case, Deadline, StageVisit

Where = Sequence[ColumnElement[bool]]
MONTHS_SHOWN = 12


@dataclass(frozen=True)
class Passage:
    """A stage: how many cases ever entered it and went on to another, and the working days of finished stays.

    `median` and `ninth` (nine in ten took no longer) are None where no stay has ended.
    """

    stage: str
    entered: int
    went_on: int
    finished: int
    median: int | None
    ninth: int | None
    filters: Filters | None

    @property
    def share(self) -> int | None:
        """Of those who entered, so many in a hundred went on."""
        return round(self.went_on / self.entered * 100) if self.entered else None


@dataclass(frozen=True)
class Month:
    """A month (WIB): cases begun in it, cases that came to their present outcome in it, open at its end."""

    name: str
    begun: int
    ended: int
    open: int
    begun_filters: Filters | None
    ended_filters: Filters | None


@dataclass(frozen=True)
class Punctuality:
    """Of an agency with all below it: deadlines that were kept, and that were missed."""

    agency: str
    name: str
    kept: int
    missed: int

    @property
    def share(self) -> int:
        return round(self.kept / (self.kept + self.missed) * 100)


def passages(session: Session, where: Where, filters: Filters) -> list[Passage]:
    """The stages of an innovation in order, in two statements."""
    days, case = StageVisit.working_days, func.distinct(StageVisit.case_id)
    whole = (
        select(
            StageVisit.stage, func.count(case), func.count(case).filter(StageVisit.next_stage.is_not(None))
        )
        .join(Case, Case.id == StageVisit.case_id)
        .where(*where)
        .group_by(StageVisit.stage)
    )
    spread = (
        select(StageVisit.stage, days, func.count())
        .join(Case, Case.id == StageVisit.case_id)
        .where(*where, days.is_not(None))
        .group_by(StageVisit.stage, days)
        .order_by(StageVisit.stage, days)
    )
    counts = {row[0]: (row[1], row[2]) for row in session.execute(whole)}
    taken: dict[str, list[tuple[int, int]]] = {}
    for stage, length, count in session.execute(spread):
        taken.setdefault(stage, []).append((length or 0, count))
    return [
        _passage(stage.name, *counts.get(stage.name, (0, 0)), taken.get(stage.name, []), filters)
        for stage in process(versions()[-1]).pipeline("innovation")
    ]


def _passage(
    stage: str, entered: int, onward: int, taken: list[tuple[int, int]], filters: Filters
) -> Passage:
    finished = sum(count for _days, count in taken)
    narrowed = replace(filters, reached=stage) if entered and filters.reached in {"", stage} else None
    return Passage(stage, entered, onward, finished, _at(taken, 0.5), _at(taken, 0.9), narrowed)


def _at(taken: list[tuple[int, int]], share: float) -> int | None:
    """The least number of days that `share` of the stays do not exceed."""
    rest = sum(count for _days, count in taken) * share
    for days, count in taken:
        rest -= count
        if rest <= 0:
            return days
    return None


def months(session: Session, where: Where, filters: Filters, now: datetime) -> list[Month]:
    """The last MONTHS_SHOWN, oldest first, in one statement."""
    names = last_months(now, MONTHS_SHOWN)
    spans = [month_of(name) for name in names]
    counted = [
        func.count().filter(within(*span)) for within in (begun_within, ended_within) for span in spans
    ]
    begin = spans[0][0]
    before = (
        func.count().filter(Case.created_at < begin),
        func.count().filter(Case.outcome.is_not(None), Case.entered_at < begin),
    )
    row = session.execute(select(*before, *counted).select_from(Case).where(*where)).one()
    standing = row[0] - row[1]
    found = []
    for name, begun, ended in zip(names, row[2 : 2 + len(names)], row[2 + len(names) :], strict=True):
        standing += begun - ended
        ways = (_in(filters, "begun", name, begun), _in(filters, "ended", name, ended))
        found.append(Month(name, begun, ended, standing, *ways))
    return found


def last_months(now: datetime, count: int) -> list[str]:
    """The names of so many months up to the present one, oldest first."""
    first = wib_date(now).replace(day=1)
    return [f"{add_months(first, -back):%Y-%m}" for back in reversed(range(count))]


def _in(filters: Filters, field: str, month: str, count: int) -> Filters | None:
    fits = count and getattr(filters, field) in {"", month}
    return Filters(**{**vars(filters), field: month}) if fits else None


def promoted(session: Session, where: Where, start: datetime, end: datetime) -> int:
    """How often a case went on from one stage to another within a span."""
    earlier = aliased(StageVisit)
    came = exists(
        select(earlier.id).where(
            earlier.case_id == StageVisit.case_id,
            earlier.next_stage == StageVisit.stage,
            earlier.id < StageVisit.id,
        )
    )
    query = (
        select(func.count())
        .select_from(StageVisit)
        .join(Case, Case.id == StageVisit.case_id)
        .where(*where, StageVisit.entered_at >= start, StageVisit.entered_at < end, came)
    )
    return session.scalar(query) or 0


def punctuality(
    session: Session,
    where: Where,
    now: datetime,
    names: Mapping[str, str],
    within: tuple[datetime, datetime] | None = None,
) -> list[Punctuality]:
    """By topmost agency, the most missed first: deadlines over by now, ending `within` a span.

    One that ends in the future counts once its case has moved on in time.
    """
    kept = and_(Deadline.cancelled_at.is_not(None), Deadline.cancelled_at <= Deadline.ends_at)
    over = or_(kept, Deadline.ends_at < now)
    query = (
        select(Agency.path, func.count().filter(kept), func.count().filter(~kept))
        .select_from(Deadline)
        .join(Case, Case.id == Deadline.case_id)
        .join(Agency, Agency.id == Case.agency_id)
        .where(*where, Deadline.kind == END, over)
        .group_by(Agency.path)
    )
    if within is not None:
        query = query.where(Deadline.ends_at >= within[0], Deadline.ends_at < within[1])
    found: dict[str, tuple[int, int]] = {}
    for path, on_time, missed in session.execute(query):
        top = path.strip("/").partition("/")[0]
        before = found.get(top, (0, 0))
        found[top] = (before[0] + on_time, before[1] + missed)
    made = [Punctuality(top, names.get(top, top), *counts) for top, counts in found.items()]
    return sorted(made, key=lambda p: (-p.missed, p.share, p.name))
