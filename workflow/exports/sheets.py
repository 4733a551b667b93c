"""Spreadsheets of an entry and of a year. No cell is a formula; a later build gives the same bytes."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from workflow.clock import WIB
from workflow.exports.document import Package
from workflow.sheets import OPTIONS

STATES = {
    "empty": "Belum diisi",
    "unproven": "Belum berbukti",
    "waiting": "Menunggu verifikasi",
    "accepted": "Diterima",
    "refused": "Ditolak",
}
COMPANY = "Pemerintah Kabupaten Sragen"
PROFILE_WIDTHS = (34, 90)
INDICATOR_TITLES = (
    "No", "Indikator", "Bobot", "Wajib", "Parameter", "Keterangan parameter", "Poin klaim",
    "Poin terverifikasi", "Keadaan", "Catatan", "Alasan penolakan", "Tautan",
)  # fmt: skip
INDICATOR_WIDTHS = (6, 38, 8, 8, 11, 44, 11, 17, 20, 40, 40, 40)
EVIDENCE_TITLES = (
    "Indikator",
    "Berkas",
    "Nomor surat",
    "Tanggal surat",
    "Perihal",
    "Ukuran (byte)",
    "SHA-256",
)
EVIDENCE_WIDTHS = (10, 44, 26, 20, 44, 14, 66)
RECAP_TITLES = (
    "No", "Nomor", "Inovasi", "Perangkat daerah", "Jenis", "Urusan utama", "Keadaan", "Nomor register",
    "Skor klaim", "Skor terverifikasi", "Skor Kementerian", "Selisih terhadap terverifikasi", "Penghargaan",
    "Syarat yang belum terpenuhi",
)  # fmt: skip
RECAP_WIDTHS = (6, 16, 48, 40, 12, 34, 26, 22, 11, 17, 17, 28, 28, 60)


@dataclass(frozen=True)
class RecapRow:
    """One entry as the recap shows it."""

    number: str
    title: str
    agency: str
    category: str
    affair: str
    state: str
    register_number: str | None
    claimed: Decimal
    verified: Decimal
    ministry: Decimal | None
    award: str | None
    lacking: Sequence[str]


def entry(package: Package) -> bytes:
    """The profile, the indicators and the list of evidence, a sheet each."""
    with _book(package.number, package.changed_at) as (made, book):
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        head = _head(book)
        profile = book.add_worksheet("Profil")
        _fill(profile, head, wrap, ("Isian", "Jawaban"), PROFILE_WIDTHS, list(_answers(package)))
        rows = [_indicator(i) for i in package.indicators]
        _fill(book.add_worksheet("Indikator"), head, wrap, INDICATOR_TITLES, INDICATOR_WIDTHS, rows)
        proofs = list(_proofs(package.indicators))
        _fill(book.add_worksheet("Bukti dukung"), head, wrap, EVIDENCE_TITLES, EVIDENCE_WIDTHS, proofs)
    return made.getvalue()


def recap(year: int, at: datetime, rows: Sequence[RecapRow], sums: Sequence[tuple[str, str]]) -> bytes:
    """A year's entries and how its index comes about; `at` is when the newest of them changed."""
    with _book(f"Rekapitulasi IGA {year}", at) as (made, book):
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        head = _head(book)
        lines = [_recap_line(place, row) for place, row in enumerate(rows, 1)]
        sheet = book.add_worksheet(f"Entri {year}")
        _fill(sheet, head, wrap, RECAP_TITLES, RECAP_WIDTHS, lines)
        _fill(book.add_worksheet("Indeks"), head, wrap, ("Unsur", "Nilai"), (36, 60), sums)
    return made.getvalue()


@contextmanager
def _book(title: str, at: datetime) -> Iterator[tuple[io.BytesIO, xlsxwriter.Workbook]]:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, OPTIONS) as book:
        created = at.astimezone(WIB).replace(tzinfo=None, microsecond=0)
        book.set_properties({"title": title, "company": COMPANY, "created": created})
        yield made, book


def _head(book: xlsxwriter.Workbook) -> Format:
    return book.add_format(
        {"bold": True, "bg_color": "#E1F0EE", "border": 1, "text_wrap": True, "valign": "top"}
    )


def _fill(
    sheet: Worksheet,
    head: Format,
    wrap: Format,
    titles: Sequence[str],
    widths: Sequence[int],
    rows: Sequence[Sequence[object]],
) -> None:
    for at, (title, width) in enumerate(zip(titles, widths, strict=True)):
        sheet.set_column(at, at, width)
        sheet.write_string(0, at, title, head)
    for line, row in enumerate(rows, 1):
        for at, value in enumerate(row):
            if isinstance(value, int | Decimal):
                sheet.write_number(line, at, float(value), wrap)
            elif value:
                sheet.write_string(line, at, str(value), wrap)
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _answers(package: Package) -> Iterator[tuple[str, object]]:
    whole = package.profile
    yield "Nomor", whole["number"]
    yield "Nama inovasi", whole["title"]
    yield "Dibuat oleh", whole["agency"]
    yield "Jenis", category(whole["category"])
    yield "Tahapan", whole["stage"]
    yield "Tahun penilaian", f"IGA {whole['year']}, katalog {whole['catalogue']}"
    yield "Nomor register", whole["register_number"]
    yield "Skor klaim", Decimal(whole["scores"]["claimed"])
    yield "Skor terverifikasi", Decimal(whole["scores"]["verified"])
    for section in package.answers:
        for item in section["items"]:
            yield from _answer(item, "")


def _answer(item: Mapping[str, Any], before: str) -> Iterator[tuple[str, object]]:
    title = f"{before}{item['title']}"
    if item["widget"] == "group":
        for child in item["rows"]:
            yield from _answer(child, f"{title}: ")
        return
    value = item["value"]
    yield title, "; ".join(value) if isinstance(value, list) else value


def _indicator(row: Mapping[str, Any]) -> list[object]:
    points = row["points"]
    return [
        int(row["number"]),
        row["title"],
        Decimal(row["weight"]),
        "wajib" if row["mandatory"] else "",
        row["level"],
        row["level_text"],
        Decimal(points["claimed"]),
        Decimal(points["verified"]),
        STATES[row["state"]],
        row["note"],
        row["reason"],
        row["link"],
    ]


def _proofs(indicators: Sequence[Mapping[str, Any]]) -> Iterator[list[object]]:
    for row in indicators:
        for proof in row["evidence"]:
            yield [
                int(row["number"]),
                proof["file"],
                proof["letter_number"],
                proof["letter_date"],
                proof["letter_subject"],
                proof["size"],
                proof["sha256"],
            ]


def _recap_line(place: int, row: RecapRow) -> list[object]:
    return [
        place,
        row.number,
        row.title,
        row.agency,
        category(row.category),
        row.affair,
        row.state,
        row.register_number,
        row.claimed,
        row.verified,
        row.ministry,
        None if row.ministry is None else row.ministry - row.verified,
        row.award,
        "; ".join(row.lacking),
    ]


def category(name: str) -> str:
    return {"digital": "Digital", "non_digital": "Non digital"}.get(name, name)
