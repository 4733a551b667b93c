"""Tables come in: real files are understood, dangerous ones refused, nothing is lost or doubled."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests import tables
from tests.conftest import MovableClock
from workers import jobs
from workers.office import Office
from workflow import audit, commands, policy, sheets
from workflow.db import Database
from workflow.errors import Forbidden, Invalid, NotFound
from workflow.imports import chunks, desk, queries, sheet
from workflow.imports import tables as out
from workflow.imports.cells import parse_date
from workflow.imports.columns import columns, guess, likely_kind
from workflow.imports.titles import title_key
from workflow.ledger import Actor
from workflow.models import Case, Event, Import, ImportRow, Job, User
from workflow.nip import Seal, find_nip
from workflow.people import find_user
from workflow.queries import counts_by_state
from workflow.secret import secret_of
from workflow.settings import Settings

As = Callable[[Session, str], Actor]
HEADS = ("Judul", "Jenis", "Tahapan", "Instansi", "Inisiator", "Waktu uji coba")


class Importer:
    """An import from hand-in to its end, in the name of somebody."""

    def __init__(self, database: Database, settings: Settings, as_: As, workers: Callable[[], None]) -> None:
        self.database, self.as_, self.workers = database, as_, workers
        self.seal = Seal(secret_of(settings))

    def check(self, table: tables.Table, who: str = "endah", **order: Any) -> int:  # noqa: ANN401
        found = sheet.load(io.BytesIO(tables.csv_file(table)), "tabel.csv")
        with self.database.write() as session:
            actor = self.as_(session, who)
            made = desk.begin(session, actor, found, desk.Order(**order), self.seal)
            desk.settle(session, actor, made, made.mapping)
            import_id = made.id
        self.workers()
        return import_id

    def run(self, table: tables.Table, who: str = "endah", **order: Any) -> int:  # noqa: ANN401
        import_id = self.check(table, who, **order)
        self.step(import_id, desk.start, who)
        self.workers()
        return import_id

    def step(
        self, import_id: int, step: Callable[[Session, Actor, Import], None], who: str = "endah"
    ) -> None:
        with self.database.write() as session:
            actor = self.as_(session, who)
            step(session, actor, desk.find(session, actor, import_id, lock=True))

    @contextmanager
    def made(self, import_id: int) -> Iterator[tuple[Session, Import, dict[str, int]]]:
        with self.database.read() as session:
            found = session.get_one(Import, import_id)
            yield session, found, desk.counts(session, found)

    def said(self, import_id: int) -> dict[int, list[str]]:
        """Findings by row of the file."""
        with self.made(import_id) as (session, made, _):
            page = queries.list_rows(session, made, limit=200)
        return {row.row: [f["message"] for f in row.findings] for row, _ in page.rows}


@pytest.fixture
def importer(database: Database, settings: Settings, as_: As, run_workers: Callable[[], None]) -> Importer:
    return Importer(database, settings, as_, run_workers)


def test_a_dirty_registry_comes_in_at_its_stages_and_the_record_holds(importer: Importer) -> None:
    import_id = importer.run(tables.registry(120))

    with importer.made(import_id) as (session, made, counts):
        assert (made.state, counts["done"], counts["error"]) == ("done", 112, 8)
        states = set(session.scalars(select(Case.state)))
        assert states == {"pkp_proposal.draft", "opd_pilot.running", "replication.open"}
        assert session.scalar(select(func.count()).where(Case.due_at.is_not(None))) == 0
        assert audit.verify(session).intact
    with importer.database.read() as session:
        assert list(audit.differences(session)) == []


def test_the_same_file_again_brings_nothing_twice(importer: Importer) -> None:
    importer.run(tables.registry(40))
    again = importer.check(tables.registry(40))

    with importer.made(again) as (_, _, counts):
        assert (counts["ready"], counts["duplicate"], counts["error"]) == (0, 37, 3)


def test_each_finding_names_row_column_value_and_what_to_do(importer: Importer) -> None:
    table = [
        HEADS,
        ("SIBERSA", "Digital", "Penerapan", "Dinas Antah Berantah", "OPD", ""),
        ("SI MPOK", "Non-Digital", "Uji Coba", "Bag. Hukum", "-", "Invalid Date"),
        ("", "Digital", "Penerapan", "DLH", "OPD", "31/02/2021"),
    ]
    import_id = importer.check(table)

    with importer.made(import_id) as (session, made, counts):
        rows = {row.row: row for row, _ in queries.list_rows(session, made).rows}
    assert counts["ready"] == 1
    assert rows[2].findings[0]["column"] == "D"
    assert rows[2].findings[0]["value"] == "Dinas Antah Berantah"
    assert "Instansi tidak dikenal." in rows[2].findings[0]["message"]
    assert [f["level"] for f in rows[3].findings] == ["remark", "remark"]
    assert [(f["column"], f["level"]) for f in rows[4].findings] == [("F", "remark"), ("A", "error")]


def test_versions_are_told_from_repetitions(importer: Importer) -> None:
    titles = (
        "SI PENEBAR",
        "SI PENEBAR Versi 2",
        "Si Penebar (Sistem Penebaran)",
        "SI-PENEBAR v2",
        "SI PENEBAR Plus",
    )
    import_id = importer.run([HEADS, *((t, "Digital", "Penerapan", "Dinkes", "OPD", "") for t in titles)])

    said = importer.said(import_id)
    assert said[3] == ["Versi lain (“2”) dari baris 2; dicatat tersendiri."]
    assert said[4] == ["Sudah ada: baris 2. Baris ini dilewati."]
    assert said[5] == ["Sudah ada: baris 3. Baris ini dilewati."]
    assert said[6] == ["Versi lain (“plus”) dari baris 2; dicatat tersendiri."]
    with importer.made(import_id) as (session, _, _):
        first, second = session.scalars(select(Case).order_by(Case.id).limit(2))
        events = {e.case_id: e for e in session.scalars(select(Event))}
        assert events[second.id].data["version_of"] == first.number
        assert (events[second.id].content or {})["row"]["Judul"] == "SI PENEBAR Versi 2"


def test_a_cohort_gets_accounts_mentors_and_drafts_and_no_nip_is_readable(importer: Importer) -> None:
    import_id = importer.run(tables.cohort(30), "retno")

    with importer.made(import_id) as (session, made, counts):
        assert (counts["done"], counts["error"]) == (29, 1)
        cases = list(session.scalars(select(Case)))
        assert {c.cohort.code for c in cases if c.cohort} == {"pkp-v-2022"}
        assert all(
            c.holder("proposer") and c.holder("mentor") and c.state == "pkp_proposal.draft" for c in cases
        )
        first = find_user(session, "peserta1@contoh.invalid")
        assert first is not None
        assert importer.seal.open(first.nip_sealed or "") == "197102112005011001"
        stored = str([(r.cells, r.document, r.findings) for r in session.scalars(select(ImportRow))])
        events = str([(e.data, e.content) for e in session.scalars(select(Event))])
        assert find_nip(stored) is None
        assert find_nip(events) is None
        assert find_nip(str(out.findings(session, made))) is None


def test_an_undo_takes_back_all_but_what_somebody_worked_on(importer: Importer, as_: As) -> None:
    import_id = importer.run(tables.cohort(5), "retno")
    with importer.database.write() as session:
        worked = session.scalars(select(Case).order_by(Case.id)).first()
        assert worked is not None
        proposer = worked.holder("proposer")
        assert proposer is not None
        commands.save_draft(session, Actor(proposer, as_(session, "ani").at), worked.number, {}, None)
        number = worked.number

    importer.step(import_id, desk.undo, "retno")
    importer.workers()

    with importer.made(import_id) as (session, made, counts):
        assert (made.state, counts["undone"], counts["kept"]) == ("undone", 3, 1)
        assert importer.said(import_id)[2] is not None
        endah = as_(session, "endah").user
        assert endah is not None
        assert [c.number for c in session.scalars(select(Case).where(policy.visible(endah)))] == [number]
        assert all(policy.may_see(endah, c) == (c.number == number) for c in session.scalars(select(Case)))
        assert sum(counts_by_state(session).values()) == 1
        assert list(audit.differences(session)) == []
    again = importer.check(tables.cohort(5), "retno")
    with importer.made(again) as (_, _, counts):
        assert (counts["ready"], counts["duplicate"]) == (3, 1)


def test_a_worker_killed_within_a_chunk_leaves_it_whole_for_the_next(
    importer: Importer, settings: Settings, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = importer.check(tables.registry(250))
    importer.step(import_id, desk.start)
    office = Office(settings, importer.database, clock)

    def next_job() -> int:
        with importer.database.read() as session:
            return session.scalars(
                select(Job.id).where(Job.import_id == import_id, Job.done_at.is_(None))
            ).one()

    assert jobs.run_job(office, next_job())
    real = chunks._finish  # noqa: SLF001
    monkeypatch.setattr(chunks, "_finish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):  # as a process that ends here: nothing of the chunk is committed
        jobs.run_job(office, next_job())
    monkeypatch.setattr(chunks, "_finish", real)
    with importer.made(import_id) as (session, _, counts):
        assert (counts["done"], session.scalar(select(func.count(Case.id)))) == (100, 100)

    clock.tick(seconds=80)
    importer.workers()

    with importer.made(import_id) as (session, made, counts):
        assert made.state == "done"
        assert counts["done"] == session.scalar(select(func.count(Case.id))) == 235
        assert (
            len(set(session.scalars(select(ImportRow.case_id).where(ImportRow.case_id.is_not(None))))) == 235
        )


def test_who_may_bring_in_what(importer: Importer) -> None:
    with pytest.raises(Forbidden):
        importer.check(tables.registry(3), "retno")
    with pytest.raises(Forbidden):
        importer.check(tables.cohort(3), "ani")
    import_id = importer.check(tables.registry(3))
    with importer.database.read() as session, pytest.raises(NotFound):
        desk.find(session, importer.as_(session, "retno"), import_id)


def test_columns_once_settled_are_remembered(importer: Importer) -> None:
    table = [("Apa", "Bentuknya", "Sampai mana", "Punya siapa"), ("SIBERSA", "Digital", "Penerapan", "DLH")]
    found = sheet.load(io.BytesIO(tables.csv_file(table)), "a.csv")
    mapping = {"title": 0, "category": 1, "tahapan": 2, "agency": 3}
    with importer.database.write() as session:
        endah = importer.as_(session, "endah")
        made = desk.begin(session, endah, found, desk.Order("registry"), importer.seal)
        with pytest.raises(Invalid) as refused:
            desk.settle(session, endah, made, {"title": 0, "agency": 0})
        desk.settle(session, endah, made, mapping)
        again = desk.begin(session, endah, found, desk.Order("registry"), importer.seal)

    assert {p.pointer for p in refused.value.problems} >= {
        "/mapping/category",
        "/mapping/tahapan",
        "/mapping/agency",
    }
    assert again.mapping == mapping


def test_an_agency_settled_by_hand_holds_for_the_whole_file(importer: Importer) -> None:
    table = [HEADS, *((f"SI {n}A", "Digital", "Penerapan", "SD Negeri Contoh 1", "OPD", "") for n in "BCD")]
    import_id = importer.check(table)
    with importer.made(import_id) as (session, made, counts):
        assert counts["error"] == 3
        assert queries.unknown_agencies(session, made) == [("SD Negeri Contoh 1", 3)]

    def settle(session: Session, actor: Actor, made: Import) -> None:
        desk.settle(session, actor, made, made.mapping, {"agencies": {"SD Negeri Contoh 1": "disdikbud"}})

    importer.step(import_id, settle)
    importer.workers()

    with importer.made(import_id) as (_, _, counts):
        assert (counts["ready"], counts["error"]) == (3, 0)


# --- files ---------------------------------------------------------------------------------------------

SMALL = [["Judul", "Instansi"], ["=1+1", "DLH"]]


@pytest.mark.parametrize("made", [tables.xlsx, tables.ods, tables.csv_file])
def test_the_three_formats_read_alike(made: Callable[[tables.Table], bytes]) -> None:
    found = sheet.load(io.BytesIO(made(tables.registry(4))), "C:\\data\\lama.dat")

    assert (found.heading_row, found.file_name, len(found.rows)) == (3, "lama.dat", 4)
    assert found.headings == list(tables.REGISTRY_HEADINGS)
    assert found.rows[0][0] == 5
    assert found.rows[0][1][12] == '=HYPERLINK("http://x","klik")'


def bomb() -> bytes:
    return tables.archive({"xl/workbook.xml": "<workbook/>", "xl/worksheets/sheet1.xml": b" " * 200_000_000})


def far_cell() -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        page = book.add_worksheet()
        page.write(0, 0, "Judul")
        page.write(1_048_575, 16_383, "x")
    return made.getvalue()


REPEATED = (
    '<table:table-row table:number-rows-repeated="1000000"><table:table-cell office:value-type="string" '
    'table:number-columns-repeated="10000"><text:p>x</text:p></table:table-cell></table:table-row>'
)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "kosong"),
        (b"%PDF-1.7 ...", "bukan lembar kerja"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, ".xls lama"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "kata sandi"),
        (tables.archive({"xl/workbook.xml": "", "xl/vbaProject.bin": b"x"}), "makro"),
        (tables.archive({"word/document.xml": ""}), "bukan lembar kerja"),
        (bomb(), "setelah dibuka"),
        (far_cell(), "tidak dapat dibaca"),
        (tables.ods(SMALL, REPEATED), "rusak"),
        (tables.csv_file([["Judul", "Instansi"], ["x" * 8001, "DLH"]]), "8001 huruf"),
        (tables.csv_file([["Judul", "Instansi", *["x"] * 60], ["a", "b"]]), "62 kolom"),
        (tables.csv_file([["Judul", "Instansi"], *[["a", "b"]] * 10_001]), "lebih dari 10000 baris"),
        (tables.csv_file([["Judul", "Instansi"]]), "Tidak ada baris"),
        (tables.archive({"xl/workbook.xml": "<a"}), "rusak"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_what_is_no_honest_table_is_refused_with_the_reason(data: bytes, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        sheet.load(io.BytesIO(data), "a.xlsx")

    assert refused.value.problems[0].pointer == "/file"
    assert why in refused.value.problems[0].message


def test_a_file_beyond_the_size_is_refused() -> None:
    with pytest.raises(sheet.FileTooLarge):
        sheet.load(io.BytesIO(b"a;b\n" * (sheet.LARGEST // 4 + 1)), "a.csv")


def test_findings_leave_as_texts_and_never_as_formulas() -> None:
    table = [["=1+1", "+62", "-5", "@x", "biasa"]]

    assert sheets.as_csv(table).decode("utf-8-sig") == "'=1+1;'+62;'-5;'@x;biasa\r\n"
    book = sheets.as_xlsx([["Judul", "Instansi"], *[r[:2] for r in table]], "Temuan")
    found = sheet.load(io.BytesIO(book), "a.xlsx")
    assert found.rows[0][1] == ["=1+1", "+62"]


@pytest.mark.parametrize("kind", ["cohort", "registry"])
def test_the_template_is_understood_by_the_import(kind: str) -> None:
    names = ["Dinas Kesehatan"]
    filled = io.BytesIO(out.template_csv(kind) + b"a;b;c\r\n")
    found = sheet.load(filled, "templat.csv")

    assert likely_kind(found.headings) == kind
    assert guess(kind, found.headings) == {c.name: at for at, c in enumerate(columns(kind))}
    with pytest.raises(Invalid, match="isian"):
        sheet.load(io.BytesIO(out.template_xlsx(kind, names)), "templat.xlsx")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("5 Maret 2021", date(2021, 3, 5)),
        ("Senin, 5 Agustus 2019", date(2019, 8, 5)),
        ("05/03/2021", date(2021, 3, 5)),
        ("5-Mar-21", date(2021, 3, 5)),
        ("44260", date(2021, 3, 5)),
        ("Maret 2021", date(2021, 3, 1)),
        ("31/02/2021", None),
        ("Invalid Date", None),
        ("segera", None),
    ],
)
def test_dates_as_offices_write_them(text: str, day: date | None) -> None:
    assert parse_date(text) == day


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("SI-ASNA", "Si Asna (Sistem Aset)", True),
        ("SI-ASNA 2", "SI ASNA Versi 2", True),
        ("SI-ASNA 2", "SI-ASNA 3", False),
        ("SELANCAR KEDAWUNG", "SELANCAR KEDAWUNG Plus", False),
        ("SI JADI", "SI JAGA", False),
    ],
)
def test_titles_are_the_same_or_versions(one: str, other: str, same: bool) -> None:  # noqa: FBT001
    assert (title_key(one).whole == title_key(other).whole) is same


def test_a_rounded_nip_is_remarked_and_the_account_found_by_its_address(importer: Importer) -> None:
    table = [
        ("Angkatan", "Nama peserta", "NIP", "Surel", "Instansi"),
        ("PKP Angkatan IV 2022", "Ani", "198001012005011000", "ani@contoh.invalid", "Puskesmas Tanon 1"),
    ]
    import_id = importer.run(table, "retno")

    assert "NIP dibulatkan oleh lembar kerja." in importer.said(import_id)[2][0]
    with importer.made(import_id) as (session, _, _):
        case = session.scalars(select(Case)).one()
        assert case.holder("proposer") is find_user(session, "ani@contoh.invalid")
        assert session.scalar(select(func.count(User.id)).where(User.nip_sealed.is_not(None))) == 0
