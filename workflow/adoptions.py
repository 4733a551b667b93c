"""Families of adoptions: an innovation, those who took it over, those who took it over from them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from workflow.calendar import wib_date
from workflow.definition import process, versions
from workflow.errors import Reason
from workflow.models import Agency, Case, Event

PIPELINE = "adoption"
ADOPTED = "advanced"
Span = tuple[date, date]
"""The first day and the last, both included."""


@dataclass(frozen=True)
class Member:
    """A case of a family; the innovation itself is generation 0."""

    case: Case
    generation: int


def root_of(case: Case) -> Case:
    """The innovation that an adoption goes back to; an innovation is its own."""
    while case.parent is not None:
        case = case.parent
    return case


def family(session: Session, root: Case) -> list[Member]:
    """The innovation and every adoption that goes back to it, generation by generation."""
    found, parents, generation = [Member(root, 0)], [root.id], 0
    while parents:
        generation += 1
        children = _children(session, parents)
        found += [Member(case, generation) for case in children]
        parents = [case.id for case in children]
    return found


def _children(session: Session, parents: list[int]) -> list[Case]:
    query = select(Case).where(Case.parent_id.in_(parents), Case.voided_at.is_(None)).order_by(Case.id)
    return list(session.scalars(query))


def adopters(session: Session, root: Case, span: Span | None = None) -> list[Agency]:
    """The agencies that have adopted, in any generation; with a span only those that did so within it."""
    cases = [m.case for m in family(session, root)[1:] if m.case.outcome == ADOPTED]
    if span is not None:
        since = _adopted_at(session, cases)
        cases = [case for case in cases if _within(span, wib_date(since[case.id]))]
    return list(dict.fromkeys(case.agency for case in cases))


def _adopted_at(session: Session, cases: list[Case]) -> dict[int, datetime]:
    """When each came to be adopted; what is measured later does not make it younger."""
    version = {case.id: process(case.process) for case in cases}
    steps = select(Event).where(Event.case_id.in_(version), Event.name.startswith(f"{PIPELINE}."))
    found = {case.id: case.entered_at for case in cases}
    for event in session.scalars(steps.order_by(Event.id.desc())):
        if version[event.case_id].states[event.data["to"]].outcome == ADOPTED:
            found[event.case_id] = event.at
    return found


def network(session: Session, root: Case, span: Span | None = None) -> list[str]:
    """The Perangkat Daerah behind those agencies, other than the innovation's own, by code.

    For Jejaring inovasi: a Puskesmas, school or Bagian counts for its department.
    """
    home = root.agency.department
    return sorted({agency.department for agency in adopters(session, root, span)} - {home})


def _within(span: Span, day: date) -> bool:
    return span[0] <= day <= span[1]


def other_regions(root: Case, span: Span | None = None) -> list[str]:
    """The regions that replicate the innovation, by their documents: for Replikasi, and nothing else.

    With a span only documents dated within it count.
    """
    held = [
        entry
        for entry in root.forms.get("external_replication", [])
        if span is None or _within(span, date.fromisoformat(entry["date"]))
    ]
    return list(dict.fromkeys(" ".join(entry["region"].split()) for entry in held))


def proven() -> ColumnElement[bool]:
    """Innovations in use, which others may take over."""
    flows = [process(version) for version in versions()]
    stages = {s.name for flow in flows for s in flow.pipeline("innovation") if s.tahapan == "Penerapan"}
    return and_(
        Case.pipeline == "innovation",
        Case.voided_at.is_(None),
        or_(*(Case.state.startswith(f"{name}.", autoescape=True) for name in sorted(stages))),
    )


def can_be_adopted(case: Case) -> bool:
    """Whether others may take over from this case: it is in use, or was adopted itself."""
    if case.voided_at is not None:
        return False
    if case.pipeline == PIPELINE:
        return case.outcome == ADOPTED
    return process(case.process).stages[case.stage].tahapan == "Penerapan"


def objections(members: Iterable[Member], parent: Case, agency: Agency) -> list[Reason]:
    """Why an agency cannot take over from a case of a family; nothing where it can."""
    known = list(members)
    root = known[0].case
    if agency.id == root.agency_id:
        text = f"{agency.name} adalah pemilik inovasi ini; pilih inovasi perangkat daerah lain."
        return [Reason("own", text)]
    held = (m.case for m in known[1:] if m.case.agency_id == agency.id and m.case.outcome != "stopped")
    case = next(held, None)
    if case is None:
        return []
    if case.outcome == ADOPTED:
        text = f"{agency.name} sudah mengadopsi inovasi ini ({case.number}); hasilnya dicatat di sana."
        return [Reason("loop" if case in _line(parent) else "adopted", text)]
    return [Reason("open", f"{agency.name} sudah memproses inovasi ini ({case.number}); lanjutkan di sana.")]


def _line(case: Case) -> list[Case]:
    """The case and everything it goes back to."""
    return [case, *(_line(case.parent) if case.parent else [])]


def refusals(members: Iterable[Member], agency: Agency) -> list[Case]:
    """Earlier adoptions by this agency that were not continued, newest first."""
    found = [m.case for m in members if m.case.agency_id == agency.id and m.case.outcome == "stopped"]
    return sorted(found, key=lambda case: case.id, reverse=True)
