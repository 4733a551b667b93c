"""Who reviews what: asking, releasing, conflicts of interest.

`_ask` is the one place that makes somebody a reviewer, and it asks `conflicts` first. Whoever changes what
a conflict rests on locks the person before the case, as asking does, so that neither can miss the other;
several people and several cases are locked in the order of their ids.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from workflow import conflicts, policy, substitutes
from workflow.calendar import wib_date
from workflow.commands.advance import autopilot
from workflow.commands.find import check_version, find, find_for_review, locked, one
from workflow.definition import SYSTEM, process
from workflow.errors import Forbidden, Invalid, NotFound, Problem, Reason, Refused
from workflow.guards import reviews_of
from workflow.ledger import Actor, record
from workflow.models import Case, Conflict, Participant, Review, User
from workflow.people import find_user
from workflow.validation import storable

REASON_LIMITS = (10, 2000)
MOST_PAIRS = 600


def assign_reviewer(
    session: Session, actor: Actor, number: str, email: str, expected: str | None = None
) -> Case:
    """Ask a person, or whoever stands in for them today, to review the case in its present state.

    Refused where the state has no review, where the person is already asked, or has a conflict of interest.
    """
    reviewer = locked_by_email(session, email, away=substitutes.on(session, wib_date(actor.at)))
    case = find(session, actor, number, lock=True)
    check_version(case, expected)
    role = assigning_role(actor, case)
    if reviewer is None:
        raise Invalid([Problem("/reviewer", "Tidak ada akun aktif dengan alamat surel ini.")])
    _ask(session, actor, role, case, reviewer)
    return case


def assign_all(session: Session, actor: Actor, state: str, pairs: Sequence[tuple[str, int]]) -> int:
    """Ask for all pairs (number, user id) of a proposal at once, or for none; how many were asked.

    Everything is checked anew: Refused carries a reason for each pair that no longer holds.
    """
    if not pairs or len(pairs) > MOST_PAIRS:
        raise Invalid([Problem("/pairs", f"Pilih 1 sampai {MOST_PAIRS} penugasan.")])
    people = lock_people(session, {user_id for _number, user_id in pairs})
    cases = locked(session, Case.number.in_({number for number, _user in pairs if storable(number)}))
    by_number = {case.number: case for case in cases}
    reasons: list[Reason] = []
    asked = 0
    for number, user_id in pairs:
        case, reviewer = by_number.get(number), people.get(user_id)
        if case is None or reviewer is None or not policy.may_see(_person(actor), case):
            raise NotFound
        if case.state != state:
            reasons.append(Reason("state", f"{number}: status usulan sudah berubah."))
            continue
        role = assigning_role(actor, case)
        objection = _objection(session, case, reviewer, actor)
        if objection:
            reasons.append(Reason(objection.guard, f"{number}: {objection.message}"))
        elif not reasons:
            _ask(session, actor, role, case, reviewer)
            asked += 1
    if reasons:
        raise Refused(reasons)
    return asked


def release_reviewer(
    session: Session, actor: Actor, number: str, email: str, expected: str | None = None
) -> Case:
    """Take an assignment back; a review already given stays in the record and counts."""
    case = find(session, actor, number, lock=True)
    check_version(case, expected)
    role = assigning_role(actor, case)
    held = [p for p in _asked(case, case.state) if p.user.email == email.strip().lower()]
    if not held:
        raise Invalid([Problem("/reviewer", "Orang ini tidak sedang ditugaskan.")])
    _end(session, actor, role, case, held[0])
    return case


def abstain(session: Session, actor: Actor, number: str, reason: str) -> Case:
    """A reviewer gives an assignment back with a reason; those who assign are told."""
    user = _person(actor)
    case = find_for_review(session, actor, number, lock=True)
    held = [p for p in _asked(case, case.state) if p.user_id == user.id]
    if not held:
        raise Forbidden("Anda tidak sedang ditugaskan menelaah usulan ini.")
    if any(r.reviewer_id == user.id for r in reviews_of(session, case)):
        raise Refused([Reason("reviewed", "Anda sudah memberi penilaian pada putaran ini.")])
    text = _reason(reason)
    held[0].until = actor.at
    case.version += 1
    data = {"role": "reviewer", "state": case.state, "user": user.id}
    flow = process(case.process)
    owed = ["notify", *autopilot(flow, case)]
    record(session, case, actor, "reviewer", "people.abstained", data, {"note": text}, owed)
    return case


# --- conflicts of interest --------------------------------------------------------------------------


def declare_conflict(session: Session, actor: Actor, number: str, reason: str) -> Case:
    """The person says so: never asked about this case again, released where asked, reviews set aside.

    A review already given is kept and marked; those who assign are told.
    """
    user = _person(actor)
    lock_people(session, {user.id})
    case = one(session, number, lock=True)
    if case is None or not policy.may_declare(user, case):
        raise NotFound
    text = _reason(reason)
    row = _kept(session, case, user, conflicts.DECLARED)
    if row.declared_at is not None and row.dismissed_at is None:
        raise Refused([Reason("declared", "Benturan kepentingan ini sudah Anda nyatakan.")])
    row.declared_at, row.reason, row.dismissed_at, row.dismissed_by = actor.at, text, None, None
    aside = set_aside(session, case, user, actor)
    flow = process(case.process)
    data = {"user": user.id, "state": case.state, "reviews_set_aside": aside}
    owed = ["notify", *autopilot(flow, case)]
    record(session, case, actor, "reviewer", "people.conflict_declared", data, {"note": text}, owed)
    for participant in _asked(case):
        if participant.user_id == user.id:
            _end(session, actor, "reviewer", case, participant, why="conflict")
    return case


def dismiss_conflict(
    session: Session, actor: Actor, number: str, user_id: int, ground: str, reason: str
) -> Case:
    """The coordinator decides, with a reason, that a conflict does not bar this person.

    Refused for the case's own people. Reviews set aside for it count again if nothing else bars them.
    """
    people = lock_people(session, {user_id})
    case = find(session, actor, number, lock=True)
    if user_id not in people:
        raise NotFound
    if actor.user is None or not policy.may_dismiss(actor.user, case):
        raise Forbidden("Benturan kepentingan hanya dapat dikesampingkan oleh koordinator.")
    user = people[user_id]
    found = {f.ground: f for f in conflicts.standing(session, case, user, actor.at)}
    if ground not in found:
        raise Refused([Reason("conflict", "Benturan ini tidak ada atau sudah dikesampingkan.")])
    if not found[ground].dismissible or user_id == actor.user_id:
        raise Refused([Reason("conflict", f"{found[ground].message} Hal ini tidak dapat dikesampingkan.")])
    text = _reason(reason)
    row = _kept(session, case, user, ground)
    row.dismissed_at, row.dismissed_by = actor.at, actor.user_id
    row.reason = row.reason or text
    session.flush()
    if not conflicts.standing(session, case, user, actor.at):
        session.execute(
            update(Review)
            .where(Review.case_id == case.id, Review.reviewer_id == user_id)
            .values(set_aside_at=None)
        )
    data = {"user": user_id, "ground": ground, "state": case.state}
    owed = autopilot(process(case.process), case)
    record(session, case, actor, "coordinator", "people.conflict_dismissed", data, {"note": text}, owed)
    return case


def recheck_owed(session: Session, case: Case) -> list[str]:
    """The handler owed when a case's (locked) people or agency change, if any of them reviews anything."""
    session.flush()
    ids = {p.user_id for p in case.participants}
    reviewing = select(Participant.id).where(
        Participant.user_id.in_(ids), Participant.role == "reviewer", Participant.until.is_(None)
    )
    return ["recheck_conflicts"] if session.scalars(reviewing.limit(1)).first() is not None else []


