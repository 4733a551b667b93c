"""Editing the calendar of days off; running deadlines keep their number of working days."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from workflow import calendar, deadlines, office_days, policy
from workflow.calendar import add_working_days, end_of, next_working_day, wib_date, working_days_between
from workflow.commands.find import locked
from workflow.db import insert_new
from workflow.definition import process
from workflow.errors import Forbidden, Invalid, NotFound, Problem, Reason, Refused
from workflow.ledger import Actor, record
from workflow.models import CalendarDay, Case, Deadline, Fact
from workflow.validation import storable

LONGEST_NAME, LONGEST_SOURCE, LEAST_TEXT = 120, 200, 3
FURTHEST_YEARS = 3


@dataclass(frozen=True)
class NewDay:
    """A day as it is handed in; `day` is None where nothing readable was."""

    day: date | None
    kind: str
    name: str
    source: str


@dataclass(frozen=True)
class Shift:
    """A deadline that moved with the calendar."""

    case: Case
    before: datetime
    after: datetime


def add_day(session: Session, actor: Actor, new: NewDay) -> list[Shift]:
    """Make a day a holiday, joint leave or a working day; the deadlines that moved with it.

    Raises Forbidden, or Invalid with every problem at `/day`, `/kind`, `/name`, `/source`.
    """
    _require(actor)
    cases = _alone(session, actor)
    faults = list(_faults(new, actor))
    if faults or new.day is None or actor.user is None:
        raise Invalid(faults)
    row = CalendarDay(
        day=new.day,
        kind=new.kind,
        name=new.name.strip(),
        source=new.source.strip(),
        adder=actor.user,
        added_at=actor.at,
    )
    spans = _spans(session, cases, actor)
    session.add(row)
    return _replan(session, actor, spans, row)


def remove_day(session: Session, actor: Actor, row_id: int) -> list[Shift]:
    """Take an edit back: the day is what the library says again. Raises NotFound or Refused."""
    _require(actor)
    cases = _alone(session, actor)
    row = session.get(CalendarDay, row_id, populate_existing=True)
    if row is None:
        raise NotFound
    if row.removed_at is not None:
        raise Refused([Reason("removed", "Perubahan kalender ini sudah dibatalkan.")])
    spans = _spans(session, cases, actor)
    row.removed_at, row.remover = actor.at, actor.user
    return _replan(session, actor, spans, row)


def _require(actor: Actor) -> None:
    if actor.user is None or not policy.may_edit_calendar(actor.user):
        raise Forbidden("Kalender diubah oleh koordinator atau admin.")


def _alone(session: Session, actor: Actor) -> list[Case]:
    """The cases with a running deadline, locked, and the calendar to oneself until the commit.

    Cases first, as every step does; then the calendar; then those that came in between.
    """
    cases = locked(session, Case.id.in_(_running(actor)))
    insert_new(session, Fact, name=office_days.CALENDAR, value="")
    session.execute(select(Fact.name).where(Fact.name == office_days.CALENDAR).with_for_update())
    office_days.follow(session, share=False)
    held = [case.id for case in cases]
    return cases + locked(session, Case.id.in_(_running(actor)) & Case.id.not_in(held))


def _running(actor: Actor) -> Select[int]:
    return select(Deadline.case_id).where(
        Deadline.kind == deadlines.END,
        Deadline.fired_at.is_(None),
        Deadline.cancelled_at.is_(None),
        Deadline.ends_at > actor.at,
    )


def _spans(session: Session, cases: list[Case], actor: Actor) -> list[tuple[Case, Deadline, int]]:
    """Each running period with its working days by the calendar as it was."""
    ids = [case.id for case in cases if case.voided_at is None]
    rows = session.scalars(select(Deadline).where(Deadline.case_id.in_(ids), Deadline.kind == deadlines.END))
    by_visit = {(row.case_id, row.visit): row for row in rows}
    found = [(case, by_visit.get((case.id, case.visit))) for case in cases]
    return [
        (case, row, working_days_between(wib_date(row.starts_at), wib_date(row.ends_at)))
        for case, row in found
        if row is not None and row.fired_at is None and row.cancelled_at is None and row.ends_at > actor.at
    ]


def _replan(
    session: Session, actor: Actor, spans: list[tuple[Case, Deadline, int]], row: CalendarDay
) -> list[Shift]:
    fact = session.get_one(Fact, office_days.CALENDAR)
    fact.value = secrets.token_hex(8)
    session.flush()
    with calendar.counting_by(office_days.edits(session)):
        return [s for span in spans if (s := _moved(session, actor, *span, row)) is not None]


def _moved(
    session: Session, actor: Actor, case: Case, deadline: Deadline, days: int, row: CalendarDay
) -> Shift | None:
    """The deadline under the new calendar; None where it stays. Never within the next two working days."""
    state = process(case.process).states[case.state]
    before, ended_on = deadline.ends_at, wib_date(deadline.ends_at)
    if state.due is None:
        return None
    if state.due.months:
        last = next_working_day(ended_on)
    else:
        last = add_working_days(wib_date(deadline.starts_at), days)
    if last < ended_on:
        last = max(last, min(ended_on, add_working_days(wib_date(actor.at), deadlines.LEAST_DAYS)))
    if last == ended_on:
        return None
    deadlines.move_end(session, case, state, last, actor.at)
    case.version += 1
    session.flush()
    data = {
        "state": case.state,
        "ended_at": before.isoformat(),
        "ends_at": end_of(last).isoformat(),
        "days_left": deadlines.days_left(end_of(last), actor.at),
        "calendar": row.id,
    }
    name = "deadline.put_off" if last > ended_on else "deadline.brought_forward"
    note = f"{row.name}, {row.source}" if row.removed_at is None else f"Dibatalkan: {row.name}, {row.source}"
    record(session, case, actor, _role(actor), name, data, {"note": note}, ["notify"])
    return Shift(case, before, end_of(last))


def _role(actor: Actor) -> str:
    roles = actor.user.global_roles if actor.user else frozenset()
    return "coordinator" if "coordinator" in roles else "admin"


def _faults(new: NewDay, actor: Actor) -> Iterator[Problem]:
    today = wib_date(actor.at)
    if new.day is None:
        yield Problem("/day", "Pilih tanggalnya.")
    elif new.day < today:
        yield Problem("/day", "Tanggal yang sudah lewat tidak diubah lagi: batas waktu yang lalu tetap.")
    elif new.day.year > today.year + FURTHEST_YEARS:
        yield Problem("/day", f"Paling jauh {FURTHEST_YEARS} tahun dari sekarang.")
    elif new.kind in office_days.KINDS and _is(new.day, new.kind):
        yield Problem("/day", "Tanggal ini sudah demikian menurut kalender yang berlaku.")
    if new.kind not in office_days.KINDS:
        yield Problem("/kind", "Pilih jenis harinya.")
    for field, text, longest, what in (
        ("name", new.name, LONGEST_NAME, "Nama hari"),
        ("source", new.source, LONGEST_SOURCE, "Dasar penetapan"),
    ):
        if not LEAST_TEXT <= len(text.strip()) <= longest or not storable(text):
            yield Problem(f"/{field}", f"{what} diisi {LEAST_TEXT} sampai {longest} karakter.")


def _is(day: date, kind: str) -> bool:
    off = not calendar.is_working_day(day)
    return off == (kind != office_days.WORKING)
