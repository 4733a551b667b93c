"""Deadlines in working days of Indonesian offices, as rows that fire once."""

from collections.abc import Callable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from workers.deadlines import scan
from workers.office import Office
from workflow import commands
from workflow.calendar import add_working_days, is_working_day, working_days_between
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Case, Email, Event
from workflow.samples import sample
from workflow.settings import Settings

As = Callable[[Session, str], Actor]


def test_independence_day_and_joint_leave_are_no_working_days() -> None:
    assert not is_working_day(date(2022, 8, 17))
    assert not is_working_day(date(2022, 5, 4))
    assert is_working_day(date(2022, 8, 18))


def test_working_days_skip_weekends_and_holidays() -> None:
    assert add_working_days(date(2022, 8, 12), 3) == date(2022, 8, 18)
    assert working_days_between(date(2022, 8, 12), date(2022, 8, 18)) == 3
    assert working_days_between(date(2022, 8, 18), date(2022, 8, 12)) == -3


def test_reminder_and_escalation_go_out_by_themselves_and_once(
    database: Database, as_: As, clock: MovableClock, settings: Settings, run_workers: Callable[[], None]
) -> None:
    office = Office(settings, database, clock)
    with database.write() as session:
        case = commands.start(
            session,
            as_(session, "ani"),
            {
                "title": "SIAGA POSYANDU",
                "category": "digital",
                "agency": "puskesmas-tanon-1",
                "cohort": "pkp-iv-2022",
                "mentor": "budi@contoh.invalid",
            },
        )
        commands.advance(session, as_(session, "ani"), case.number, "submit", form=sample("change_plan"))
    run_workers()

    for _day in range(12):
        clock.tick(days=1)
        scan(office)
        scan(office)
        run_workers()

    with database.read() as session:
        fired = list(session.scalars(select(Event.name).where(Event.name.startswith("deadline."))))
        kinds = sorted(
            session.scalars(select(Email.kind).where(Email.kind.in_(["reminder", "overdue", "escalated"])))
        )
        due = session.scalars(select(Case.due_at)).one()
    assert fired == ["deadline.reminded", "deadline.reminded", "deadline.passed"]
    assert kinds == ["escalated", "overdue", "reminder", "reminder"]
    assert due is not None
    assert (due.hour, due.minute) == (16, 59)
