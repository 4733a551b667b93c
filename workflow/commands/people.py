"""Who holds which role on a case."""

from sqlalchemy.orm import Session

from workflow import policy
from workflow.commands.advance import note_problems
from workflow.commands.assignment import locked_by_email, recheck_owed
from workflow.commands.find import check_version, find
from workflow.errors import Forbidden, Invalid, Problem, Reason, Refused
from workflow.ledger import Actor, record
from workflow.models import Case, Participant, User

ENDED = frozenset({"rejected", "withdrawn"})


def hand_over(
    session: Session,
    actor: Actor,
    number: str,
    email: str,
    note: str,
    expected: str | None = None,
) -> Case:
    """Give the case to another person in charge; the record stays with the agency (UU 23/2014 Ps 388)."""
    successor = locked_by_email(session, email)
    case = find(session, actor, number, lock=True)
    check_version(case, expected)
    roles = policy.roles_on(actor.user, case) & policy.HAND_OVER if actor.user else frozenset()
    if not roles:
        raise Forbidden
    if case.outcome in ENDED:
        raise Refused([Reason("state", "Usulan ini sudah selesai; penanggung jawabnya tidak berubah lagi.")])
    if successor is None:
        raise Invalid([Problem("/successor", "Tidak ada akun aktif dengan alamat surel ini.")])
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
    owed = ["notify", *recheck_owed(session, case)]
    record(session, case, actor, role, "people.handed_over", data, content, owed)
    return case


def _require_fit(case: Case, successor: User, actor: Actor, note: str) -> None:
    """Raise Invalid with every problem, or Refused, unless this person may take the case over."""
    problems = note_problems(note)
    if not policy.may_propose(successor) or not policy.is_active(successor, actor.at):
        problems.append(Problem("/successor", f"{successor.name} bukan ASN aktif pada perangkat daerah."))
    elif successor.agency is None or successor.agency.department != case.agency.department:
        text = f"{successor.name} tidak bertugas di {case.agency.name}, pemilik inovasi ini."
        problems.append(Problem("/successor", text))
    elif case.holder("proposer") is successor:
        problems.append(Problem("/successor", "Orang ini sudah menjadi penanggung jawab."))
    if problems:
        raise Invalid(problems)
    if successor in case.holders("mentor") or successor in case.holders("reviewer"):
        raise Refused([Reason("conflict", f"{successor.name} adalah mentor atau penelaah usulan ini.")])
