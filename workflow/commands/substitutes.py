"""Stand-ins for reviewers who are away, with dates; work that waits is handed on when the absence begins."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import policy
from workflow import substitutes as chains
from workflow.calendar import wib_date
from workflow.commands.assignment import hand_on, lock_people
from workflow.commands.find import locked
from workflow.definition import process
from workflow.errors import Forbidden, Invalid, NotFound, Problem, Reason, Refused
from workflow.guards import reviews_of
from workflow.ledger import Actor
from workflow.models import Case, Chain, Participant, Substitute, User
from workflow.validation import storable

LONGEST_DAYS = 180
REASON_LENGTH = 1000


def set_substitute(
    session: Session,
    actor: Actor,
    user_id: int,
    substitute_id: int,
    starts_on: date,
    ends_on: date,
    reason: str,
) -> Substitute:
    """Let somebody stand in. Raises Invalid (dates, people), Refused (a loop, or already replaced then).

    From the first day on new assignments go to the stand-in; those that wait are handed on then, except
    where the stand-in has a conflict of interest.
    """
    people = lock_people(session, {user_id, substitute_id})
    session.scalars(select(Chain).where(Chain.id == 1).with_for_update()).one()  # loops are judged one by one
    user, substitute = people.get(user_id), people.get(substitute_id)
    if user is None:
        raise NotFound
    if actor.user is None or (actor.user_id != user_id and not policy.may_edit_reviewers(actor.user)):
        raise Forbidden("Pengganti ditetapkan oleh penelaah sendiri atau oleh koordinator.")
    faults = _faults(user, substitute, starts_on, ends_on, reason, wib_date(actor.at))
    if faults or substitute is None:
        raise Invalid(faults)
    if _replaced(session, user, starts_on, ends_on):
        raise Refused([Reason("substitute", f"{user.name} sudah mempunyai pengganti pada masa itu.")])
    chains.refuse_loops(session, user, substitute, starts_on, ends_on)
    row = Substitute(
        user=user,
        substitute=substitute,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=reason.strip(),
        set_by=actor.user_id or 0,
        set_at=actor.at,
    )
    session.add(row)
    session.flush()
    return row


def end_substitute(session: Session, actor: Actor, substitute_id: int) -> None:
    """Take it back: from now on the person is asked again. What was handed on stays where it is."""
    row = session.get(Substitute, substitute_id)
    if row is None or row.ended_at is not None:
        raise NotFound
    if actor.user is None or (actor.user_id != row.user_id and not policy.may_edit_reviewers(actor.user)):
        raise Forbidden
    row.ended_at = actor.at


def begin_substitute(session: Session, row_id: int, actor: Actor) -> int:
    """Hand on what waits for a person whose absence has begun; how many assignments. Once only."""
    row = session.get(Substitute, row_id)
    if row is None:
        return 0
    away = chains.on(session, wib_date(actor.at))
    successor = chains.stand_in(row.user, away)
    lock_people(session, {row.user_id, successor.id})
    session.refresh(row, with_for_update={"of": Substitute})
    if row.begun_at is not None or row.ended_at is not None:
        return 0
    row.begun_at = actor.at
    return sum(_hand_on(session, actor, case, row.user, successor) for case in _waiting(session, row.user_id))


def due_substitutes(session: Session, now: datetime) -> list[int]:
    """Absences that have begun and whose work has not been handed on."""
    today = wib_date(now)
    return list(
        session.scalars(
            select(Substitute.id)
            .where(Substitute.begun_at.is_(None), Substitute.ended_at.is_(None))
            .where(Substitute.starts_on <= today, Substitute.ends_on >= today)
            .order_by(Substitute.id)
        )
    )


def _waiting(session: Session, user_id: int) -> list[Case]:
    asked = select(Participant.case_id).where(
        Participant.user_id == user_id, Participant.role == "reviewer", Participant.until.is_(None)
    )
    return locked(session, Case.id.in_(asked))


def _hand_on(session: Session, actor: Actor, case: Case, user: User, successor: User) -> int:
    if process(case.process).states[case.state].review is None or successor is user:
        return 0
    if any(r.reviewer_id == user.id for r in reviews_of(session, case)):
        return 0
    held = [
        p
        for p in case.participants
        if p.user_id == user.id and p.role == "reviewer" and p.until is None and p.state == case.state
    ]
    return int(bool(held) and hand_on(session, actor, case, held[0], successor))


def _replaced(session: Session, user: User, first: date, last: date) -> bool:
    overlapping = select(Substitute.id).where(
        Substitute.user_id == user.id,
        Substitute.ended_at.is_(None),
        Substitute.starts_on <= last,
        Substitute.ends_on >= first,
    )
    return session.scalars(overlapping).first() is not None


def _faults(
    user: User, substitute: User | None, first: date, last: date, reason: str, today: date
) -> list[Problem]:
    faults = []
    if substitute is None or not substitute.active or "reviewer" not in substitute.global_roles:
        faults.append(Problem("/substitute", "Pilih penelaah yang akunnya aktif."))
    elif substitute is user:
        faults.append(Problem("/substitute", "Pengganti harus orang lain."))
    elif substitute.expires_at is not None and wib_date(substitute.expires_at) < last:
        faults.append(Problem("/substitute", f"Akses {substitute.name} berakhir sebelum masa itu selesai."))
    if last < first:
        faults.append(Problem("/ends_on", "Tanggal akhir mendahului tanggal mulai."))
    elif last < today:
        faults.append(Problem("/ends_on", "Masa itu sudah lewat."))
    elif (last - first).days > LONGEST_DAYS:
        faults.append(Problem("/ends_on", f"Paling lama {LONGEST_DAYS} hari."))
    if not reason.strip() or len(reason) > REASON_LENGTH or not storable(reason):
        faults.append(Problem("/reason", "Sampaikan alasannya, misalnya cuti atau dinas luar."))
    return faults
