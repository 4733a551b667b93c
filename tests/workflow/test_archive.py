"""Backup under load, the original destroyed, restored into either database; what was touched is refused."""

import hashlib
import io
import json
import shutil
import stat
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import MONDAY, fresh_postgres
from tests.servers import until
from workers import keeping
from workers.office import Office
from workflow import archive, audit, commands, migrations
from workflow.archive import Written, WrongArchive
from workflow.db import Database
from workflow.evidence_store import EvidenceStore, name_of
from workflow.ledger import Actor
from workflow.models import Agency, Base, Case, Event, Evidence, Passkey, QuietHours, User
from workflow.restore import restore
from workflow.samples import sample
from workflow.settings import Settings

As = Callable[[Session, str], Actor]
COVER = {"title": "SIAGA POSYANDU", "category": "digital", "agency": "puskesmas-tanon-1"}
PROOF = b"%PDF-1.7 surat keputusan"


def quiet(_done: int) -> None:
    """Nobody watches."""


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Database, Settings]]:
    """An empty installation of either kind."""
    if request.param == "sqlite":
        made = Database(f"sqlite:///{tmp_path / 'elsewhere.db'}")
    else:
        made = Database(fresh_postgres(request.getfixturevalue("postgres_server")))
    yield made, Settings(var=tmp_path / "elsewhere", secret_key="e" * 40)
    made.dispose()


@pytest.fixture
def nearby(tmp_path: Path) -> Iterator[tuple[Database, Settings]]:
    """An empty installation on SQLite."""
    made = Database(f"sqlite:///{tmp_path / 'nearby.db'}")
    yield made, Settings(var=tmp_path / "nearby", secret_key="n" * 40)
    made.dispose()


def begin(database: Database, as_: As) -> str:
    with database.write() as session:
        case = commands.start(session, as_(session, "ani"), COVER)
        form = sample("innovation_proposal")
        return commands.advance(session, as_(session, "ani"), case.number, "propose", form=form).number


def prove(database: Database, settings: Settings, as_: As, number: str) -> None:
    store = EvidenceStore.of(settings)
    with store.stage(io.BytesIO(PROOF)) as staged, database.write() as session:
        new = commands.NewEvidence("sk.pdf", staged.media_type, staged.size, staged.sha256, field="decree")
        commands.add_evidence(session, as_(session, "ani"), number, new)
        store.keep(staged)


def filled(database: Database, settings: Settings, as_: As) -> None:
    """A case with evidence, an anchor, a secret, and an agency that lies below a younger one."""
    prove(database, settings, as_, begin(database, as_))
    with database.write() as session:
        young = Agency(code="baru", name="Baru", short_name="Baru", kind="opd", path="baru/", aliases=[])
        session.add(young)
        session.flush()
        session.scalars(select(Agency).where(Agency.code == "puskesmas-tanon-1")).one().parent_id = young.id
        owner = session.scalars(select(User).limit(1)).unique().one()
        session.add(
            QuietHours(user_id=owner.id, starts=time(20), ends=time(6, 30), days_off=True, since=MONDAY)
        )
        session.add(
            Passkey(
                user_id=owner.id,
                name="kunci",
                credential_id=b"\x00\xff",
                public_key=b"\x01",
                sign_count=1,
                transports=[],
                usage="first",
                backup_state=False,
                device_type="x",
                created_at=MONDAY,
                lastuse_datetime=MONDAY,
            )
        )
    keeping.anchor(Office(settings, database, lambda: MONDAY))
    (settings.var / "secret_key").write_text("rahasia")


def save(database: Database, settings: Settings, file: Path) -> Written:
    return archive.write(database, settings, file, MONDAY, quiet)


def put_back(file: Path, place: tuple[Database, Settings]) -> audit.Verdict:
    with archive.opened(file) as source:
        return restore(source, *place, quiet)


def rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.read() as session:
        return {
            table.name: [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))]
            for table in Base.metadata.sorted_tables
        }


def test_what_was_destroyed_comes_back_whole_on_either_database_and_goes_on(
    database: Database, settings: Settings, as_: As, tmp_path: Path, elsewhere: tuple[Database, Settings]
) -> None:
    filled(database, settings, as_)
    before, file = rows(database), tmp_path / "backup.zip"
    written = save(database, settings, file)
    with database.write() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())
    shutil.rmtree(settings.evidence)

    verdict = put_back(file, elsewhere)

    restored, place = elsewhere
    assert (verdict.intact, verdict.events, written.events) == (True, 3, 3)
    assert rows(restored) == before
    with EvidenceStore.of(place).open(hashlib.sha256(PROOF).hexdigest()) as proof:
        assert proof.read() == PROOF
    assert (place.var / "secret_key").read_text() == "rahasia"
    assert [row.position for row in keeping.filed(Office(place, restored, lambda: MONDAY))] == [3]
    assert begin(restored, as_) == "INV-2022-0002"
    with restored.snapshot() as session:
        assert audit.verify(session).intact
        assert list(audit.differences(session)) == []


@contextmanager
def working(step: Callable[[], str]) -> Iterator[list[str]]:
    """A person who does the same thing again and again beside us; yields what came of it so far."""
    stop = threading.Event()
    made: list[str] = []

    def work() -> None:
        while not stop.is_set():
            made.append(step())

    worker = threading.Thread(target=work)
    worker.start()
    try:
        assert until(lambda: bool(made), 20)
        yield made
    finally:
        stop.set()
        worker.join()


