"""Packages of entries: what is in them, the same bytes every time, work that stops and goes on."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from workers import jobs
from workers.deadlines import scan
from workers.office import Office
from workflow import audit, commands
from workflow.db import Database
from workflow.errors import Forbidden, NotFound, Refused
from workflow.evidence_store import EvidenceStore, name_of
from workflow.exports import build, orders
from workflow.ledger import Actor, record
from workflow.models import Evidence, Export, Job
from workflow.samples import sample, sample_pdf
from workflow.settings import Settings

As = Callable[[Session, str], Actor]
FORMULA = '=HYPERLINK("http://jahat.invalid")'
VIDEO = "https://contoh.sragenkab.invalid/video"


@pytest.fixture
def store(settings: Settings) -> EvidenceStore:
    return EvidenceStore.of(settings)


@pytest.fixture
def entry(database: Database, as_: As, store: EvidenceStore) -> str:
    """Ani's innovation as an entry: a decree proven by a file with an unkind name, a video by a link."""
    return make_entry(database, as_, store, "SIPESTA bagi warga Tanon")


def make_entry(database: Database, as_: As, store: EvidenceStore, title: str) -> str:
    with database.write() as session:
        who = as_(session, "ani")
        case = commands.start(
            session, who, {"title": title, "category": "digital", "agency": "puskesmas-tanon-1"}
        )
        profile = sample("iga_profile") | {"implementation_date": "2022-05-09", "initiator_name": FORMULA}
        case.forms = {"decree": sample("decree"), "iga_profile": profile}
        step = {"from": case.state, "to": "competition.candidate"}
        record(session, case, who, "coordinator", "replication.nominated", step)
        case.state = "competition.completing_evidence"
        commands.claim_level(session, who, case.number, "1", commands.NewClaim(level=2))
        commands.claim_level(session, who, case.number, "20", commands.NewClaim(level=3, link=VIDEO))
        with store.stage(io.BytesIO(sample_pdf([title]))) as staged:
            new = commands.NewEvidence(
                file_name="SK: Kepala “Puskesmas” … (final).PDF",
                media_type=staged.media_type,
                size=staged.size,
                sha256=staged.sha256,
                indicator="1",
                letter_number="188.4/12",
                letter_date=date(2022, 9, 1),
                letter_subject="Penetapan inovasi",
            )
            commands.add_evidence(session, who, case.number, new)
            store.keep(staged)
        return case.number


def order(database: Database, as_: As, who: str, what: str | int) -> int:
    with database.write() as session:
        actor = as_(session, who)
        if isinstance(what, int):
            return orders.begin_year(session, actor, what).id
        return orders.begin_entry(session, actor, what).id


def kept(database: Database, export_id: int) -> Export:
    with database.read() as session:
        return session.get_one(Export, export_id)


def package(database: Database, settings: Settings, export_id: int) -> Path:
    return settings.evidence / orders.file_of(kept(database, export_id))


def lies(database: Database, settings: Settings, export_id: int, below: str = "") -> bool:
    """Whether anything of the package is on disk."""
    return (settings.evidence / orders.folder(kept(database, export_id)) / below).exists()


def test_a_package_holds_the_entry_in_every_form_and_its_manifest_is_true(
    database: Database, settings: Settings, as_: As, entry: str, run_workers: Callable[[], None]
) -> None:
    made = order(database, as_, "ani", entry)
    run_workers()

    with zipfile.ZipFile(package(database, settings, made)) as found:
        names = found.namelist()
        manifest = json.loads(found.read("manifest.json"))
        for line in manifest["files"]:
            body = found.read(line["name"])
            assert (line["size"], line["sha256"]) == (len(body), hashlib.sha256(body).hexdigest())
        profile, indicators = (json.loads(found.read(f"{n}.json")) for n in ("profil", "indikator"))
        link = found.read("bukti/20-kualitas-inovasi-daerah/tautan.txt")

    assert names == [
        "profil.json",
        "indikator.json",
        "profil-dan-indikator.xlsx",
        "profil-inovasi.pdf",
        "bukti/01-regulasi-inovasi-daerah/01-sk-kepala-puskesmas-final.pdf",
        "bukti/20-kualitas-inovasi-daerah/tautan.txt",
        "manifest.json",
    ]
    assert [line["name"] for line in manifest["files"]] == names[:-1]
    assert (profile["number"], profile["year"], profile["scores"]["claimed"]) == (entry, 2023, "18.00")
    assert [i["level"] for i in indicators] == [2] + [0] * 18 + [3]
    assert link.decode().strip() == VIDEO


