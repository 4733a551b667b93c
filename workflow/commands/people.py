"""Who holds which role on a case."""

from sqlalchemy.orm import Session

from workflow import policy
from workflow.commands.advance import autopilot, note_problems
from workflow.commands.find import check_version, find
from workflow.definition import process
from workflow.errors import Forbidden, Invalid, Problem, Reason, Refused
from workflow.ledger import Actor, record
from workflow.models import Case, Participant, User
from workflow.people import find_user

ENDED = frozenset({"rejected", "withdrawn"})


def assign_reviewer(
    session: Session, actor: Actor, number: str, email: str, expected: str | None = None
) -> Case:
    """Ask a person to review the case in its present state.

    Refused where the state has no review, where the person is already asked, or has a conflict of interest.
    """
    case = find(session, actor, number, lock=True)
    check_version(case, expected)
    role = _assigning_role(actor, case)
    reviewer = _account(session, email, "/reviewer")
    reason = _objection(case, reviewer, actor)
    if reason:
        raise Refused([reason])
    case.participants.append(Participant(user=reviewer, role="reviewer", state=case.state, since=actor.at))
    case.version += 1
    data = {"role": "reviewer", "state": case.state, "user": reviewer.id}
    flow = process(case.process)
    record(
        session,
        case,
        actor,
        role,
        "people.assigned",
        data,
        handlers=["notify", *autopilot(flow, case)],
    )
    return case


def release_reviewer(
    session: Session, actor: Actor, number: str, email: str, expected: str | None = None
) -> Case:
    """Take an assignment back; a review already given stays in the record and counts."""
    case = find(session, actor, number, lock=True)
    check_version(case, expected)
    role = _assigning_role(actor, case)
    held = [
        p
        for p in case.participants
        if p.role == "reviewer"
        and p.until is None
        and p.state == case.state
        and p.user.email == email.strip().lower()
    ]
    if not held:
        raise Invalid([Problem("/reviewer", "Orang ini tidak sedang ditugaskan.")])
    held[0].until = actor.at
    case.version += 1
    data = {"role": "reviewer", "state": case.state, "user": held[0].user_id}
    flow = process(case.process)
    record(
        session,
        case,
        actor,
        role,
        "people.released",
        data,
        handlers=["notify", *autopilot(flow, case)],
    )
    return case


def hand_over(
    session: Session,
    actor: Actor,
    number: str,
    email: str,
    note: str,
    expected: str | None = None,
) -> Case:
    """Give the case to another person in charge; the record stays with the agency (UU 23/2014 Ps 388)."""
    case = find(session, actor, number, lock=True)
    check_version(case, expected)
    roles = policy.roles_on(actor.user, case) & policy.HAND_OVER if actor.user else frozenset()
    if not roles:
        raise Forbidden
    if case.outcome in ENDED:
        raise Refused([Reason("state", "Usulan ini sudah selesai; penanggung jawabnya tidak berubah lagi.")])
    successor = _account(session, email, "/successor")
    present = case.holder("proposer")
    _require_fit(case, successor, actor, note)
    for participant in case.participants:
        if participant.role == "proposer" and participant.until is None:
            participant.until = actor.at
    case.participants.append(Participant(user=successor, role="proposer", since=actor.at))
    case.version += 1
    data = {"role": "proposer", "user": successor.id, "before": present.id if present else None}
    role = sorted(roles, key=policy.CASE_ROLES.index)[0]
    content = {"note": note.strip()} if note.strip() else None
    record(session, case, actor, role, "people.handed_over", data, content, handlers=["notify"])
    return case


def _require_fit(case: Case, successor: User, actor: Actor, note: str) -> None:
    """Raise Invalid with every problem, or Refused, unless this person may take the case over."""
    problems = note_problems(note)
    if not policy.may_propose(successor) or not policy.is_active(successor, actor.at):
        problems.append(Problem("/successor", f"{successor.name} bukan ASN aktif pada perangkat daerah."))
    elif case.holder("proposer") is successor:
        problems.append(Problem("/successor", "Orang ini sudah menjadi penanggung jawab."))
    if problems:
        raise Invalid(problems)
    if successor in case.holders("mentor") or successor in case.holders("reviewer"):
        raise Refused([Reason("conflict", f"{successor.name} adalah mentor atau penelaah usulan ini.")])


def _assigning_role(actor: Actor, case: Case) -> str:
    rule = process(case.process).states[case.state].review
    if rule is None:
        raise Refused([Reason("state", "Status ini tidak memiliki penelaahan.")])
    roles = policy.roles_on(actor.user, case) if actor.user else frozenset()
    held = [role for role in rule.assign if role in roles]
    if not held:
        raise Forbidden("Penelaah ditugaskan oleh penyelenggara atau koordinator.")
    return held[0]


def _account(session: Session, email: str, pointer: str) -> User:
    user = find_user(session, email)
    if user is None or not user.active:
        raise Invalid([Problem(pointer, "Tidak ada akun aktif dengan alamat surel ini.")])
    return user


def _objection(case: Case, reviewer: User, actor: Actor) -> Reason | None:
    if reviewer in case.holders("reviewer", case.state):
        return Reason("assigned", f"{reviewer.name} sudah ditugaskan.")
    if not policy.is_active(reviewer, actor.at):
        return Reason("expired", f"Akses {reviewer.name} sudah berakhir.")
    conflict = policy.conflict(reviewer, case)
    return Reason("conflict", conflict) if conflict else None
