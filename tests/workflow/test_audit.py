"""The record: what is altered is named, also by somebody who can recompute every hash."""

import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from workers import keeping
from workers.office import Office
from workflow import anchors, audit, commands
from workflow.anchors import WrongAnchors
from workflow.db import Database, canonical
from workflow.ledger import Actor, digest, form
from workflow.models import Anchor, Case, Chain, Email, Event, Verification
from workflow.samples import sample
from workflow.settings import Settings

As = Callable[[Session, str], Actor]
COVER = {"title": "SIAGA POSYANDU", "category": "digital", "agency": "puskesmas-tanon-1"}


@pytest.fixture
def office(settings: Settings, database: Database, clock: MovableClock) -> Office:
    return Office(settings, database, clock)


def begin(database: Database, as_: As, count: int = 1) -> None:
    for _ in range(count):
        with database.write() as session:
            case = commands.start(session, as_(session, "ani"), COVER)
            commands.advance(
                session, as_(session, "ani"), case.number, "propose", form=sample("innovation_proposal")
            )


def rewrite_from(database: Database, position: int) -> None:
    """What somebody with SQL access and our source would do: alter one event, then mend all that follows."""
    with database.write() as session:
        previous = session.get_one(Event, position).previous_hash
        for event in session.scalars(select(Event).where(Event.id >= position).order_by(Event.id)):
            if event.id == position:
                event.role = "mentor"
            event.previous_hash = previous
            previous = event.hash = digest(event)
        session.get_one(Chain, 1).hash = previous


def verdict(database: Database, marks: list[audit.Mark] | None = None) -> audit.Verdict:
    with database.snapshot() as session:
        return audit.verify(session, marks=marks or [])


@given(
    st.builds(
        Event,
        id=st.integers(1),
        case_id=st.integers(1),
        seq=st.integers(1),
        name=st.text(),
        actor_id=st.none() | st.integers(1),
        role=st.text(),
        at=st.datetimes(timezones=st.just(MovableClock().now.tzinfo)),
        data=st.dictionaries(st.text(), st.integers() | st.text()),
        content_hash=st.none() | st.text("0123456789abcdef"),
        previous_hash=st.text("0123456789abcdef"),
    )
)
def test_the_form_written_by_hand_is_the_canonical_one(event: Event) -> None:
    fields: dict[str, Any] = {
        "id": event.id,
        "case": event.case_id,
        "seq": event.seq,
        "name": event.name,
        "actor": event.actor_id,
        "role": event.role,
        "at": event.at.isoformat(timespec="microseconds"),
        "data": event.data,
        "content": event.content_hash,
        "previous": event.previous_hash,
    }

    assert form(event, canonical(event.data)) == canonical(fields)


def test_a_rewritten_suffix_is_found_by_the_anchor_that_left(
    office: Office, as_: As, clock: MovableClock
) -> None:
    begin(office.database, as_, 2)
    keeping.anchor(office)
    clock.tick(days=1)
    begin(office.database, as_, 2)
    keeping.anchor(office)
    clock.tick(days=1)
    begin(office.database, as_)

    rewrite_from(office.database, 6)

    assert verdict(office.database).intact
    found = verdict(office.database, [row.mark for row in keeping.filed(office)])
    assert (found.intact, found.event_id) == (False, 5)
    assert found.fault == "peristiwa ke-5 sampai ke-8 tidak sesuai dengan jangkar: ditulis ulang"


def test_a_suffix_cut_off_is_found_by_the_anchor(office: Office, as_: As) -> None:
    begin(office.database, as_, 2)
    keeping.anchor(office)
    with office.database.write() as session:
        session.execute(text("DELETE FROM jobs"))
        session.execute(text("DELETE FROM events WHERE id > 2"))
        last = session.get_one(Event, 2)
        session.execute(text("UPDATE chain SET position = 2, hash = :hash"), {"hash": last.hash})

    assert verdict(office.database).intact
    found = verdict(office.database, [row.mark for row in keeping.filed(office)])
    assert (found.intact, found.event_id) == (False, 3)


def test_a_day_has_one_anchor_and_a_quiet_day_none(office: Office, as_: As, clock: MovableClock) -> None:
    taken = [keeping.anchor(office)]
    begin(office.database, as_)
    taken += [keeping.anchor(office), keeping.anchor(office)]
    clock.tick(days=1)
    taken += [keeping.anchor(office)]
    begin(office.database, as_)
    taken += [keeping.anchor(office)]

    assert taken == [False, True, False, False, True]
    assert [row.position for row in keeping.filed(office)] == [2, 4]


