"""More time: who may give it, how far, what follows, and what it refuses."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.workflow.test_assignment import together
from tests.workflow.test_deadlines import rows, submitted
from workers.deadlines import scan
from workers.office import Office
from workflow import audit, commands, deadlines, fold
from workflow.calendar import add_working_days, end_of, wib_date
from workflow.db import Database
from workflow.errors import DomainError, Forbidden, Invalid, Stale
from workflow.ledger import Actor
from workflow.models import Case, Email, Event
from workflow.settings import Settings

As = Callable[[Session, str], Actor]
WHY = "Mentor bertugas di luar daerah."
FIRST_END = date(2022, 9, 19)


def extend(database: Database, as_: As, who: str, until: date | None, why: str = WHY) -> None:
    with database.write() as session:
        number = session.scalars(select(Case.number)).one()
        commands.extend_deadline(session, as_(session, who), number, until, why)


def begin(database: Database, as_: As) -> None:
    with database.write() as session:
        assert wib_date(submitted(session, as_).due_at) == FIRST_END  # type: ignore[arg-type]


def test_reminders_and_end_follow_the_new_day(
    database: Database, as_: As, clock: MovableClock, settings: Settings
) -> None:
    office = Office(settings, database, clock)
    begin(database, as_)
    clock.now = end_of(date(2022, 9, 15))  # three working days before the end has been said
    scan(office)
    extend(database, as_, "retno", date(2022, 9, 26))
    said = []
    for _day in range(12):
        clock.tick(days=1)
        scan(office)
        said.append((wib_date(clock()).day, len(fired(database))))

    reminded = "deadline.reminded"
    assert fired(database) == [reminded, "deadline.extended", reminded, reminded, "deadline.passed"]
    assert [day for (_, before), (day, count) in pairwise(said) if count > before] == [21, 23, 26]


def fired(database: Database) -> list[str]:
    with database.read() as session:
        names = select(Event.name).where(Event.name.startswith("deadline.")).order_by(Event.id)
        return list(session.scalars(names))


def test_an_extension_is_told_to_the_owner_and_kept_with_both_ends(
    database: Database, as_: As, run_workers: Callable[[], None]
) -> None:
    begin(database, as_)
    extend(database, as_, "retno", date(2022, 9, 26))
    run_workers()

    with database.read() as session:
        told = session.scalars(select(Email).where(Email.kind == "deadline_extended")).one()
        data = session.scalars(select(Event.data).where(Event.name == "deadline.extended")).one()
        case = session.scalars(select(Case)).one()
        assert {row.ends_at for row in rows(session, case, "mentor_review")} == {case.due_at}
        assert list(fold.differences(session)) == []
        assert audit.verify(session).intact
    assert case.due_at == end_of(date(2022, 9, 26))
    assert told.to_address == "budi@contoh.invalid"
    for words in ("Senin, 19 September 2022", "Senin, 26 September 2022", WHY):
        assert words in told.text
    assert data["ended_at"] == end_of(FIRST_END).isoformat()
    assert data["ends_at"] == end_of(date(2022, 9, 26)).isoformat()


@pytest.mark.parametrize(
    ("until", "why", "pointers", "words"),
    [
        (date(2022, 9, 9), WHY, ["/until"], "sesudah hari ini"),
        (date(2022, 9, 12), WHY, ["/until"], "sesudah hari ini"),
        (FIRST_END, WHY, ["/until"], "Senin, 19 September 2022"),
        (date(2022, 9, 24), WHY, ["/until"], "hari kerja berikutnya Senin, 26 September 2022"),
        (date(2022, 9, 27), WHY, ["/until"], "5 hari kerja, sampai Senin, 26 September 2022"),
        (date(9999, 12, 31), WHY, ["/until"], "paling jauh"),
        (None, " pendek ", ["/until", "/reason"], "Pilih tanggal"),
        (date(2022, 9, 20), "x" * 4001, ["/reason"], "4001 karakter"),
        (date(2022, 9, 20), "alasan\x00tersembunyi", ["/reason"], "tidak dapat disimpan"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_nothing_is_stored(
    database: Database, as_: As, until: date | None, why: str, pointers: list[str], words: str
) -> None:
    begin(database, as_)

    with pytest.raises(Invalid) as refusal:
        extend(database, as_, "retno", until, why)

    assert [problem.pointer for problem in refusal.value.problems] == pointers
    assert words in refusal.value.problems[0].message
    with database.read() as session:
        assert session.scalars(select(Case.due_at)).one() == end_of(FIRST_END)
        assert session.scalars(select(Event).where(Event.name == "deadline.extended")).all() == []


def test_the_stage_says_who_how_often_and_where(database: Database, as_: As) -> None:
    begin(database, as_)
    with pytest.raises(Forbidden, match="penyelenggara PKP, koordinator"):
        extend(database, as_, "budi", date(2022, 9, 20))
    extend(database, as_, "retno", date(2022, 9, 20))
    extend(database, as_, "endah", date(2022, 9, 21))
    with pytest.raises(Invalid, match="1 isian") as often:
        extend(database, as_, "endah", date(2022, 9, 22))
    with database.write() as session:
        number = session.scalars(select(Case.number)).one()
        commands.advance(session, as_(session, "ani"), number, "withdraw", note="Tidak jadi.")
    with pytest.raises(Invalid) as over:
        extend(database, as_, "endah", date(2022, 9, 22))

    assert "2 kali" in often.value.problems[0].message
    assert over.value.problems[0].message == "Usulan ini tidak memiliki batas waktu yang berjalan."


def test_a_period_that_is_over_is_extended_from_today(
    database: Database, as_: As, clock: MovableClock, settings: Settings
) -> None:
    begin(database, as_)
    clock.now = end_of(date(2022, 9, 28)) - timedelta(hours=9)
    scan(Office(settings, database, clock))
    with pytest.raises(Invalid):
        extend(database, as_, "retno", date(2022, 9, 20))
    extend(database, as_, "retno", add_working_days(date(2022, 9, 28), 5))
    with database.read() as session:
        case = session.scalars(select(Case)).one()
        (end,) = [row for row in rows(session, case, "mentor_review") if row.kind == deadlines.END]

    assert (end.fired_at, end.cancelled_at, end.at) == (None, None, case.due_at)


def test_of_two_who_extend_with_one_version_one_wins(database: Database, as_: As) -> None:
    begin(database, as_)
    with database.read() as session:
        case = session.scalars(select(Case)).one()
        number, seen = case.number, commands.etag(case)
    lost: list[DomainError] = []

    def act(who: str, day: int) -> None:
        try:
            with database.write() as session:
                until = date(2022, 9, day)
                commands.extend_deadline(session, as_(session, who), number, until, WHY, seen)
        except Stale as fault:
            lost.append(fault)

    together(lambda: act("endah", 20), lambda: act("wulan", 21))

    with database.read() as session:
        assert len(session.scalars(select(Event.id).where(Event.name == "deadline.extended")).all()) == 1
    assert len(lost) == 1
