"""What happened in a session: who came to which presentation, and the organiser's notes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from workflow import policy
from workflow.calendar import wib_date
from workflow.commands.find import locked
from workflow.commands.seminars import check_seminar, one_at_a_time, role_of
from workflow.errors import Forbidden, Invalid, Problem, Reason, Refused
from workflow.ledger import Actor, record
from workflow.models import Case, Seminar, SeminarAttendance, SeminarSlot
from workflow.phrases import ROLE_NAMES
from workflow.seminars.lists import find, rule_of
from workflow.seminars.plan import text_faults
from workflow.seminars.seats import Seat, seats

PRESENT, ABSENT, REPRESENTED = "present", "absent", "represented"
PRESENCE = {PRESENT: "hadir", ABSENT: "tidak hadir", REPRESENTED: "diwakili"}
STAND_IN, RECORD = (3, 160), 4000


@dataclass(frozen=True)
class Mark:
    """Whether somebody came; `stand_in` is who came instead."""

    presence: str
    stand_in: str = ""


Marks = Mapping[tuple[int, int], Mark]
"""By slot and person."""


def note_attendance(session: Session, actor: Actor, seminar_id: int, version: int, marks: Marks) -> Seminar:
    """Write down who came. What was written before and differs is a correction; both are events of the case.

    Raises NotFound, Forbidden, Stale, Refused before the day, or Invalid with every problem.
    """
    seminar = _to_keep(session, actor, seminar_id, version)
    if not rule_of(seminar.state).attendance:
        raise Refused([Reason("attendance", "Kehadiran tidak dicatat pada seminar ini.")])
    if wib_date(actor.at) < wib_date(seminar.starts_at):
        raise Refused([Reason("day", "Kehadiran dicatat mulai hari seminarnya.")])
    faults = list(_faults(seminar, marks))
    if faults:
        raise Invalid(faults)
    locked(session, Case.id.in_([slot.case_id for slot in seminar.standing]))
    noted = [(slot, *_note(actor, slot, marks)) for slot in seminar.standing]
    seminar.version += 1
    session.flush()
    for slot, changed, corrected in noted:
        if changed:
            _record(session, actor, slot, changed, corrected=corrected)
    return seminar


def note_seminar(session: Session, actor: Actor, seminar_id: int, version: int, text: str) -> Seminar:
    """Keep the notes that go into the minutes. Raises NotFound, Forbidden, Stale, Refused or Invalid."""
    seminar = _to_keep(session, actor, seminar_id, version)
    kept = text.replace("\r\n", "\n").strip()
    faults = list(text_faults("/record", kept, RECORD))
    if faults:
        raise Invalid(faults)
    seminar.record = kept
    seminar.version += 1
    return seminar


def _to_keep(session: Session, actor: Actor, seminar_id: int, version: int) -> Seminar:
    if actor.user is None:
        raise Forbidden
    one_at_a_time(session)
    seminar = find(session, actor.user, seminar_id, fresh=True)
    if not policy.may_keep_seminar(actor.user, seminar):
        raise Forbidden
    check_seminar(seminar, version)
    return seminar


def _faults(seminar: Seminar, marks: Marks) -> Iterator[Problem]:
    known = {(s.id, seat.user.id) for s in seminar.standing for seat in attendees(s)}
    for (slot_id, user_id), mark in marks.items():
        pointer = f"/{slot_id}-{user_id}"
        if (slot_id, user_id) not in known or mark.presence not in PRESENCE:
            yield Problem(pointer, "Isian kehadiran tidak dikenal; muat ulang halamannya.")
        elif mark.presence == REPRESENTED and len(mark.stand_in.strip()) < STAND_IN[0]:
            yield Problem(f"{pointer}-wakil", "Tulis nama yang mewakili.")
        yield from text_faults(f"{pointer}-wakil", mark.stand_in, STAND_IN[1])


def attendees(slot: SeminarSlot) -> list[Seat]:
    """Who is asked about: those who sit there now, and whoever has been written down already."""
    held = {seat.user.id: seat for seat in seats(slot.case, slot.seminar.state)}
    for row in slot.attendance:
        held.setdefault(row.user_id, Seat(row.user, row.role))
    return list(held.values())


def _note(actor: Actor, slot: SeminarSlot, marks: Marks) -> tuple[list[SeminarAttendance], bool]:
    """Write the rows of a slot that are new or differ; whether any of them said something else before."""
    held = {row.user_id: row for row in slot.attendance}
    changed, corrected = [], False
    for seat in attendees(slot):
        mark = marks.get((slot.id, seat.user.id))
        row = held.get(seat.user.id)
        stand_in = mark.stand_in.strip() if mark and mark.presence == REPRESENTED else ""
        if mark is None or (row is not None and (row.presence, row.stand_in) == (mark.presence, stand_in)):
            continue
        corrected = corrected or row is not None
        if row is None:
            row = SeminarAttendance(slot_id=slot.id, user=seat.user, role=seat.role)
            slot.attendance.append(row)
        row.presence, row.stand_in = mark.presence, stand_in
        row.noted_by, row.noted_at = actor.user_id or 0, actor.at
        changed.append(row)
    return changed, corrected


def _record(
    session: Session, actor: Actor, slot: SeminarSlot, changed: list[SeminarAttendance], *, corrected: bool
) -> None:
    name = "seminar.attendance_corrected" if corrected else "seminar.attended"
    data = {
        "state": slot.seminar.state,
        "seminar": slot.seminar_id,
        "attendance": {str(row.user_id): row.presence for row in changed},
    }
    record(session, slot.case, actor, role_of(actor, slot.case), name, data, {"note": said(changed)})


def said(rows: list[SeminarAttendance]) -> str:
    """By role, without the names of examiners: their proposer reads it too."""
    return "; ".join(dict.fromkeys(f"{ROLE_NAMES[row.role]} {PRESENCE[row.presence]}" for row in rows)) + "."
