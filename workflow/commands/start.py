"""Beginning a case, and correcting its cover data while it is still being written."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import deadlines, policy
from workflow.calendar import wib_date
from workflow.commands.assignment import lock_people, locked_by_email, recheck_owed
from workflow.commands.drafts import draft_form, put_draft
from workflow.commands.find import check_version, find
from workflow.commands.numbers import next_numbers
from workflow.definition import process, version_for
from workflow.errors import Forbidden, Invalid, Problem, Reason, Refused
from workflow.ledger import Actor, record
from workflow.models import Agency, Case, Cohort, Participant, User
from workflow.people import find_user
from workflow.validation import draft_problems, require

ANY_AGENCY = frozenset({"coordinator", "organiser"})


def start(session: Session, actor: Actor, document: Mapping[str, Any]) -> Case:
    """Begin an innovation case from a `proposal_create` document; the person becomes its proposer.

    Raises Forbidden for people outside the agencies, Invalid with every problem of the document.
    """
    user = _person(actor)
    if not policy.may_propose(user):
        raise Forbidden("Hanya ASN yang terdaftar pada suatu perangkat daerah yang dapat mengajukan usulan.")
    document = _tidied(document)
    require("proposal_create", document, actor.locale)
    names = _resolve(session, user, document, actor.at)
    lock_people(session, {user.id, *({names.mentor.id} if names.mentor else ())})
    year = wib_date(actor.at).year
    flow = process(version_for(year))
    state = flow.first_state("innovation")
    case = Case(
        number=next_numbers(session, "INV", year)[0],
        pipeline="innovation",
        process=flow.version,
        state=state,
        visit=1,
        entered_at=actor.at,
        version=1,
        seq=0,
        title=document["title"],
        category=document["category"],
        agency=names.agency,
        cohort=names.cohort,
        forms={},
        created_at=actor.at,
        updated_at=actor.at,
    )
    session.add(case)
    _join(case, user, "proposer", actor)
    if names.mentor:
        _join(case, names.mentor, "mentor", actor)
    session.flush()
    deadlines.open_for(session, case, flow.states[state], actor.at)
    if document.get("form"):
        _first_draft(session, case, actor, document["form"])
    record(
        session,
        case,
        actor,
        "proposer",
        "case.created",
        {
            "number": case.number,
            "pipeline": case.pipeline,
            "process": case.process,
            "to": state,
            "title": case.title,
            "category": case.category,
            "agency": names.agency.code,
            "cohort": names.cohort.code if names.cohort else None,
            "people": {p.role: p.user.id for p in case.participants},
        },
        handlers=recheck_owed(session, case),
    )
    return case


def amend(
    session: Session,
    actor: Actor,
    number: str,
    document: Mapping[str, Any],
    expected: str | None,
) -> Case:
    """Change the cover data while the proposer holds the case in its first stage."""
    user = _person(actor)
    locked_by_email(session, str(document.get("mentor") or ""))
    case = find(session, actor, number, lock=True)
    check_version(case, expected)
    flow = process(case.process)
    if not policy.roles_on(user, case) & policy.WRITERS:
        raise Forbidden
    first = flow.pipeline(case.pipeline)[0].name
    if case.stage != first or flow.states[case.state].owner != "proposer" or case.outcome:
        raise Refused(
            [
                Reason(
                    "state",
                    "Data pokok hanya dapat diubah selama usulan masih di tangan pengusul.",
                )
            ]
        )
    document = _tidied(document)
    require("proposal_create", document, actor.locale)
    names = _resolve(session, user, document, actor.at)
    reasons = _objections(case, names, first_state=flow.first_state(case.pipeline))
    if reasons:
        raise Refused(reasons)
    case.title = document["title"]
    case.category = document["category"]
    case.agency, case.cohort = names.agency, names.cohort
    _replace_mentor(case, names.mentor, actor)
    case.version += 1
    record(
        session,
        case,
        actor,
        "proposer",
        "case.amended",
        {
            "title": case.title,
            "category": case.category,
            "agency": names.agency.code,
            "cohort": names.cohort.code if names.cohort else None,
            "people": {"mentor": names.mentor.id if names.mentor else None},
        },
        handlers=recheck_owed(session, case),
    )
    return case


class _Names:
    """The rows that a document's codes and addresses stand for."""

    def __init__(self, agency: Agency, cohort: Cohort | None, mentor: User | None) -> None:
        self.agency, self.cohort, self.mentor = agency, cohort, mentor