def test_an_anchor_is_mailed_to_operator_and_auditor_once(office: Office, as_: As) -> None:
    begin(office.database, as_)
    keeping.anchor(office)
    keeping.anchor(office)

    line = (office.settings.anchors / anchors.FILE).read_text().strip()
    with office.database.read() as session:
        mails = list(session.scalars(select(Email).where(Email.kind == "anchor").order_by(Email.to_address)))
    assert [mail.to_address for mail in mails] == ["dimas@contoh.invalid", "haryo@contoh.invalid"]
    assert all(line in mail.text for mail in mails)


def test_what_a_crash_left_half_written_is_written_again(office: Office, as_: As) -> None:
    begin(office.database, as_)
    keeping.anchor(office)
    file = office.settings.anchors / anchors.FILE
    whole = file.read_bytes()
    file.write_bytes(whole[:40])

    keeping.anchor(office)

    assert file.read_bytes() == whole


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"position":2', '"position":1', "tanda tangan tidak cocok"),
        ('"day"', '"they"', "bukan jangkar"),
        ('"key":"', '"key":"x', "kunci yang tidak dikenal"),
    ],
)
def test_a_file_that_was_touched_is_refused_with_its_line(
    office: Office, as_: As, old: str, new: str, words: str
) -> None:
    begin(office.database, as_)
    keeping.anchor(office)
    file = office.settings.anchors / anchors.FILE
    file.write_text(file.read_text().replace(old, new))

    with pytest.raises(WrongAnchors, match=f"baris 1: .*{words}"):
        keeping.filed(office)


def test_the_key_is_made_once_and_its_owner_s_alone(tmp_path: Path) -> None:
    first, again = (anchors.private_key(tmp_path / "deep" / "key.pem") for _ in range(2))

    assert anchors.public_text(first) == anchors.public_text(again)
    assert stat.S_IMODE((tmp_path / "deep" / "key.pem").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["key.pem"]


def test_a_worker_verifies_every_night_from_the_last_anchor_and_weekly_all(
    office: Office, as_: As, clock: MovableClock
) -> None:
    for _day in range(9):
        begin(office.database, as_)
        keeping.anchor(office)
        keeping.verify(office)
        keeping.verify(office)
        clock.tick(days=1)

    with office.database.read() as session:
        runs = [(run.begins, run.ends) for run in session.scalars(select(Verification))]
    assert runs == [(0, 2), (2, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14), (0, 16), (16, 18)]


def test_the_nightly_verification_reports_what_was_rewritten_before_its_start(
    office: Office, as_: As, clock: MovableClock
) -> None:
    for _day in range(3):
        begin(office.database, as_)
        keeping.anchor(office)
        keeping.verify(office)
        clock.tick(days=1)
    rewrite_from(office.database, 3)

    found = keeping.verify(office)

    assert found is not None
    assert (found.intact, found.event_id) == (False, 3)
    with office.database.read() as session:
        last = session.scalars(select(Verification).order_by(Verification.id.desc())).first()
    assert last is not None
    assert (last.intact, last.event_id) == (False, 3)


def test_an_operator_of_one_s_own_gets_the_anchor_s_mail(office: Office, as_: As) -> None:
    office = replace(office, settings=replace(office.settings, operator_email="jaga@contoh.invalid"))
    begin(office.database, as_)
    keeping.anchor(office)

    with office.database.read() as session:
        assert sorted(session.scalars(select(Email.to_address).where(Email.kind == "anchor"))) == [
            "haryo@contoh.invalid",
            "jaga@contoh.invalid",
        ]
        assert session.scalars(select(Anchor.filed_at)).one() is not None


@pytest.mark.parametrize(
    ("statement", "part"),
    [
        ("UPDATE cases SET state = 'pkp_proposal.passed'", "state"),
        ("UPDATE cases SET title = 'Lain'", "facts"),
        ("UPDATE cases SET forms = '{}'", "forms"),
        ("UPDATE cases SET version = 9", "version"),
        ("UPDATE cases SET entered_at = created_at, updated_at = '2022-01-01 00:00:00+00:00'", "updated_at"),
        ("UPDATE participants SET until = since WHERE role = 'proposer'", "people"),
    ],
)
def test_a_case_changed_behind_the_events_is_named_with_what_changed(
    database: Database, as_: As, statement: str, part: str
) -> None:
    begin(database, as_)
    with database.read() as session:
        assert list(audit.differences(session)) == []
        number = session.scalars(select(Case.number)).one()
    with database.write() as session:
        session.execute(text(statement))

    with database.snapshot() as session:
        found = list(audit.differences(session))

    assert [line.split(" tercatat ")[0] for line in found] == [f"{number}: {part}"]
