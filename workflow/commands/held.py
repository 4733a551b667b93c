"""Holding a decision, changing its mails, and releasing it: the step itself, taken later."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import dates, held, policy
from workflow.commands.advance import Approach, Release, approach, judged, take
from workflow.commands.find import locked
from workflow.definition import process
from workflow.errors import Forbidden, Invalid, NotFound, Problem, Reason, Refused
from workflow.ledger import Actor
from workflow.models import Case, Event, HeldDecision
from workflow.phrases import phrase
from workflow.validation import storable

LONGEST_SUBJECT, LEAST_BODY, LONGEST_BODY = 150, 20, 10_000


def hold_decision(
    session: Session,
    actor: Actor,
    number: str,
    name: str,
    *,
    expected: str | None = None,
    note: str | None = None,
    form: Mapping[str, Any] | None = None,
) -> HeldDecision:
    """Decide on a step without taking it: nobody is told and the case stays where it is.

    Checks all that `advance` checks. A decision held for the case before is replaced.
    """
    found = approach(session, actor, number, name, expected=expected)
    return hold(session, actor, found, expected=expected, note=note, form=form)


def hold(
    session: Session,
    actor: Actor,
    found: Approach,
    *,
    expected: str | None = None,
    note: str | None = None,
    form: Mapping[str, Any] | None = None,
) -> HeldDecision:
    """The second half of `hold_decision`, for those who must know the step to read its form."""
    case, step = found.case, found.step
    if not step.hold or actor.user is None:
        raise Refused([Reason("hold", f"“{step.title.id}” tidak dapat ditahan; jalankan langsung.")])
    document = judged(session, actor, found, expected=expected, note=note, form=form)
    before = held.open_of(session, case)
    if before is not None:
        _end(before, actor, held.REPLACED)
        session.flush()
    row = HeldDecision(
        case=case,
        holder=actor.user,
        state=case.state,
        step=step.name,
        visit=case.visit,
        seen=case.seq,
        note=(note or "").strip() or None,
        form=None if document is None else dict(document),
        mails={},
        held_at=actor.at,
    )
    session.add(row)
    session.flush()
    return row


def withdraw_decision(session: Session, actor: Actor, row_id: int) -> HeldDecision:
    """Undo: as long as nothing has been released nobody ever hears of it. Raises NotFound or Refused."""
    row = _locked(session, actor, row_id)
    _require_open(row)
    _end(row, actor, held.WITHDRAWN)
    return row


def put_away(session: Session, actor: Actor, row_id: int) -> HeldDecision:
    """Take a void decision off the page."""
    row = _locked(session, actor, row_id)
    if row.ended_at is None and row.case.visit != row.visit:
        row.ended_at, row.outcome, row.ended_by_event = actor.at, held.VOID, row.case.visit
    if row.outcome != held.VOID:
        raise Refused([Reason("open", "Keputusan ini masih berlaku; tarik dahulu.")])
    row.put_away_at = row.put_away_at or actor.at
    return row


def look_again(session: Session, actor: Actor, row_id: int, seen: int) -> HeldDecision:
    """Keep a decision, having read what happened to its case up to the event `seen`.

    What comes after that event has to be read again. Raises Invalid for an event that the case has not.
    """
    row = _locked(session, actor, row_id)
    _require_open(row)
    if not row.seen <= seen <= row.case.seq:
        raise Invalid([Problem("/seen", f"Peristiwa antara {row.seen} dan {row.case.seq}.")])
    row.seen = seen
    return row


def write_mail(
    session: Session, actor: Actor, row_id: int, name: str, words: Mapping[str, str] | None
) -> HeldDecision:
    """Put a subject and a body of one's own into a mail of a held decision; None takes them back.

    Raises Invalid with every problem at `/subject` and `/body`.
    """
    row = _locked(session, actor, row_id)
    _require_open(row)
    kept = {mail: chosen for mail, chosen in row.mails.items() if mail != name}
    if words is not None:
        chosen = {"subject": " ".join(words["subject"].split()), "body": _lines(words["body"])}
        faults = _faults(chosen)
        if faults:
            raise Invalid(faults)
        kept[name] = chosen
    row.mails = kept
    return row


def release_decision(session: Session, actor: Actor, row_id: int) -> Event:
    """Take the step as it was decided, its mails in the words chosen for them; once.

    Refused with the reason where it was released, withdrawn or became void, where the case changed since
    it was decided on, or where its guards no longer hold.
    """
    row = _locked(session, actor, row_id)
    _require_open(row)
    case = row.case
    since = held.changes(session, [row]).get(row.id, [])
    if since:
        raise Refused([Reason("changed", _changed(len(since)))])
    found = approach(session, actor, case.number, row.step)
    document = judged(session, actor, found, note=row.note, form=row.form)
    _end(row, actor, held.RELEASED)
    row.ended_by_event = case.seq + 1
    session.flush()
    release = Release(row.held_by, row.held_at, row.mails)
    return take(session, case, actor, found.role, found.step, note=row.note, form=document, release=release)


def _locked(session: Session, actor: Actor, row_id: int) -> HeldDecision:
    """The decision as it is now, its case locked: whoever deals with it waits for whoever was first."""
    case_id = session.scalar(select(HeldDecision.case_id).where(HeldDecision.id == row_id))
    cases = locked(session, Case.id == case_id) if case_id is not None else []
    query = select(HeldDecision).where(HeldDecision.id == row_id).execution_options(populate_existing=True)
    row = session.scalars(query).unique().one_or_none()
    if row is None or not cases or actor.user is None or not policy.may_see(actor.user, cases[0]):
        raise NotFound
    if not held.step_of(row).by & policy.roles_on(actor.user, cases[0]):
        raise Forbidden("Keputusan ini bukan wewenang Anda.")
    return row


def _require_open(row: HeldDecision) -> None:
    if row.ended_at is None and row.case.visit == row.visit:
        return
    when = dates.long_moment(row.ended_at) if row.ended_at else ""
    who = row.ender.name if row.ender else "sistem"
    texts = {
        held.RELEASED: f"Keputusan ini sudah dirilis oleh {who} pada {when}.",
        held.WITHDRAWN: f"Keputusan ini sudah ditarik oleh {who} pada {when}.",
        held.REPLACED: f"Keputusan ini sudah diganti oleh {who} pada {when}.",
    }
    void = f"Tidak berlaku lagi: usulan sudah berpindah ke “{_here(row.case)}”."
    raise Refused([Reason(row.outcome or held.VOID, texts.get(row.outcome or held.VOID, void))])


def _here(case: Case) -> str:
    return process(case.process).states[case.state].title.id


def _changed(count: int) -> str:
    return (
        f"Usulan berubah sejak keputusan ditahan ({count} peristiwa baru); "
        "baca perubahannya, lalu nyatakan sudah dibaca, tahan kembali, atau tarik keputusan ini."
    )


def _end(row: HeldDecision, actor: Actor, outcome: str) -> None:
    row.ended_at, row.ender, row.outcome = actor.at, actor.user, outcome


def _lines(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()


def _faults(words: Mapping[str, str]) -> list[Problem]:
    subject, body = words["subject"], words["body"]
    found = []
    if not 1 <= len(subject) <= LONGEST_SUBJECT:
        found.append(Problem("/subject", f"Judul surel 1 sampai {LONGEST_SUBJECT} karakter."))
    if not LEAST_BODY <= len(body) <= LONGEST_BODY:
        found.append(Problem("/body", f"Isi surel {LEAST_BODY} sampai {LONGEST_BODY} karakter."))
    found += [Problem(f"/{k}", phrase("control", "id")) for k, v in words.items() if not storable(v)]
    return found
