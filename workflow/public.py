"""The public registry: what anybody may read of an innovation. `queries.public` says of which ones.

People are left out by construction: texts come from two named fields of the accepted proposal, in which
addresses and NIP are covered and which are not shown at all where they name somebody of the case, and
from the indicators of an innovation in use, by the same rule (`tells_of_nobody`); the search
looks at titles and agencies only, since the index of the office also holds names.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from workflow import adoptions, queries
from workflow.affairs import affairs
from workflow.logs import clean
from workflow.models import Agency, Case
from workflow.recall import recall
from workflow.search.named import named
from workflow.validation import storable

PAGE = 30
MOST_TAKEN = 50_000
"""Rows of open data and addresses of a sitemap, whose protocol allows no more in one file."""
PROPOSALS = ("change_plan", "innovation_proposal")


@dataclass(frozen=True)
class Record:
    """An innovation for everybody. `adopters` are the agencies that have taken it over."""

    case: Case
    summary: str
    benefits: str
    affair: str
    in_use: bool
    adopters: list[Agency]


@dataclass(frozen=True)
class Line:
    """An innovation as a row of open data."""

    number: str
    title: str
    category: str
    agency: str
    stage: str


def listed(session: Session, q: str, page: int) -> tuple[list[Case], int]:
    """A page of the registry, latest first, and how many innovations it has in all."""
    where = _found(session, q)
    every = select(func.count()).select_from(Case).where(*where)
    total = recall(session, ("public", q), int, lambda: session.scalar(every) or 0)
    query = select(Case).where(*where).order_by(Case.entered_at.desc(), Case.id)
    return list(session.scalars(query.limit(PAGE).offset((page - 1) * PAGE))), total


def record(session: Session, number: str) -> Record | None:
    """None where the public may not know of it, or there is none."""
    if not storable(number):
        return None
    case = session.scalars(select(Case).where(queries.public(), Case.number == number)).one_or_none()
    if case is None:
        return None
    return Record(
        case,
        _text(case, "summary"),
        _text(case, "benefits"),
        affairs(case)[0] or "",
        adoptions.can_be_adopted(case),
        adoptions.adopters(session, case),
    )


def lines(session: Session) -> list[Line]:
    """The registry as open data, by number, at most `MOST_TAKEN`."""
    rows = session.execute(
        select(Case.number, Case.title, Case.category, Agency.name, Case.state)
        .join(Agency, Agency.id == Case.agency_id)
        .where(queries.public())
        .order_by(Case.number.desc())
        .limit(MOST_TAKEN)
    )
    return [Line(*row[:4], row[4].partition(".")[0]) for row in rows]


def _found(session: Session, q: str) -> list[ColumnElement[bool]]:
    asked = named(session, q)
    return [queries.public()] if asked is None else [queries.public(), asked]


def _text(case: Case, field: str) -> str:
    """What the accepted proposal says; empty where it names somebody of the case."""
    for form in PROPOSALS:
        text = case.forms.get(form, {}).get(field)
        if isinstance(text, str):
            return "" if _names(text, (p.user.name for p in case.participants)) else clean(text)
    return ""


def tells_of_nobody(case: Case, text: str) -> bool:
    """Whether a text names nobody of the case and holds no address or NIP."""
    return clean(text) == text and not _names(text, (p.user.name for p in case.participants))


def _names(text: str, people: Iterable[str]) -> bool:
    """Whether it holds a name, with or without the titles after its comma."""
    return any(name.partition(",")[0].casefold() in text.casefold() for name in people)
