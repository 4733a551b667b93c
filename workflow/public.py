"""The public registry: what anybody may read of an innovation. `queries.public` says of which ones.

People are left out by construction: texts come from two named fields of the accepted proposal, in which
addresses and NIP are covered and which are not shown at all where they name somebody of the case, and
from the indicators of an innovation in use, by the same rule (`tells_of_nobody`); the search
looks at titles and agencies only, since the index of the office also holds names.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from workflow import adoptions, queries
from workflow.affairs import affairs
from workflow.definition import Process, Transition, process, versions
from workflow.logs import clean
from workflow.models import Agency, Case, Event
from workflow.recall import cases_of, recall
from workflow.search.named import named
from workflow.validation import storable

PAGE = 30
MOST_TAKEN = 50_000
"""Rows of open data and addresses of a sitemap, whose protocol allows no more in one file."""
ENDS = frozenset({"stopped", "rejected", "withdrawn"})
IMPORTED = "case.imported"
PROPOSALS = ("change_plan", "innovation_proposal")


@dataclass(frozen=True)
class Record:
    """An innovation for everybody. `adopters` are the agencies that have taken it over.

    `ended` says how it came to an end, and is None while it goes on.
    """

    case: Case
    ended: str | None
    summary: str
    benefits: str
    affair: str
    in_use: bool
    adopters: list[Agency]


@dataclass(frozen=True)
class Line:
    """An innovation as a row of open data. `ended`: stopped, rejected, withdrawn; empty while it goes on."""

    number: str
    title: str
    category: str
    agency: str
    stage: str
    ended: str


@dataclass(frozen=True)
class News:
    """An innovation became public, or an agency (`adopter`) has taken it over."""

    at: datetime
    case: Case
    adopter: Agency | None


def listed(session: Session, q: str, page: int) -> tuple[list[Case], int]:
    """A page of the registry, latest first, and how many innovations it has in all."""
    where = _found(session, q)
    every = select(func.count()).select_from(Case).where(*where)
    total = recall(session, ("public", q), int, lambda: session.scalar(every) or 0)
    query = select(Case).where(*where).order_by(Case.entered_at.desc(), Case.id)
    query = query.limit(PAGE).offset((page - 1) * PAGE)
    return cases_of(session, ("public page", q, page), query, queries.public()), total


def record(session: Session, number: str) -> Record | None:
    """None where the public may not know of it, or there is none."""
    if not storable(number):
        return None
    case = session.scalars(select(Case).where(queries.public(), Case.number == number)).one_or_none()
    if case is None:
        return None
    return Record(
        case,
        ended(case),
        _text(case, "summary"),
        _text(case, "benefits"),
        affairs(case)[0] or "",
        adoptions.can_be_adopted(case),
        adoptions.adopters(session, case),
    )


def lines(session: Session) -> list[Line]:
    """The registry as open data, by number, at most `MOST_TAKEN`."""
    rows = session.execute(
        select(Case.number, Case.title, Case.category, Agency.name, Case.state, Case.process, Case.outcome)
        .join(Agency, Agency.id == Case.agency_id)
        .where(queries.public())
        .order_by(Case.number.desc())
        .limit(MOST_TAKEN)
    )
    return [
        Line(*row[:4], row[4].partition(".")[0], _ended(row.process, row.state, row.outcome) or "")
        for row in rows
    ]


def ended(case: Case) -> str | None:
    """How an innovation came to an end: stopped, rejected or withdrawn.

    What ends in a scored stage is the entry of a year; the innovation itself stays in use.
    """
    return _ended(case.process, case.state, case.outcome)


def news(session: Session, limit: int) -> list[News]:
    """What became public last, newest first: innovations and finished adoptions of them."""
    born, adopted = _tidings()
    rows = session.execute(
        select(Event, Case)
        .join(Case, Case.id == Event.case_id)
        .where(
            Case.voided_at.is_(None),
            or_(
                and_(Event.name.in_([*born, IMPORTED]), queries.public()),
                and_(Event.name.in_(adopted), Case.outcome == adoptions.ADOPTED),
            ),
        )
        .order_by(Event.id.desc())
        .limit(limit)
    )
    found = [_news(event, case) for event, case in rows if event.name != IMPORTED or _is_public(case, event)]
    told = {item.case.id for item in found if item.adopter is not None}
    known = set(session.scalars(select(Case.id).where(queries.public(), Case.id.in_(told)))) if told else told
    return [item for item in found if item.adopter is None or item.case.id in known]


def _news(event: Event, case: Case) -> News:
    if case.pipeline == adoptions.PIPELINE:
        return News(event.at, adoptions.root_of(case), case.agency)
    return News(event.at, case, None)


def _is_public(case: Case, event: Event) -> bool:
    """Whether an imported innovation came in at a stage that the public knows of."""
    flow = process(case.process)
    return str(event.data["to"]).partition(".")[0] != flow.pipeline("innovation")[0].name


@cache
def _tidings() -> tuple[frozenset[str], frozenset[str]]:
    """The events by which an innovation becomes public, and those by which an adoption is finished."""
    flows = [process(version) for version in versions()]
    born = {
        step.event
        for flow in flows
        for step in flow.pipeline("innovation")[0].transitions
        if _arrives(flow, step) or (step.to.partition(".")[0] != step.stage and not _advanced(flow, step))
    }
    adopted = {
        step.event
        for flow in flows
        for stage in flow.pipeline(adoptions.PIPELINE)
        for step in stage.transitions
        if _arrives(flow, step)
    }
    return frozenset(born), frozenset(adopted)


def _arrives(flow: Process, step: Transition) -> bool:
    """Whether a step reaches a good end from where there was none yet."""
    return flow.states[step.to].outcome == "advanced" and not _advanced(flow, step)


def _advanced(flow: Process, step: Transition) -> bool:
    return any(flow.states[origin].outcome == "advanced" for origin in step.origins)


def _ended(version: str, state: str, outcome: str | None) -> str | None:
    if outcome not in ENDS or process(version).stages[state.partition(".")[0]].scored:
        return None
    return outcome


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
