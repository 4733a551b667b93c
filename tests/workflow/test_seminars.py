"""Seminars: laid out, told once to everybody concerned, held against every other session."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time
from threading import Thread

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.workflow.test_assignment import ask, in_review
from workflow import audit, commands, fold, policy
from workflow.clock import WIB
from workflow.commands import Mark
from workflow.db import Database
from workflow.errors import DomainError, Forbidden, Invalid, NotFound, Refused, Stale
from workflow.ledger import Actor
from workflow.models import Case, Email, Event, Participant, Seminar, User
from workflow.people import find_user
from workflow.seminars.lists import coming, find, states, waiting
from workflow.seminars.look import look
from workflow.seminars.plan import Break, Plan

As = Callable[[Session, str], Actor]
STATE = "pkp_proposal.design_seminar"
COHORT = "pkp-iv-2022"
THURSDAY = date(2022, 9, 22)


def chair(session: Session, name: str = "retno") -> int:
    user = find_user(session, f"{name}@contoh.invalid")
    assert user is not None
    return user.id


def plan(session: Session, *numbers: str, **more: object) -> Plan:
    held = Plan(THURSDAY, time(9, 0), 30, place="Aula BKPSDM", chair=chair(session), cases=numbers)
    return replace(held, **more)  # type: ignore[arg-type]


def invite(database: Database, as_: As, *numbers: str, **more: object) -> int:
    with database.write() as session:
        made = commands.invite_seminar(
            session, as_(session, "retno"), COHORT, STATE, plan(session, *numbers, **more)
        )
        return made.seminar.id


def change(database: Database, as_: As, seminar: int, version: int, *numbers: str, **more: object) -> None:
    with database.write() as session:
        wanted = plan(session, *numbers, **more)
        commands.change_seminar(session, as_(session, "retno"), seminar, version, wanted)


@pytest.fixture
def numbers(database: Database, as_: As, run_workers: Callable[[], None]) -> list[str]:
    """Three cases that wait for their design seminar; Rudi examines the first two, Sri all of them."""
    made = [in_review(database, as_) for _ in range(3)]
    ask(database, as_, made[0], "rudi", "sri")
    ask(database, as_, made[1], "rudi", "sri")
    ask(database, as_, made[2], "sri")
    run_workers()
    return made


def mails(database: Database) -> list[tuple[str, str]]:
    with database.read() as session:
        rows = session.execute(
            select(Email.kind, Email.to_address).where(Email.kind.startswith("seminar")).order_by(Email.id)
        )
        return sorted((kind, address.partition("@")[0]) for kind, address in rows)


def test_cases_are_laid_out_around_breaks_and_everybody_is_invited_once(
    database: Database, as_: As, numbers: list[str], run_workers: Callable[[], None]
) -> None:
    seminar = invite(database, as_, *numbers, breaks=(Break(time(9, 45), 15),), link="https://rapat.contoh/1")
    run_workers()

    with database.read() as session:
        held = session.get_one(Seminar, seminar)
        times = [f"{s.starts_at.astimezone(WIB):%H:%M}-{s.ends_at.astimezone(WIB):%H:%M}" for s in held.slots]
        assert times == ["09:00-09:30", "10:00-10:30", "10:30-11:00"]
        mail = session.scalars(select(Email).where(Email.to_address == "rudi@contoh.invalid")).all()[-1]
        assert "Kamis, 22 September 2022" in mail.subject
        assert all(text in mail.text for text in ("Aula BKPSDM", "09.00–09.30 WIB", "https://rapat.contoh/1"))
        assert numbers[1] in mail.text
        assert numbers[2] not in mail.text
        assert list(fold.differences(session)) == []
        assert all("rapat" not in str(e.data) + str(e.content) for e in session.scalars(select(Event)))
        assert audit.verify(session).intact
    assert mails(database) == [("seminar_invited", who) for who in ("ani", "budi", "rudi", "sri")]


def test_only_who_is_concerned_hears_of_a_change(
    database: Database, as_: As, numbers: list[str], run_workers: Callable[[], None]
) -> None:
    seminar = invite(database, as_, *numbers)
    run_workers()
    before = mails(database)

    change(database, as_, seminar, 1, numbers[0], numbers[1])
    run_workers()
    assert sorted(set(mails(database)) - set(before)) == [
        ("seminar_cancelled", who) for who in ("ani", "budi", "sri")
    ]

    change(database, as_, seminar, 2, numbers[0], numbers[1], chair=_id(database, "sri"))
    run_workers()
    assert ("seminar_moved", "sri") in mails(database)
    assert ("seminar_moved", "rudi") not in mails(database)

    change(database, as_, seminar, 3, numbers[1], numbers[0], chair=_id(database, "sri"))
    run_workers()
    assert [m for m in mails(database) if m[0] == "seminar_moved"] == [
        ("seminar_moved", who) for who in ("ani", "budi", "rudi", "sri", "sri")
    ]
    with database.read() as session:
        slots = session.get_one(Seminar, seminar).slots
        assert [(s.sequence, s.cancelled_at is None) for s in sorted(slots, key=lambda s: s.id)] == [
            (1, True),
            (1, True),
            (1, False),
        ]
        assert audit.verify(session).intact


def test_a_session_called_off_frees_its_cases(
    database: Database, as_: As, numbers: list[str], run_workers: Callable[[], None]
) -> None:
    seminar = invite(database, as_, *numbers)
    with database.write() as session, pytest.raises(Invalid):
        commands.cancel_seminar(session, as_(session, "retno"), seminar, 1, "tidak")
    with database.write() as session:
        commands.cancel_seminar(session, as_(session, "endah"), seminar, 1, "Aula dipakai rapat paripurna.")
    run_workers()

    assert [m for m in mails(database) if m[0] == "seminar_cancelled"] == [
        ("seminar_cancelled", who) for who in ("ani", "budi", "retno", "rudi", "sri")
    ]
    assert invite(database, as_, *numbers) > seminar
    with pytest.raises(Refused):
        change(database, as_, seminar, 2, *numbers)


def test_clashes_of_people_and_rooms_are_all_named(database: Database, as_: As, numbers: list[str]) -> None:
    invite(database, as_, numbers[0])

    with pytest.raises(Invalid) as refusal:
        invite(database, as_, numbers[1], begins=time(9, 15), place=" aula  bkpsdm ")

    said = [(p.pointer, p.message) for p in refusal.value.problems]
    assert said[0][0] == "/place"
    assert [text.partition(" ")[0] for _pointer, text in said[1:]] == ["Retno", "Ani", "Budi", "Rudi", "Sri"]
    assert all("09.00–09.30 WIB" in text for _pointer, text in said)
    with database.write() as session, pytest.raises(Invalid) as refusal:
        commands.invite_seminar(
            session, as_(session, "retno"), COHORT, STATE, plan(session, numbers[0], begins=time(13, 0))
        )
    assert [p.pointer for p in refusal.value.problems] == ["/case"]
    assert invite(database, as_, numbers[1], begins=time(9, 30)) == 2


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"day": date(2022, 9, 9)}, "/day"),
        ({"day": None}, "/day"),
        ({"day": date(2022, 9, 12), "begins": time(8, 0)}, "/begins"),
        ({"begins": time(23, 45)}, "/minutes"),
        ({"minutes": 2}, "/minutes"),
        ({"place": ""}, "/place"),
        ({"place": "Ruang 19860926 201505 1 001"}, "/place"),
        ({"link": "javascript:alert(1)"}, "/link"),
        ({"link": "https://[rusak"}, "/link"),
        ({"chair": 999_999}, "/chair"),
        ({"chair": None}, "/chair"),
        ({"cases": ()}, "/case"),
        ({"cases": ("INV-2022-9999",)}, "/case"),
        ({"note": "x" * 2001}, "/note"),
        ({"note": "\x00"}, "/note"),
    ],
)
def test_a_plan_without_sense_is_refused_at_its_field(
    database: Database, as_: As, numbers: list[str], more: dict[str, object], pointer: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        invite(database, as_, *([] if "cases" in more else numbers), **more)

    assert pointer in [p.pointer for p in refusal.value.problems]
    with database.read() as session:
        assert session.scalar(select(Seminar.id)) is None


def test_a_day_off_and_a_deadline_before_the_day_are_only_said(
    database: Database, as_: As, numbers: list[str]
) -> None:
    with database.read() as session:
        (group,) = waiting(session, as_(session, "retno").at)
        assert [c.number for c in group.unplanned] == numbers
        wanted = plan(session, *numbers, day=date(2022, 10, 8))
        seen = look(session, as_(session, "retno"), group.cohort, states()[STATE], wanted)

    assert seen.problems == []
    assert "bukan hari kerja: " in seen.warnings[0]
    assert all("jatuh sebelum seminarnya" in text for text in seen.warnings[1:])
    assert len(seen.warnings) == 4


def test_two_organisers_meet_the_version_and_cannot_take_one_room_at_once(
    database: Database, as_: As, numbers: list[str]
) -> None:
    seminar = invite(database, as_, numbers[0])
    change(database, as_, seminar, 1, numbers[0], begins=time(10, 0))
    with pytest.raises(Stale):
        change(database, as_, seminar, 1, numbers[0], begins=time(11, 0))

    outcomes: list[int | DomainError] = []

    def race() -> None:
        try:
            outcomes.append(invite(database, as_, numbers[2], begins=time(14, 0)))
        except DomainError as refusal:
            outcomes.append(refusal)

    rival = Thread(target=race)
    with database.write() as session:
        wanted = plan(session, numbers[1], begins=time(14, 0))
        commands.invite_seminar(session, as_(session, "endah"), COHORT, STATE, wanted)
        rival.start()
        rival.join(0.5)  # as far as the rival comes while nothing is committed
    rival.join()
    assert [type(outcome) for outcome in outcomes] == [Invalid]


def test_a_session_is_for_those_who_arrange_chair_or_sit_in_it(
    database: Database, as_: As, numbers: list[str], clock: MovableClock
) -> None:
    seminar = invite(database, as_, numbers[2], chair=_id(database, "tono"))
    with database.write() as session, pytest.raises(Forbidden):
        commands.cancel_seminar(session, as_(session, "tono"), seminar, 1, "Tidak jadi diadakan.")

    with database.write() as session:  # Rudi examines another seminar of this case
        case = session.scalars(select(Case).where(Case.number == numbers[2])).one()
        elsewhere = "pkp_proposal.final_seminar"
        rudi = chair(session, "rudi")
        case.participants.append(Participant(user_id=rudi, role="reviewer", state=elsewhere, since=clock()))

    seen = {}
    with database.read() as session:
        for user in session.scalars(select(User)).unique():
            listed = [s.id for s in coming(session, user, clock())]
            assert bool(listed) is policy.may_see_seminar(user, session.get_one(Seminar, seminar))
            seen[user.name] = bool(listed)
            if not listed:
                with pytest.raises(NotFound):
                    find(session, user, seminar)
    assert {name for name, may in seen.items() if may} == {
        "Ani", "Budi", "Endah", "Wulan", "Retno", "Sri", "Tono",
    }  # fmt: skip


def _id(database: Database, name: str) -> int:
    with database.read() as session:
        return chair(session, name)


def test_who_came_is_written_down_and_a_correction_keeps_what_was_said(
    database: Database, as_: As, numbers: list[str], clock: MovableClock
) -> None:
    seminar = invite(database, as_, numbers[0], chair=_id(database, "tono"))

    def note(who: str, version: int, **said: Mark) -> None:
        with database.write() as session:
            marks = {(1, _id(database, name)): mark for name, mark in said.items()}
            commands.note_attendance(session, as_(session, who), seminar, version, marks)

    with pytest.raises(Refused):
        note("tono", 1, ani=Mark("present"))
    clock.tick(days=10)
    with pytest.raises(Forbidden):
        note("ani", 1, ani=Mark("present"))
    with pytest.raises(Invalid) as refusal:
        note("tono", 1, budi=Mark("represented"), tono=Mark("present"), ani=Mark("late"))
    assert len(refusal.value.problems) == 3

    note("tono", 1, ani=Mark("present"), budi=Mark("represented", "Joko Susilo"), rudi=Mark("present"))
    with pytest.raises(Stale):
        note("retno", 1, ani=Mark("absent"))
    note("retno", 2, ani=Mark("absent"), rudi=Mark("present"))

    with database.read() as session:
        (slot,) = session.get_one(Seminar, seminar).slots
        assert {(a.user.name, a.presence, a.stand_in) for a in slot.attendance} == {
            ("Ani", "absent", ""), ("Budi", "represented", "Joko Susilo"), ("Rudi", "present", ""),
        }  # fmt: skip
        events = session.scalars(select(Event).where(Event.name.startswith("seminar.att")).order_by(Event.id))
        assert [(e.name, e.role, e.data["attendance"]) for e in events] == [
            ("seminar.attended", "chair", {"1": "present", "2": "represented", "9": "present"}),
            ("seminar.attendance_corrected", "organiser", {"1": "absent"}),
        ]
        assert "Rudi" not in str([e.content for e in session.scalars(select(Event))])
        assert list(fold.differences(session)) == []
