"""Beginning an adoption: a child case of an innovation in use, on the same engine."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import adoptions, deadlines, policy
from workflow.calendar import wib_date
from workflow.commands.advance import NOTE_LIMITS, advance, note_problems
from workflow.commands.assignment import lock_people
from workflow.commands.find import locked, one
from workflow.commands.numbers import next_numbers
from workflow.definition import process, version_for
from workflow.errors import Forbidden, Invalid, NotFound, Problem, Refused
from workflow.guards import head_of
from workflow.ledger import Actor, record
from workflow.models import Agency, Case, Participant, User

PREFIX = "ADP"


def offer(session: Session, actor: Actor, number: str, agency_code: str, note: str) -> Case:
    """Offer an innovation in use to an agency, with the reason; its head is asked by mail.

    Raises NotFound, Forbidden, Invalid (agency, note), or Refused where the agency cannot take it over.
    """
    if actor.user is None or not policy.may_offer(actor.user):
        raise Forbidden("Tawaran replikasi dikirim oleh koordinator.")
    parent = _source(session, number)
    agency = session.scalars(select(Agency).where(Agency.code == agency_code[:60])).one_or_none()
    faults = note_problems(note)
    if len(note.strip()) < NOTE_LIMITS[0]:
        faults.append(Problem("/note", "Sampaikan mengapa inovasi ini cocok untuk perangkat daerah itu."))
    if agency is None:
        faults.append(Problem("/agency", "Instansi ini tidak ada dalam daftar perangkat daerah."))
    elif head_of(session, agency) is None:
        text = f"Kepala {agency.name} belum memiliki akun; mintakan akun kepada admin lebih dahulu."
        faults.append(Problem("/agency", text))
    if faults or agency is None:
        raise Invalid(faults, {"agency": agency_code, "note": note})
    return _begin(session, actor, parent, agency, "coordinator", note.strip())


def express_interest(session: Session, actor: Actor, number: str, form: Mapping[str, Any]) -> Case:
    """Say that one's own agency wants to take an innovation over; the person becomes its proposer.

    Raises NotFound, Forbidden, Invalid with every problem of the form, or Refused.
    """
    user = actor.user
    if user is None or user.agency is None or not policy.may_adopt(user):
        raise Forbidden("Minat replikasi disampaikan oleh ASN yang terdaftar pada suatu perangkat daerah.")
    parent = _source(session, number)
    lock_people(session, {user.id})
    case = _begin(session, actor, parent, user.agency, "proposer", None, user)
    return advance(session, actor, case.number, "express_interest", form=form)


def _source(session: Session, number: str) -> Case:
    case = one(session, number)
    if case is None or not adoptions.can_be_adopted(case):
        raise NotFound
    return case


def _begin(
    session: Session,
    actor: Actor,
    parent: Case,
    agency: Agency,
    role: str,
    note: str | None,
    proposer: User | None = None,
) -> Case:
    """The family is locked by its root, so that an agency begins once however many ask at a time."""
    (root,) = locked(session, Case.id == adoptions.root_of(parent).id)
    reasons = adoptions.objections(adoptions.family(session, root), parent, agency)
    if reasons:
        raise Refused(reasons)
    year = wib_date(actor.at).year
    flow = process(version_for(year))
    state = flow.first_state(adoptions.PIPELINE)
    case = Case(
        number=next_numbers(session, PREFIX, year)[0],
        pipeline=adoptions.PIPELINE,
        process=flow.version,
        state=state,
        visit=1,
        entered_at=actor.at,
        version=1,
        seq=0,
        title=parent.title,
        category=parent.category,
        agency=agency,
        parent=parent,
        forms={},
        created_at=actor.at,
        updated_at=actor.at,
        participants=[Participant(user=proposer, role="proposer", since=actor.at)] if proposer else [],
    )
    session.add(case)
    session.flush()
    deadlines.open_for(session, case, flow.states[state], actor.at)
    data = {
        "number": case.number,
        "pipeline": case.pipeline,
        "process": case.process,
        "parent": parent.number,
        "to": state,
        "title": case.title,
        "category": case.category,
        "agency": agency.code,
        "cohort": None,
        "people": {p.role: p.user.id for p in case.participants},
    }
    name, handlers = ("case.created", []) if proposer else ("case.offered", ["notify"])
    record(session, case, actor, role, name, data, {"note": note} if note else None, handlers)
    return case
