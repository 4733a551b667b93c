"""The desk schedule: five a day and person, on working days, told by mail, taken back one by one."""

from collections import Counter
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import audit, commands
from workflow.db import Database
from workflow.errors import Forbidden, Invalid, Refused
from workflow.ledger import Actor, record
from workflow.models import Case, DeskSlot, Email, User
from workflow.samples import sample

As = Callable[[Session, str], Actor]
COVER = {"category": "digital", "agency": "puskesmas-tanon-1"}
FRIDAY = date(2022, 10, 7)  # 8 October is Mawlid, a Saturday in 2022


def entries(database: Database, as_: As, count: int) -> None:
    """Ani's innovations, all being completed for IGA 2023."""
    with database.write() as session:
        who = as_(session, "ani")
        for turn in range(count):
            document = {
                "title": f"SIPESTA bagi warga {turn}",
                "category": "digital",
                "agency": "puskesmas-tanon-1",
            }
            case = commands.start(session, who, document)
            case.forms = {"iga_profile": sample("iga_profile") | {"implementation_date": "2022-05-09"}}
            step = {"from": case.state, "to": "competition.candidate"}
            record(session, case, who, "coordinator", "replication.nominated", step)
            case.state = "competition.completing_evidence"


def ids(session: Session, *names: str) -> list[int]:
    emails = [f"{name}@contoh.invalid" for name in names]
    return list(session.scalars(select(User.id).where(User.email.in_(emails)).order_by(User.id)))


def plan(database: Database, as_: As, first: date | None, *helpers: str, by: str = "endah") -> list[DeskSlot]:
    with database.write() as session:
        return commands.plan_desk(session, as_(session, by), 2023, first, ids(session, *helpers))


def test_entries_are_spread_five_a_day_and_person_over_working_days(
    database: Database, as_: As, run_workers: Callable[[], None]
) -> None:
    entries(database, as_, 12)

    made = plan(database, as_, FRIDAY, "endah", "wulan")
    run_workers()

    assert Counter(slot.day for slot in made) == {FRIDAY: 10, date(2022, 10, 10): 2}
    assert set(Counter((slot.day, slot.helper_id) for slot in made).values()) == {5, 2}
    with database.read() as session:
        told = list(session.scalars(select(Email).where(Email.kind == "desk_scheduled")))
        assert {e.to_address for e in told} == {"ani@contoh.invalid", "yuli@contoh.invalid"}
        assert len(told) == 24
        assert any("Senin, 10 Oktober 2022, bersama Endah" in e.text for e in told)
        assert audit.verify(session).intact
        assert set(session.scalars(select(Case.version))) == {2}


def test_who_has_a_slot_keeps_it_and_a_place_given_back_is_filled_again(
    database: Database, as_: As, run_workers: Callable[[], None]
) -> None:
    entries(database, as_, 5)
    first = plan(database, as_, FRIDAY, "endah")
    with pytest.raises(Refused):
        plan(database, as_, FRIDAY, "wulan")
    with database.write() as session:
        number = session.scalars(select(Case.number).where(Case.id == first[2].case_id)).one()
        commands.cancel_desk(session, as_(session, "wulan"), number)
    again = plan(database, as_, FRIDAY, "endah")
    run_workers()

    assert [(slot.case_id, slot.day) for slot in again] == [(first[2].case_id, FRIDAY)]
    with database.read() as session:
        assert len(commands.list_desk(session, 2023)) == 5
        kinds = Counter(session.scalars(select(Email.kind).where(Email.kind.startswith("desk"))))
    assert kinds == {"desk_scheduled": 12, "desk_cancelled": 2}


@pytest.mark.parametrize(
    ("first", "helpers", "pointers"),
    [
        (None, (), ["/helper", "/first"]),
        (date(2022, 9, 12), ("endah",), ["/first"]),
        (date(2022, 10, 8), ("endah",), ["/first"]),
        (date(2024, 1, 2), ("endah",), ["/first"]),
        (FRIDAY, ("ani",), ["/helper"]),
    ],
)
def test_a_plan_without_sense_names_every_fault_and_gives_no_slot(
    database: Database, as_: As, first: date | None, helpers: tuple[str, ...], pointers: list[str]
) -> None:
    entries(database, as_, 1)

    with pytest.raises(Invalid) as refusal:
        plan(database, as_, first, *helpers)
    with pytest.raises(Forbidden):
        plan(database, as_, FRIDAY, "endah", by="ani")

    assert [p.pointer for p in refusal.value.problems] == pointers
    with database.read() as session:
        assert commands.list_desk(session, 2023) == []
