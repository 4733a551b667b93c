"""The figures of those who lead: how the cases of a list spread and move. The policy limits both alike."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnClause, and_, func, literal_column, select
from sqlalchemy.orm import Session

from workflow import policy
from workflow.case_lists import Counts, Filters, found_by, names_of_groups, told_apart
from workflow.course import Month, Passage, Punctuality, months, passages, punctuality
from workflow.definition import process, versions
from workflow.iid.outlook import Outlook, outlook
from workflow.models import Case, User
from workflow.recall import lateness, recall

FIGURES = ("stage", "category", "cohort", "year", "affair", "agency")
YEAR: ColumnClause[str] = literal_column("substr(cases.number, 5, 4)")


@dataclass(frozen=True)
class Slice:
    """So many cases have this value. `filters` find exactly them in the list; None where no filter does.

    `name` is empty where the value needs none, and `value` where the cases have none.
    """

    value: str
    name: str
    count: int
    filters: Filters | None


@dataclass(frozen=True)
class Overview:
    """How many cases a list has, how many are late or digital, and how they spread.

    Every figure of `figures` adds up to `total`. `counts` are those of the list, by filter. `outlook` is
    there for those who may see the scores of all entries.
    """

    total: int
    late: Slice
    digital: Slice
    figures: Mapping[str, list[Slice]]
    counts: Counts
    passages: list[Passage]
    months: list[Month]
    punctuality: list[Punctuality]
    outlook: Outlook | None


def overview(
    session: Session, user: User, now: datetime, filters: Filters, award_year: int | None = None
) -> Overview:
    """In a constant number of statements. Stages come in order, years newest first, others largest first."""
    key = ("overview", *told_apart(user, now, filters), award_year, lateness(now))
    return recall(
        session, key, lambda held: held.total, lambda: _overview(session, user, now, filters, award_year)
    )


def _overview(
    session: Session, user: User, now: datetime, filters: Filters, award_year: int | None
) -> Overview:
    where, counts, _relaxed = found_by(session, user, now, filters)
    is_late = and_(Case.due_at < now, Case.outcome.is_(None))
    rows = session.execute(
        select(YEAR, func.count(), func.count().filter(is_late)).where(*where).group_by(YEAR)
    ).all()
    years = {row[0]: row[1] for row in rows}
    late, total = sum(row[2] for row in rows), sum(years.values())
    names = {figure: dict(pairs) for figure, pairs in names_of_groups(session).items()}
    held = {**counts, "year": years}
    figures = {name: _slices(name, held[name], names.get(name, {}), total, filters) for name in FIGURES}
    digital = next((s for s in figures["category"] if s.value == "digital"), Slice("digital", "", 0, None))
    narrowed = replace(filters, late=True) if late else None
    return Overview(
        total,
        Slice("1", "", late, narrowed),
        digital,
        figures,
        counts,
        passages(session, where, filters),
        months(session, where, filters, now),
        punctuality(session, where, now, names["agency"]),
        outlook(session, user, now, where, award_year) if policy.may_see_entries(user) else None,
    )


def _slices(
    figure: str, counts: Mapping[str, int], names: Mapping[str, str], total: int, filters: Filters
) -> list[Slice]:
    """An empty slice leads nowhere: asked for less than nothing, the list looks for words that are close."""
    found = [
        Slice(value, names.get(value, ""), counts.get(value, 0), _narrowed(filters, figure, value))
        if counts.get(value)
        else Slice(value, names.get(value, ""), 0, None)
        for value in _in_order(figure, counts, names)
    ]
    rest = total - sum(part.count for part in found)
    return [*found, Slice("", "", rest, None)] if rest else found


def _in_order(figure: str, counts: Mapping[str, int], names: Mapping[str, str]) -> list[str]:
    if figure == "stage":
        return [stage.name for stage in process(versions()[-1]).pipeline("innovation")]
    if figure == "year":
        return sorted(counts, reverse=True)
    return sorted(counts, key=lambda value: (-counts[value], names.get(value, value)))


def _narrowed(filters: Filters, figure: str, value: str) -> Filters:
    """Where the list is narrowed by this already, all that is left has the value."""
    if getattr(filters, figure):
        return filters
    changed: dict[str, str | int] = {figure: int(value) if figure == "year" else value}
    return Filters(**{**vars(filters), **changed})
