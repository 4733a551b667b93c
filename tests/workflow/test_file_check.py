"""Every stored file is looked at every night; what is wrong is named, told, and over once it is mended."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.workflow.test_archive import PROOF, begin, prove
from web.cli import main
from workers import files
from workers.office import Office
from workflow import alarms, file_check
from workflow.db import Database
from workflow.depot import depot_of
from workflow.evidence_store import name_of
from workflow.ledger import Actor
from workflow.models import Export, FileCheck, StoredFile
from workflow.settings import Settings

As = Callable[[Session, str], Actor]


@pytest.fixture
def office(database: Database, settings: Settings, clock: MovableClock, as_: As) -> Office:
    """With two proposals that the same file proves something of, and a second file."""
    for _turn in range(2):
        prove(database, settings, as_, begin(database, as_))
    return Office(settings, database, clock)


def stored(office: Office) -> StoredFile:
    with office.database.read() as session:
        return session.scalars(select(StoredFile)).one()


def last(office: Office) -> FileCheck:
    with office.database.read() as session:
        found = file_check.newest(session)
        assert found is not None
        return found


def noticed(office: Office) -> str | None:
    with office.database.read() as session:
        return alarms.noticed(session, office.clock()).get("files")


def a_night_later(clock: MovableClock) -> None:
    clock.tick(days=1)


def test_a_file_is_one_row_whatever_it_proves_and_once_a_night_it_is_found_whole(
    office: Office, clock: MovableClock
) -> None:
    first = files.check(office)
    again = files.check(office)
    a_night_later(clock)
    next_night = files.check(office)

    assert (stored(office).size, stored(office).fault) == (len(PROOF), None)
    assert (first is not None, again) == (True, None)
    assert next_night not in {None, first}
    assert (last(office).checked, last(office).missing, last(office).altered) == (1, 0, 0)
    assert noticed(office) is None


@pytest.mark.parametrize("fault", ["missing", "altered"])
def test_what_is_wrong_raises_the_alarm_until_the_file_is_back(
    office: Office, clock: MovableClock, fault: str
) -> None:
    place = office.settings.evidence / name_of(stored(office).sha256)
    if fault == "missing":
        place.unlink()
    else:
        place.write_bytes(b"lain")
    files.check(office)
    told = noticed(office)
    place.write_bytes(PROOF)
    a_night_later(clock)
    files.check(office)

    assert told == ("1 hilang, 0 berubah" if fault == "missing" else "0 hilang, 1 berubah")
    assert noticed(office) is None


def test_what_no_row_knows_is_counted_once_it_is_old_enough(office: Office, clock: MovableClock) -> None:
    folder = office.settings.evidence / "0f"
    folder.mkdir(exist_ok=True)
    for name, age in (("0f" + "1" * 62, timedelta(days=2)), ("0f" + "2" * 62, timedelta(minutes=5))):
        (folder / name).write_bytes(b"x")
        at = (clock() - age).timestamp()
        os.utime(folder / name, (at, at))
    files.check(office)

    assert (last(office).orphaned, last(office).orphans) == (1, ["0f" + "1" * 62])
    assert noticed(office) is None


def test_a_worker_that_dies_on_the_way_is_taken_over_where_it_was(
    office: Office, clock: MovableClock
) -> None:
    with office.database.write() as session:
        dead = file_check.begin(session, clock())
    assert dead is not None
    file_check.portion(office.database, depot_of(office.settings), dead, clock())
    while_held = files.check(office)
    clock.tick(minutes=11)
    taken_over = files.check(office)

    assert (while_held, taken_over) == (None, dead)
    assert last(office).checked == 1


def test_a_package_whose_file_is_gone_is_no_longer_offered(office: Office, clock: MovableClock) -> None:
    with office.database.write() as session:
        session.add(
            Export(year=2023, state="done", file_name="x.zip", size=1, sha256="0" * 64, created_at=clock())
        )
    files.check(office)

    with office.database.read() as session:
        assert session.scalars(select(Export.state)).one() == "expired"


def test_the_command_names_the_proposals_and_clears_what_belongs_to_none(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = stored(office).sha256
    stray = office.settings.evidence / "ab" / ("ab" + "0" * 62)
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"x")
    os.utime(stray, (0, 0))
    (office.settings.evidence / name_of(sha256)).unlink()
    place = replace(office.settings, database_url=office.database.url).environment()
    for name, value in place.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(main, ["evidence", "verify", "--remove-orphans"])

    assert result.exit_code == 1
    assert "1 berkas diperiksa: 1 hilang, 0 berubah, 1 tanpa catatan (dihapus)." in result.output
    assert result.output.count(f"missing  {sha256}") == 2
    assert not stray.exists()
