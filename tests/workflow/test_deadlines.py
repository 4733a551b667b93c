"""Deadlines in working days of Indonesian offices, as rows that fire once."""

from collections.abc import Callable
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from workers.deadlines import scan
from workers.office import Office
from workflow import commands, deadlines
from workflow.calendar import add_working_days, end_of, is_working_day, wib_date, working_days_between
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Case, Deadline, Email, Event
from workflow.samples import sample
from workflow.settings import Settings

As = Callable[[Session, str], Actor]


COVER = {
    "title": "SIAGA POSYANDU",
    "category": "digital",
    "agency": "puskesmas-tanon-1",
    "cohort": "pkp-iv-2022",
    "mentor": "budi@contoh.invalid",
}


def submitted(session: Session, as_: As) -> Case:
    """A new proposal that waits for its mentor: five working days, two reminders, an end."""
    case = commands.start(session, as_(session, "ani"), COVER)
    return commands.advance(session, as_(session, "ani"), case.number, "submit", form=sample("change_plan"))


def rows(session: Session, case: Case, state: str) -> list[Deadline]:
    mine = select(Deadline).where(Deadline.case_id == case.id, Deadline.state == f"pkp_proposal.{state}")
    return list(session.scalars(mine.order_by(Deadline.id)))


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
        submitted(session, as_)
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


def test_leaving_a_state_ends_what_is_still_open_of_this_visit_alone(
    database: Database, as_: As, clock: MovableClock
) -> None:
    with database.write() as session:
        case, other = submitted(session, as_), submitted(session, as_)
        said = rows(session, case, "mentor_review")[1]
        said.fired_at = clock()
        clock.tick(hours=1)
        commands.advance(session, as_(session, "budi"), case.number, "request_revision", note="Perjelas.")

        assert [row.cancelled_at for row in rows(session, case, "mentor_review") if row is not said] == [
            clock(),
            clock(),
        ]
        assert said.cancelled_at is None
        assert {row.cancelled_at for row in rows(session, other, "mentor_review")} == {None}
        assert {row.cancelled_at for row in rows(session, case, "revision")} == {None}


def test_a_second_visit_leaves_the_first_as_it_ended(
    database: Database, as_: As, clock: MovableClock
) -> None:
    with database.write() as session:
        case = submitted(session, as_)
        first = rows(session, case, "mentor_review")
        commands.advance(session, as_(session, "budi"), case.number, "request_revision", note="Perjelas.")
        ended = clock()
        clock.tick(days=1)
        commands.advance(session, as_(session, "ani"), case.number, "resubmit", form=sample("change_plan", 1))
        clock.tick(days=1)
        commands.advance(session, as_(session, "budi"), case.number, "request_revision", note="Sekali lagi.")

        assert {row.cancelled_at for row in first} == {ended}


def test_the_days_a_mentor_has_used_are_gone_but_never_the_last_two(
    database: Database, as_: As, clock: MovableClock
) -> None:
    """The clock of a state with `resume` goes on where it stood; the period is five working days."""
    with database.write() as session:
        case = submitted(session, as_)
        given = []
        for turn, days in enumerate((1, 3)):  # from Monday to Tuesday to Friday
            clock.tick(days=days)
            commands.advance(session, as_(session, "budi"), case.number, "request_revision", note="Perjelas.")
            commands.advance(
                session, as_(session, "ani"), case.number, "resubmit", form=sample("change_plan", turn)
            )
            assert case.due_at is not None
            given.append(working_days_between(wib_date(clock()), wib_date(case.due_at)))

    assert given == [4, 2]


def test_what_is_due_comes_oldest_first_and_only_while_it_is_open(
    database: Database, as_: As, clock: MovableClock
) -> None:
    with database.write() as session:
        case = submitted(session, as_)
        reminders = [row for row in rows(session, case, "mentor_review") if row.kind != deadlines.END]
        (end,) = [row for row in rows(session, case, "mentor_review") if row.kind == deadlines.END]
        first, second = sorted(reminders, key=lambda row: row.at)
        session.flush()

        assert deadlines.due(session, second.at) == [first, second]
        assert deadlines.due(session, end.at) == [first, second, end]
        assert deadlines.due(session, end.at, limit=1) == [first]
        first.fired_at, second.cancelled_at = clock(), clock()
        session.flush()
        assert deadlines.due(session, end.at) == [end]


def test_a_period_is_over_by_a_day_as_soon_as_it_has_ended() -> None:
    friday = end_of(date(2022, 9, 9))

    assert deadlines.days_left(friday, friday) == 0
    assert deadlines.days_left(friday, friday + timedelta(seconds=1)) == -1
    assert deadlines.days_left(friday, end_of(date(2022, 9, 12))) == -1
    assert deadlines.days_left(friday, end_of(date(2022, 9, 13))) == -2
    assert deadlines.days_left(friday, end_of(date(2022, 9, 7))) == 2
