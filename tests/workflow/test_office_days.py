"""The calendar as it is edited: what moves with a day, what stays, and who may."""

from collections.abc import Callable, Iterator
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.workflow.test_assignment import together
from tests.workflow.test_deadlines import rows, submitted
from workflow import calendar, commands, fold, office_days
from workflow.calendar import end_of, is_working_day
from workflow.commands.calendar import NewDay, Shift
from workflow.db import Database
from workflow.errors import Forbidden, Invalid, Refused
from workflow.ledger import Actor
from workflow.models import CalendarDay, Case, Email, Event
from workflow.samples import sample

As = Callable[[Session, str], Actor]
DECREE = "SKB 3 Menteri Nomor 375 Tahun 2022"
END, LATER = date(2022, 9, 19), date(2022, 9, 20)
WEDNESDAY = date(2022, 9, 14)


@pytest.fixture(autouse=True)
def the_calendar_of_others_is_untouched() -> Iterator[None]:
    yield
    calendar.use(frozenset())


@pytest.fixture
def number(database: Database, as_: As) -> str:
    """A case that waits for its mentor until Monday, 19 September."""
    with database.write() as session:
        return submitted(session, as_).number


def change(
    database: Database,
    as_: As,
    day: date | None,
    kind: str = "holiday",
    who: str = "endah",
    why: str = DECREE,
) -> list[Shift]:
    with database.write() as session:
        return commands.add_day(session, as_(session, who), NewDay(day, kind, "Libur daerah", why))


def take_back(database: Database, as_: As) -> list[Shift]:
    with database.write() as session:
        row = session.scalars(select(CalendarDay.id).order_by(CalendarDay.id.desc())).first()
        assert row is not None
        return commands.remove_day(session, as_(session, "dimas"), row)


def due(database: Database, number: str) -> date:
    with database.read() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        assert case.due_at is not None
        here = [r for r in rows(session, case, "mentor_review") if r.visit == case.visit]
        assert {r.ends_at for r in here} == {case.due_at}
        assert list(fold.differences(session)) == []
        return calendar.wib_date(case.due_at)


def test_a_holiday_within_a_running_period_puts_its_end_off_by_a_day(
    database: Database, as_: As, number: str, run_workers: Callable[[], None]
) -> None:
    (shift,) = change(database, as_, WEDNESDAY)
    run_workers()

    assert (shift.before, shift.after) == (end_of(END), end_of(LATER))
    assert due(database, number) == LATER
    with database.read() as session:
        event = session.scalars(select(Event).where(Event.name == "deadline.put_off")).one()
        mails = session.scalars(select(Email).where(Email.kind == "deadline_moved")).all()
    assert (event.content or {})["note"] == f"Libur daerah, {DECREE}"
    assert list(mails) == []


def test_what_lies_outside_the_period_or_is_over_stays(
    database: Database, as_: As, number: str, clock: MovableClock
) -> None:
    assert change(database, as_, date(2022, 9, 21)) == []
    clock.now = end_of(date(2022, 9, 20))
    assert change(database, as_, LATER, "leave") == []
    assert due(database, number) == END


def test_a_day_taken_back_brings_the_end_forward_again_and_its_owner_is_told(
    database: Database, as_: As, number: str, run_workers: Callable[[], None]
) -> None:
    change(database, as_, WEDNESDAY)
    take_back(database, as_)
    run_workers()
    with pytest.raises(Refused, match="sudah dibatalkan"):
        take_back(database, as_)

    assert due(database, number) == END
    with database.read() as session:
        told = session.scalars(select(Email.to_address).where(Email.kind == "deadline_moved")).all()
        (row,) = office_days.history(session)
    assert list(told) == ["budi@contoh.invalid"]
    assert (row.adder.name, row.remover and row.remover.name) == ("Endah", "Dimas")


def test_joint_leave_of_the_decree_may_become_a_working_day(database: Database, as_: As) -> None:
    with database.read() as session:
        office_days.follow(session)
    off = next(d for d in calendar.days_off(2023) if d.weekday() < calendar.SATURDAY)
    change(database, as_, off, "working")
    with database.read() as session:
        office_days.follow(session)

    assert is_working_day(off)


def test_a_period_begun_afterwards_counts_with_it_in_every_process(database: Database, as_: As) -> None:
    change(database, as_, WEDNESDAY)
    calendar.use(frozenset())  # another process, which has not heard of it
    with database.write() as session:
        case = submitted(session, as_)

    assert due(database, case.number) == LATER


def test_a_preview_moves_nothing_and_nobody_counts_by_it(database: Database, as_: As, number: str) -> None:
    with database.rehearsal() as session:
        new = NewDay(WEDNESDAY, "holiday", "Libur daerah", DECREE)
        assert len(commands.add_day(session, as_(session, "endah"), new)) == 1
    with database.read() as session:
        office_days.follow(session)

    assert is_working_day(WEDNESDAY)
    assert due(database, number) == END


def test_a_step_and_a_holiday_at_once_leave_no_deadline_that_missed_it(
    database: Database, as_: As, number: str
) -> None:
    with database.write() as session:
        other = submitted(session, as_).number
        commands.advance(session, as_(session, "budi"), other, "request_revision", note="Perjelas.")

    def hand_in() -> None:
        with database.write() as session:
            form = sample("change_plan", 1)
            commands.advance(session, as_(session, "ani"), other, "resubmit", form=form)

    together(hand_in, lambda: _nothing(change(database, as_, WEDNESDAY)))

    assert [due(database, n) for n in (number, other)] == [LATER, LATER]


def _nothing(_shifts: list[Shift]) -> None:
    return None


@pytest.mark.parametrize(
    ("day", "kind", "why", "pointers"),
    [
        (None, "", " ", ["/day", "/kind", "/source"]),
        (date(2022, 9, 9), "holiday", DECREE, ["/day"]),
        (date(2030, 1, 2), "holiday", DECREE, ["/day"]),
        (date(2022, 9, 17), "holiday", DECREE, ["/day"]),
        (WEDNESDAY, "working", DECREE, ["/day"]),
        (WEDNESDAY, "pesta", "x" * 201, ["/kind", "/source"]),
    ],
)
def test_what_is_wrong_is_said_at_the_field(
    database: Database, as_: As, day: date | None, kind: str, why: str, pointers: list[str]
) -> None:
    with pytest.raises(Invalid) as refusal:
        change(database, as_, day, kind, why=why)

    assert [problem.pointer for problem in refusal.value.problems] == pointers


def test_only_those_who_keep_the_calendar_change_it(database: Database, as_: As) -> None:
    with pytest.raises(Forbidden):
        change(database, as_, WEDNESDAY, who="retno")