def test_the_same_entry_gives_the_same_bytes_whenever_it_is_built(
    database: Database,
    settings: Settings,
    as_: As,
    entry: str,
    clock: MovableClock,
    run_workers: Callable[[], None],
) -> None:
    first = order(database, as_, "ani", entry)
    year = order(database, as_, "endah", 2023)
    run_workers()
    clock.tick(days=3, hours=5)
    second = order(database, as_, "endah", entry)
    again = order(database, as_, "endah", 2023)
    run_workers()

    assert len({first, second, year, again}) == 4
    bodies = [package(database, settings, made).read_bytes() for made in (first, second, year, again)]
    assert bodies[0] == bodies[1]
    assert bodies[2] == bodies[3]


def test_the_spreadsheet_opens_without_repair_and_runs_nothing(
    database: Database, settings: Settings, as_: As, entry: str, run_workers: Callable[[], None]
) -> None:
    made = order(database, as_, "ani", entry)
    run_workers()
    with zipfile.ZipFile(package(database, settings, made)) as found:
        body = found.read("profil-dan-indikator.xlsx")

    book = openpyxl.load_workbook(io.BytesIO(body))
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_name("Indikator")

    assert book.sheetnames == ["Profil", "Indikator", "Bukti dukung"]
    cells = [cell for one in book for row in one.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert FORMULA in {cell.value for cell in cells}
    rows = sheet.to_python()
    assert len(rows) == 21
    assert rows[1][:2] == [1, "Regulasi Inovasi Daerah"]
    assert rows[1][6] == 6
    assert book["Bukti dukung"]["C2"].value == "188.4/12"


def test_the_paper_carries_letterhead_profile_and_indicators(
    database: Database, settings: Settings, as_: As, entry: str, run_workers: Callable[[], None]
) -> None:
    made = order(database, as_, "ani", entry)
    run_workers()
    with zipfile.ZipFile(package(database, settings, made)) as found:
        reader = PdfReader(io.BytesIO(found.read("profil-inovasi.pdf")))

    text = " ".join(" ".join(page.extract_text().split()) for page in reader.pages)

    assert text.startswith("PEMERINTAH KABUPATEN SRAGEN BADAN PERENCANAAN PEMBANGUNAN DAERAH")
    assert "SIPESTA bagi warga Tanon" in text
    assert "Regulasi Inovasi Daerah" in text
    assert FORMULA in text
    assert "6 / 9" in text
    assert f"halaman 1 dari {len(reader.pages)}" in text
    assert reader.metadata is not None
    assert reader.metadata.title == "SIPESTA bagi warga Tanon"


def test_a_year_holds_a_recap_and_every_entry_as_its_own_package(
    database: Database,
    settings: Settings,
    as_: As,
    entry: str,
    store: EvidenceStore,
    run_workers: Callable[[], None],
) -> None:
    other = make_entry(database, as_, store, "SIBERSA bagi rumah warga")
    alone = order(database, as_, "endah", entry)
    with database.write() as session:
        case = commands.find(session, as_(session, "endah"), other)
        case.forms = case.forms | {
            "iga_receipt": {"register_number": "REG-7", "sent_on": "2023-07-01"},
            "iga_result": {"year": 2023, "announced_on": "2023-10-30", "maturity": 17.25},
        }
    made = order(database, as_, "endah", 2023)
    run_workers()

    with zipfile.ZipFile(package(database, settings, made)) as found:
        names = found.namelist()
        inner = found.read(f"entri/{entry}.zip")
        book = openpyxl.load_workbook(io.BytesIO(found.read("rekapitulasi-iga-2023.xlsx")))

    numbers = sorted([entry, other])
    assert names == ["rekapitulasi-iga-2023.xlsx", *(f"entri/{n}.zip" for n in numbers), "manifest.json"]
    assert inner == package(database, settings, alone).read_bytes()
    rows = {row[1].value: row for row in book["Entri 2023"].iter_rows(min_row=2)}
    assert [c.value for c in rows[other][7:12]] == ["REG-7", 18, 0, 17.25, 17.25]
    assert rows[entry][10].value is None
    assert not lies(database, settings, made, build.PARTS)


def test_a_worker_that_dies_between_file_and_row_loses_and_doubles_nothing(
    database: Database,
    settings: Settings,
    as_: As,
    entry: str,
    clock: MovableClock,
    store: EvidenceStore,
    run_workers: Callable[[], None],
) -> None:
    assert make_entry(database, as_, store, "SIBERSA bagi rumah warga") != entry
    made = order(database, as_, "endah", 2023)
    with database.read() as session:
        first = session.scalars(select(Job.id).where(Job.export_id == made)).one()
    assert jobs.run_job(Office(settings, database, clock), first)
    build.ahead(database, settings, made, orders.PART)  # the next file is there, its row is not
    with database.read() as session:
        assert orders.counts(session, session.get_one(Export, made)) == (1, 2)

    run_workers()

    assert kept(database, made).state == "done"
    body = package(database, settings, made).read_bytes()
    assert hashlib.sha256(body).hexdigest() == kept(database, made).sha256
    with database.read() as session:
        assert orders.counts(session, session.get_one(Export, made)) == (2, 2)
        assert audit.verify(session).intact


def test_a_cancelled_package_leaves_no_file_even_if_its_worker_comes_late(
    database: Database,
    settings: Settings,
    as_: As,
    entry: str,
    clock: MovableClock,
    run_workers: Callable[[], None],
) -> None:
    made = order(database, as_, "ani", entry)
    late = build.ahead(database, settings, made, orders.PART)
    with database.write() as session:
        who = as_(session, "ani")
        orders.cancel(session, who, orders.find(session, who, made, lock=True))
    run_workers()
    build.ahead(database, settings, made, orders.PART)
    with database.write() as session:
        build.note(session, settings, made, late, clock())

    assert kept(database, made).state == "cancelled"
    assert not lies(database, settings, made)
    with database.write() as session, pytest.raises(Refused) as refusal:
        orders.cancel(session, as_(session, "ani"), session.get_one(Export, made))
    assert "sudah dibatalkan" in str(refusal.value)


def test_damaged_evidence_stops_the_package_and_says_which_file(
    database: Database,
    settings: Settings,
    as_: As,
    entry: str,
    run_workers: Callable[[], None],
) -> None:
    with database.read() as session:
        held = session.scalars(select(Evidence.sha256)).one()
    (settings.evidence / name_of(held)).write_bytes(b"%PDF-lain")
    made = order(database, as_, "ani", entry)

    run_workers()

    assert kept(database, made).state == "failed"
    assert "SK: Kepala" in (kept(database, made).fault or "")
    assert "unggah ulang" in (kept(database, made).fault or "")
    assert not lies(database, settings, made)


def test_a_package_is_let_go_after_a_week(
    database: Database,
    settings: Settings,
    as_: As,
    entry: str,
    clock: MovableClock,
    run_workers: Callable[[], None],
) -> None:
    made = order(database, as_, "ani", entry)
    run_workers()
    office = Office(settings, database, clock)
    clock.now += orders.KEPT - timedelta(minutes=1)
    scan(office)
    run_workers()
    before = package(database, settings, made).exists()
    clock.tick(minutes=2)
    scan(office)
    run_workers()

    assert before
    assert kept(database, made).state == "expired"
    assert not lies(database, settings, made)


def test_only_those_of_the_entry_take_it_away_and_only_while_they_are(
    database: Database, as_: As, entry: str
) -> None:
    made = order(database, as_, "ani", entry)

    with pytest.raises(NotFound):
        order(database, as_, "lain", entry)
    with pytest.raises(Forbidden):
        order(database, as_, "ani", 2023)
    with pytest.raises(Refused):
        order(database, as_, "endah", 2030)
    with database.read() as session:
        assert orders.find(session, as_(session, "endah"), made).id == made
        with pytest.raises(NotFound):
            orders.find(session, as_(session, "lain"), made)
    with database.write() as session:
        commands.hand_over(session, as_(session, "endah"), entry, "budi@contoh.invalid", "Mutasi.")
    with database.read() as session, pytest.raises(NotFound):
        orders.find(session, as_(session, "ani"), made)