def _person(actor: Actor) -> User:
    if actor.user is None:
        raise Forbidden
    return actor.user


def _tidied(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The title on one line, before its length counts."""
    title = document.get("title") if isinstance(document, dict) else None
    return {**document, "title": " ".join(title.split())} if isinstance(title, str) else document


def _objections(case: Case, names: _Names, *, first_state: str) -> list[Reason]:
    """Why a case on its way cannot change so: its track is taken, its reviewers must stay strangers."""
    reasons = []
    if case.state != first_state and (names.cohort is None) != (case.cohort is None):
        message = "Jalur usulan (PKP atau di luar PKP) tidak dapat diubah setelah diajukan."
        reasons.append(Reason("track", message))
    for reviewer in dict.fromkeys(case.holders("reviewer")):
        conflict = policy.agency_conflict(reviewer, names.agency)
        if reviewer is names.mentor:
            conflict = f"{reviewer.name} adalah penelaah usulan ini."
        if conflict:
            reasons.append(Reason("conflict", conflict))
    return reasons


def _resolve(session: Session, user: User, document: Mapping[str, Any], at: datetime) -> _Names:
    problems = []
    agency = session.scalars(select(Agency).where(Agency.code == document["agency"])).one_or_none()
    cohort = mentor = None
    if agency is None:
        problems.append(Problem("/agency", "Instansi ini tidak ada dalam daftar perangkat daerah."))
    elif not _may_speak_for(user, agency):
        problems.append(Problem("/agency", "Anda hanya dapat mengajukan usulan untuk instansi Anda sendiri."))
    if document.get("cohort"):
        cohort = session.scalars(select(Cohort).where(Cohort.code == document["cohort"])).one_or_none()
        if cohort is None:
            problems.append(Problem("/cohort", "Angkatan pelatihan ini tidak dikenal."))
    if document.get("mentor"):
        mentor = find_user(session, document["mentor"])
        if mentor is None or not policy.is_active(mentor, at):
            problems.append(Problem("/mentor", "Tidak ada akun aktif dengan alamat surel ini."))
        elif mentor.id == user.id:
            problems.append(Problem("/mentor", "Anda tidak dapat menjadi mentor bagi usulan Anda sendiri."))
    if problems or agency is None:
        raise Invalid(problems, dict(document))
    return _Names(agency, cohort, mentor)


def _may_speak_for(user: User, agency: Agency) -> bool:
    if user.global_roles & ANY_AGENCY or user.agency is None:
        return True
    return agency.path.startswith(user.agency.path) or user.agency.path.startswith(agency.path)


def _join(case: Case, user: User, role: str, actor: Actor) -> None:
    case.participants.append(Participant(user=user, role=role, since=actor.at))


def _replace_mentor(case: Case, mentor: User | None, actor: Actor) -> None:
    present = case.holder("mentor")
    if present is mentor:
        return
    for participant in case.participants:
        if participant.role == "mentor" and participant.until is None:
            participant.until = actor.at
    if mentor is not None:
        _join(case, mentor, "mentor", actor)


def _first_draft(session: Session, case: Case, actor: Actor, form: Mapping[str, Any]) -> None:
    name = draft_form(case, actor)
    if name is None:
        raise Invalid([Problem("/form", "Tahap ini tidak memiliki formulir.")])
    problems = draft_problems(name, form, actor.locale)
    if problems:
        raise Invalid([Problem(f"/form{p.pointer}", p.message) for p in problems])
    put_draft(session, case, actor, name, form)