def recheck_case(session: Session, case_id: int, actor: Actor) -> int:
    """After a case's own people or agency changed: end every assignment that this made a conflict.

    Also those of its people who review other cases; how many were ended.
    """
    touched = select(Participant.user_id).where(Participant.case_id == case_id)
    return _recheck(session, set(session.scalars(touched)), actor)


def recheck_people(session: Session, ids: Iterable[int], actor: Actor) -> int:
    """After what is known of these (locked) people changed: the same for all their assignments."""
    return _recheck(session, set(ids), actor)


def _recheck(session: Session, ids: set[int], actor: Actor) -> int:
    people = lock_people(session, ids)
    asked = select(Participant.case_id).where(
        Participant.user_id.in_(people), Participant.role == "reviewer", Participant.until.is_(None)
    )
    cases = locked(session, Case.id.in_(asked))
    found = conflicts.of_pairs(session, cases, people.values(), actor.at)
    ended = 0
    for case in cases:
        for participant in _asked(case):
            grounds = found.get((case.id, participant.user_id), [])
            if participant.user_id in people and any(not f.dismissed for f in grounds):
                set_aside(session, case, participant.user, actor)
                _end(session, actor, SYSTEM, case, participant, why="conflict")
                ended += 1
    return ended


def set_aside(session: Session, case: Case, user: User, actor: Actor) -> int:
    """Mark a person's reviews of a case: kept, shown, left out of every figure. How many."""
    marked = session.execute(
        update(Review)
        .where(Review.case_id == case.id, Review.reviewer_id == user.id, Review.set_aside_at.is_(None))
        .values(set_aside_at=actor.at)
        .returning(Review.id)
    )
    return len(marked.all())


