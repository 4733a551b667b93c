"""More time for whoever has the turn: who may give it, how often and how far says the stage file."""

from collections.abc import Iterator
from datetime import date

from sqlalchemy.orm import Session

from workflow import dates, deadlines, policy
from workflow.calendar import end_of, is_working_day, next_working_day, wib_date
from workflow.commands.advance import note_problems
from workflow.commands.find import check_version, find
from workflow.definition import Extend, process
from workflow.errors import Forbidden, Invalid, Problem
from workflow.extensions import EXTENDED, Room, room
from workflow.ledger import Actor, record
from workflow.models import Case
from workflow.phrases import ROLE_NAMES

LEAST_REASON = 10


def extend_deadline(
    session: Session,
    actor: Actor,
    number: str,
    until: date | None,
    reason: str,
    expected: str | None = None,
) -> Case:
    """Let the running deadline end on a later working day; reminders are planned anew, the owner is told.

    Raises NotFound, Stale, Forbidden, or Invalid with every problem at `/until` and `/reason`.
    """
    case = find(session, actor, number, lock=True)
    check_version(case, expected)
    rule = process(case.process).states[case.state].extend
    role = extending_role(actor, case, rule)
    found = room(session, case, actor.at)
    faults = _reason_faults(reason)
    if found is None or case.due_at is None:
        raise Invalid([Problem("/until", "Usulan ini tidak memiliki batas waktu yang berjalan."), *faults])
    faults = list(_day_faults(case, until, found, wib_date(actor.at))) + faults
    if faults or until is None:
        raise Invalid(faults)
    ended_at = case.due_at
    deadlines.move_end(session, case, process(case.process).states[case.state], until, actor.at)
    case.version += 1
    session.flush()
    data = {
        "state": case.state,
        "ended_at": ended_at.isoformat(),
        "ends_at": end_of(until).isoformat(),
        "days_left": deadlines.days_left(end_of(until), actor.at),
    }
    record(session, case, actor, role, EXTENDED, data, {"note": reason.strip()}, ["notify"])
    return case


def extending_role(actor: Actor, case: Case, rule: Extend | None) -> str:
    """In which role this person may extend the deadline. Raises Forbidden; Invalid where nobody may."""
    if rule is None:
        if case.due_at is None:
            raise Invalid([Problem("/until", "Usulan ini tidak memiliki batas waktu yang berjalan.")])
        raise Invalid([Problem("/until", "Batas waktu pada status ini tidak dapat diperpanjang.")])
    roles = policy.roles_on(actor.user, case) if actor.user else frozenset()
    held = next((role for role in rule.by if role in roles), None)
    if held is None:
        names = ", ".join(ROLE_NAMES[role] for role in rule.by)
        raise Forbidden(f"Batas waktu pada status ini diperpanjang oleh {names}.")
    return held


def _day_faults(case: Case, until: date | None, found: Room, today: date) -> Iterator[Problem]:
    if not found.left:
        yield Problem(
            "/until", f"Batas waktu ini sudah diperpanjang {found.used} kali; lebih dari itu tidak dapat."
        )
    if until is None:
        yield Problem("/until", "Pilih tanggal batas waktu yang baru.")
    elif until <= today:
        yield Problem("/until", "Batas waktu yang baru harus sesudah hari ini.")
    elif case.due_at is not None and until <= wib_date(case.due_at):
        now = dates.full_date(case.due_at)
        yield Problem("/until", f"Batas waktu yang baru harus sesudah batas waktu sekarang, {now}.")
    elif until > found.last:
        yield Problem(
            "/until",
            f"Perpanjangan paling jauh {found.rule.working_days} hari kerja, sampai "
            f"{dates.full_date(found.last)}.",
        )
    elif not is_working_day(until):
        after = dates.full_date(next_working_day(until))
        yield Problem("/until", f"{dates.full_date(until)} bukan hari kerja; hari kerja berikutnya {after}.")


def _reason_faults(reason: str) -> list[Problem]:
    text = reason.strip()
    if len(text) < LEAST_REASON:
        return [Problem("/reason", f"Sampaikan alasannya, paling sedikit {LEAST_REASON} karakter.")]
    return [Problem("/reason", problem.message) for problem in note_problems(text)]