def test_a_backup_taken_while_people_work_is_one_moment(
    database: Database, settings: Settings, as_: As, tmp_path: Path, nearby: tuple[Database, Settings]
) -> None:
    filled(database, settings, as_)
    with working(lambda: begin(database, as_)) as made:
        start = len(made)
        written = save(database, settings, tmp_path / "backup.zip")
        assert until(lambda: len(made) > start, 20)

    assert put_back(tmp_path / "backup.zip", nearby).events == written.events
    with nearby[0].read() as session:
        cases = session.scalar(select(func.count()).select_from(Case))
        events = session.scalar(select(func.count()).select_from(Event))
    assert events == written.events
    assert cases is not None
    assert start < cases <= len(made) + 1


def test_an_archive_is_its_owner_s_alone_and_overwrites_nothing(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "backup.zip"
    save(database, settings, file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(WrongArchive, match="sudah ada"):
        save(database, settings, file)


def test_a_missing_file_of_evidence_is_named_and_the_rest_is_saved(
    database: Database, settings: Settings, as_: As, tmp_path: Path
) -> None:
    filled(database, settings, as_)
    with database.read() as session:
        sha256 = session.scalars(select(Evidence.sha256)).one()
    (settings.evidence / name_of(sha256)).write_bytes(b"lain")

    written = save(database, settings, tmp_path / "backup.zip")

    assert (written.missing, written.files, written.events) == ([sha256], 0, 3)


def test_a_place_that_is_not_empty_is_left_alone(
    database: Database, settings: Settings, as_: As, tmp_path: Path
) -> None:
    filled(database, settings, as_)
    save(database, settings, tmp_path / "backup.zip")
    before = rows(database)

    with pytest.raises(WrongArchive, match="tidak kosong"):
        put_back(tmp_path / "backup.zip", (database, replace(settings, var=tmp_path / "new")))

    assert rows(database) == before


def rewritten(source: Path, target: Path, change: Callable[[str, bytes], bytes]) -> None:
    """A copy whose members went through a change; the manifest names the new hashes."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        manifest = json.loads(old.read("manifest.json"))
        for name, member in manifest["members"].items():
            content = change(name, old.read(name))
            member["sha256"] = hashlib.sha256(content).hexdigest()
            new.writestr(name, content)
        new.writestr("manifest.json", json.dumps(manifest))


def altered(table: str, old: bytes, new: bytes) -> Callable[[str, bytes], bytes]:
    return lambda name, content: content.replace(old, new) if name == f"tables/{table}.jsonl" else content


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("events", b'"proposer"', b'"mentor"'), "Rantai dalam arsip putus pada peristiwa 1"),
        (("cases", b"SIAGA", b"GAGAL"), "Arsip diubah: INV-2022-0001: facts"),
    ],
)
def test_an_archive_altered_with_care_is_refused_and_leaves_nothing(
    database: Database,
    settings: Settings,
    as_: As,
    tmp_path: Path,
    nearby: tuple[Database, Settings],
    change: tuple[str, bytes, bytes],
    words: str,
) -> None:
    filled(database, settings, as_)
    save(database, settings, tmp_path / "backup.zip")
    rewritten(tmp_path / "backup.zip", tmp_path / "altered.zip", altered(*change))

    with pytest.raises(WrongArchive, match=words):
        put_back(tmp_path / "altered.zip", nearby)

    assert put_back(tmp_path / "backup.zip", nearby).intact


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda whole: whole[: len(whole) // 2], "terpotong"),
        (lambda whole: whole.replace(PROOF, PROOF[::-1]), "tidak dapat dibaca|tidak sesuai"),
        (lambda _whole: b"bukan arsip", "bukan arsip"),
    ],
    ids=["truncated", "bytes changed", "something else"],
)
def test_a_damaged_archive_is_refused_before_anything_is_touched(
    settings: Settings,
    tmp_path: Path,
    change: Callable[[bytes], bytes],
    words: str,
    request: pytest.FixtureRequest,
) -> None:
    source = Database(f"sqlite:///{tmp_path / 'source.db'}")
    request.addfinalizer(source.dispose)
    migrations.upgrade(source)
    file = tmp_path / "backup.zip"
    (settings.evidence / "00").mkdir(parents=True)
    (settings.var / "secret_key").write_bytes(PROOF)
    save(source, settings, file)
    file.write_bytes(change(file.read_bytes()))

    with pytest.raises(WrongArchive, match=words), archive.opened(file):
        pytest.fail("opened")


@pytest.mark.parametrize("name", ["evidence/../../../etc/cron.d/x", "tables/../x.jsonl", "installation/x"])
def test_a_member_with_a_name_of_its_own_is_refused(tmp_path: Path, name: str) -> None:
    manifest = {
        "format": 1,
        "schema": "0001",
        "head": {"position": 0, "hash": ""},
        "missing": [],
        "members": {name: {"sha256": hashlib.sha256(b"").hexdigest()}},
    }
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as made:
        made.writestr(name, b"")
        made.writestr("manifest.json", json.dumps(manifest))

    with pytest.raises(WrongArchive, match="bukan bagian cadangan"), archive.opened(tmp_path / "x.zip"):
        pytest.fail("opened")
