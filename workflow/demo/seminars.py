"""The demo's seminars: one design seminar that was held, and one that is coming."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import commands
from workflow.clock import WIB
from workflow.commands.attendance import ABSENT, PRESENT, REPRESENTED, Mark, attendees
from workflow.demo.people import DOMAIN
from workflow.ledger import Actor
from workflow.models import Case, Seminar, User
from workflow.people import find_user
from workflow.seminars.plan import Break, Plan

DESIGN = "pkp_proposal.design_seminar"
PLACE = "Aula BKPSDM Kabupaten Sragen"
NOTE = "Peserta mengenakan pakaian dinas dan membawa bahan tayang paling banyak 10 salindia."
RECORD = (
    "Sidang dibuka pukul 08.30 WIB; penguji menyampaikan tata cara penilaian.\n"
    "Peserta memperbaiki rancangan sesuai masukan penguji sebelum implementasi dimulai."
)
STAND_IN = "Sumarno, S.Sos."
MOST = 8

Moment = tuple[datetime, Callable[[Session], None]]


def moments(cohort: str) -> Iterator[Moment]:
    """What happens and when; sessions are made of the cases that stand there at that time."""
    held, coming = date(2022, 9, 27), date(2022, 12, 8)
    yield _wib(9, 24, 15), lambda s: _invite(s, cohort, held, _wib(9, 24, 15))
    yield _wib(9, 27, 15), lambda s: _keep(s, _wib(9, 27, 15))
    yield _wib(11, 30, 14), lambda s: _invite(s, cohort, coming, _wib(11, 30, 14))


def _wib(month: int, day: int, hour: int) -> datetime:
    return datetime(2022, month, day, hour, tzinfo=WIB)


def _invite(session: Session, cohort: str, day: date, at: datetime) -> None:
    cases = session.scalars(select(Case).where(Case.state == DESIGN).order_by(Case.number))
    ready = [case.number for case in cases if case.holders("reviewer", DESIGN)][:MOST]
    if not ready:
        return
    who = _organiser(session, at)
    plan = Plan(
        day=day,
        begins=time(8, 30),
        minutes=30,
        breaks=(Break(time(10, 0), 15), Break(time(12, 0), 60)),
        place=PLACE,
        chair=who.user.id if who.user else None,
        note=NOTE,
        cases=tuple(ready),
    )
    commands.invite_seminar(session, who, cohort, DESIGN, plan)


def _keep(session: Session, at: datetime) -> None:
    seminar = session.scalars(select(Seminar)).unique().first()
    if seminar is None:
        return
    marks = {
        (slot.id, seat.user.id): _mark(slot.position, seat.role)
        for slot in seminar.standing
        for seat in attendees(slot)
    }
    who = _organiser(session, at)
    commands.note_attendance(session, who, seminar.id, seminar.version, marks)
    commands.note_seminar(session, who, seminar.id, seminar.version, RECORD)


def _mark(position: int, role: str) -> Mark:
    """Everybody came, but for one mentor with a stand-in and another who was away."""
    if role == "mentor" and position == 1:
        return Mark(REPRESENTED, STAND_IN)
    return Mark(ABSENT if role == "mentor" and position == 4 else PRESENT)


def _organiser(session: Session, at: datetime) -> Actor:
    user: User | None = find_user(session, f"penyelenggara@{DOMAIN}")
    return Actor(user, at)
