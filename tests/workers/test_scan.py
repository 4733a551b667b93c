"""With a scanner set, no file is served or exported before it was found clean, whatever goes wrong."""

import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.scanner import MARK, SIGNATURE, Scanner, scanner
from tests.servers import free_port
from tests.workflow.test_archive import begin
from tests.workflow.test_exports import kept, make_entry, order
from workers import clamd, files
from workers.drain import Drain
from workers.office import Office
from workflow import audit, commands
from workflow.db import Database
from workflow.errors import Invalid
from workflow.evidence_store import EvidenceStore
from workflow.ledger import Actor
from workflow.models import Email, Event, Evidence, Job, StoredFile
from workflow.quarantine import Quarantined, require_clean
from workflow.settings import Settings

As = Callable[[Session, str], Actor]
CLEAN, INFECTED = b"%PDF-1.7 bersih", b"%PDF-1.7 " + MARK


@pytest.fixture
def running() -> Iterator[Scanner]:
    with scanner() as opened:
        yield opened


@pytest.fixture
def office(database: Database, settings: Settings, clock: MovableClock, running: Scanner) -> Office:
    return Office(replace(settings, clamd_url=running.url), database, clock)


def upload(office: Office, as_: As, number: str, content: bytes, field: str = "decree") -> str:
    with EvidenceStore.of(office.settings).stage(io.BytesIO(content)) as staged:
        new = commands.NewEvidence("sk.pdf", staged.media_type, staged.size, staged.sha256, field=field)
        with office.database.write() as session:
            commands.add_evidence(session, as_(session, "ani"), number, new)
            EvidenceStore.of(office.settings).keep(staged)
    return hashlib.sha256(content).hexdigest()


def drain(office: Office) -> None:
    Drain(office.settings, office.database)(office.clock())


def refused(office: Office, sha256: str) -> str | None:
    with office.database.read() as session:
        try:
            require_clean(session, office.settings, sha256)
        except Quarantined as held:
            return str(held)
    return None


def test_a_file_is_held_until_the_scanner_finds_it_clean(office: Office, as_: As, running: Scanner) -> None:
    sha256 = upload(office, as_, begin(office.database, as_), CLEAN)
    before = refused(office, sha256)
    drain(office)

    assert before == "Berkas ini masih menunggu pemeriksaan malware; coba lagi beberapa saat lagi."
    assert (refused(office, sha256), running.sent) == (None, [CLEAN])


def test_malware_is_taken_back_everywhere_its_people_are_told_and_it_cannot_come_again(
    office: Office, as_: As
) -> None:
    numbers = [begin(office.database, as_) for _turn in range(2)]
    for number in numbers:
        sha256 = upload(office, as_, number, INFECTED)
    drain(office)
    with pytest.raises(Invalid) as refusal:
        upload(office, as_, numbers[0], INFECTED, "proposal")

    with office.database.read() as session:
        assert session.scalars(select(Evidence.withdrawn_at)).all() == [office.clock()] * 2
        told = session.scalars(select(Email).where(Email.kind == "evidence_infected")).all()
        assert {mail.to_address.partition("@")[0] for mail in told} == {"ani", "endah", "wulan"}
        assert all(SIGNATURE in mail.text and "sk.pdf" in mail.text for mail in told)
        assert audit.verify(session).intact
        assert not list(audit.differences(session))
    assert [p.pointer for p in refusal.value.problems if SIGNATURE in p.message] == ["/file"]
    assert SIGNATURE in (refused(office, sha256) or "")


def test_while_the_scanner_is_away_a_file_waits_however_long_and_goes_on_by_itself(
    database: Database, settings: Settings, clock: MovableClock, as_: As
) -> None:
    port = free_port()
    office = Office(replace(settings, clamd_url=f"tcp://127.0.0.1:{port}"), database, clock)
    sha256 = upload(office, as_, begin(database, as_), CLEAN)
    for _try in range(12):
        drain(office)
        clock.tick(minutes=31)
    with database.read() as session:
        job = session.scalars(select(Job).where(Job.file_id.is_not(None))).one()
    held = refused(office, sha256)
    with scanner(port):
        drain(office)

    assert (job.attempts, job.parked_at, job.done_at) == (12, None, None)
    assert held is not None
    assert refused(office, sha256) is None


def test_a_file_too_large_for_the_scanner_is_never_passed_and_waits_for_a_person(
    office: Office, as_: As, clock: MovableClock, running: Scanner
) -> None:
    running.largest = 4
    sha256 = upload(office, as_, begin(office.database, as_), CLEAN)
    for _try in range(8):
        drain(office)
        clock.tick(minutes=31)

    with office.database.read() as session:
        job = session.scalars(select(Job).where(Job.file_id.is_not(None))).one()
    assert job.parked_at is not None
    assert "size limit exceeded" in (job.error or "")
    assert refused(office, sha256) is not None


def test_an_entry_is_not_exported_with_a_file_that_waits(
    office: Office, as_: As, clock: MovableClock, settings: Settings
) -> None:
    away = Office(replace(settings, clamd_url="tcp://127.0.0.1:1"), office.database, clock)
    number = make_entry(office.database, as_, EvidenceStore.of(settings), "SIAGA POSYANDU digital")
    drain(away)
    early = order(office.database, as_, "endah", number)
    drain(away)
    clock.tick(hours=1)
    drain(office)
    later = order(office.database, as_, "endah", number)
    drain(office)

    first, second = kept(office.database, early), kept(office.database, later)
    assert (first.state, second.state) == ("failed", "done")
    assert "menunggu pemeriksaan malware" in (first.fault or "")


def test_files_from_before_there_was_a_scanner_are_scanned_too(
    office: Office, as_: As, settings: Settings
) -> None:
    before = Office(settings, office.database, office.clock)
    sha256 = upload(before, as_, begin(office.database, as_), CLEAN)
    drain(before)
    served = refused(before, sha256)
    held = refused(office, sha256)
    files.check(office)
    drain(office)

    assert (served, refused(office, sha256)) == (None, None)
    assert held is not None
    with office.database.read() as session:
        assert session.scalars(select(StoredFile.scanned_at)).one() == office.clock()
        assert session.scalars(select(Event.id).where(Event.name == "evidence.infected")).all() == []


def test_doctor_and_worker_tell_a_scanner_from_something_else(running: Scanner) -> None:
    clamd.ping(running.url)
    with pytest.raises(clamd.Away):
        clamd.ping("tcp://127.0.0.1:1", 1)
    with pytest.raises(clamd.Away):
        clamd.scan("unix:///tidak/ada", io.BytesIO(CLEAN), 1)