# --- what they share --------------------------------------------------------------------------------


def assigning_role(actor: Actor, case: Case) -> str:
    """In which role this person may assign in the present state. Raises Refused or Forbidden."""
    rule = process(case.process).states[case.state].review
    if rule is None:
        raise Refused([Reason("state", "Status ini tidak memiliki penelaahan.")])
    roles = policy.roles_on(actor.user, case) if actor.user else frozenset()
    held = [role for role in rule.assign if role in roles]
    if not held:
        raise Forbidden("Penelaah ditugaskan oleh penyelenggara atau koordinator.")
    return held[0]


def hand_on(session: Session, actor: Actor, case: Case, away: Participant, successor: User) -> bool:
    """Give a waiting assignment to a (locked) stand-in; False, and nothing done, where none may be asked."""
    if _objection(session, case, successor, actor):
        return False
    _end(session, actor, SYSTEM, case, away, why="substitute")
    _ask(session, actor, SYSTEM, case, successor, instead_of=away.user)
    return True


def lock_people(session: Session, ids: Iterable[int]) -> dict[int, User]:
    """People by id, locked until the commit: taken before any case, always in the order of their ids."""
    held = select(User.id).where(User.id.in_(set(ids))).order_by(User.id)
    locked_ids = session.scalars(held.with_for_update(key_share=True)).all()
    rows = select(User).where(User.id.in_(locked_ids)).execution_options(populate_existing=True)
    return {user.id: user for user in session.scalars(rows).unique()}


def locked_by_email(session: Session, email: str, away: Mapping[int, User] | None = None) -> User | None:
    """The active person behind an address, or who stands in for them; locked like `lock_people`."""
    user = find_user(session, email)
    if user is None or not user.active:
        return None
    chosen = substitutes.stand_in(user, away or {})
    return lock_people(session, {chosen.id})[chosen.id]


def _ask(
    session: Session, actor: Actor, role: str, case: Case, reviewer: User, instead_of: User | None = None
) -> None:
    """Make a locked person a reviewer of a locked case, unless something speaks against it (Refused)."""
    objection = _objection(session, case, reviewer, actor)
    if objection:
        raise Refused([objection])
    case.participants.append(Participant(user=reviewer, role="reviewer", state=case.state, since=actor.at))
    case.version += 1
    data: dict[str, object] = {"role": "reviewer", "state": case.state, "user": reviewer.id}
    if instead_of is not None:
        data["instead_of"] = instead_of.id
    owed = ["notify", *autopilot(process(case.process), case)]
    record(session, case, actor, role, "people.assigned", data, handlers=owed)


def _end(
    session: Session, actor: Actor, role: str, case: Case, asked: Participant, why: str | None = None
) -> None:
    asked.until = actor.at
    case.version += 1
    data = {"role": "reviewer", "state": asked.state, "user": asked.user_id}
    if why is not None:
        data["why"] = why
    owed = ["notify", *autopilot(process(case.process), case)]
    record(session, case, actor, role, "people.released", data, handlers=owed)


def _objection(session: Session, case: Case, reviewer: User, actor: Actor) -> Reason | None:
    if reviewer in case.holders("reviewer", case.state):
        return Reason("assigned", f"{reviewer.name} sudah ditugaskan.")
    if not policy.is_active(reviewer, actor.at):
        return Reason("expired", f"Akses {reviewer.name} sudah berakhir.")
    found = conflicts.standing(session, case, reviewer, actor.at)
    return Reason("conflict", " ".join(f.message for f in found)) if found else None


def _asked(case: Case, state: str | None = None) -> list[Participant]:
    """Open assignments of a case, of one state where given."""
    return [
        p
        for p in case.participants
        if p.role == "reviewer" and p.until is None and (state is None or p.state == state)
    ]


def _kept(session: Session, case: Case, user: User, ground: str) -> Conflict:
    row = session.scalars(
        select(Conflict).where(
            Conflict.case_id == case.id, Conflict.user_id == user.id, Conflict.ground == ground
        )
    ).one_or_none()
    if row is None:
        row = Conflict(case_id=case.id, user_id=user.id, ground=ground, reason="")
        session.add(row)
    return row


def _person(actor: Actor) -> User:
    if actor.user is None:
        raise Forbidden
    return actor.user


def _reason(text: str) -> str:
    """A reason that says something. Raises Invalid."""
    text, (least, most) = text.strip(), REASON_LIMITS
    if not least <= len(text) <= most or not storable(text):
        raise Invalid([Problem("/reason", f"Sampaikan alasannya dalam {least} sampai {most} karakter.")])
    return text
