"""Table files with the dirt of real ones, made anew for each test: an old registry, a cohort."""

import csv
import io
import random
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from xml.sax.saxutils import escape

import xlsxwriter

Cell = str | int | float | date | None
Table = Sequence[Sequence[Cell]]

REGISTRY_HEADINGS = (
    "No", "NAMA INOVASI", "Jenis Inovasi", "Tahapan", "Inisiator", "OPD", "Waktu Ujicoba",
    "Tgl. Penerapan", "Urusan", "Kategori", "Rancang Bangun", "Tujuan", "Manfaat", "Hasil",
)  # fmt: skip
COHORT_HEADINGS = (
    "NO", "NAMA LENGKAP", "NIP", "E-mail", "Jabatan", "Unit Kerja", "Judul Aksi Perubahan", "Jenis",
    "Angkatan", "Mentor", "NIP Mentor", "Email Mentor", "Jabatan Mentor",
)  # fmt: skip
AGENCIES = (
    "Dinas Kesehatan", "DINKES", "Puskesmas Tanon 1", "PKM Tanon I", "Kec. Kedawung", "Kecamatan Sambirejo",
    "Disdikbud", "Dinas Lingkungan Hidup", "Bag. Hukum", "Satpol PP", "Dinas Perhubungan Kab. Sragen",
)  # fmt: skip
WORDS = [
    "SIAP",
    "CEPAT",
    "RASA",
    "LARAS",
    "BAKTI",
    "TERANG",
    "PADU",
    "SIGAP",
    "MANDIRI",
    "LESTARI",
    "GUYUB",
    "RUKUN",
    "PANDU",
    "SEHAT",
    "CERDAS",
]
DAYS = (
    "05/03/2021", "5 Maret 2021", "Invalid Date", "", "2020-08-12", "Agustus 2020", "31/02/2021",
    date(2021, 6, 1),
)  # fmt: skip
INITIATORS = ("OPD", "-", "ASN", "Kepala Daerah", "", "Masyarakat")


def registry(rows: int, *, seed: int = 1) -> list[list[Cell]]:
    """A title, an empty line, headings, numbers of columns, then rows; three of each 50 are wrong."""
    chance = random.Random(seed)  # noqa: S311 - test data
    table: list[list[Cell]] = [["DAFTAR INOVASI KABUPATEN"], [], [*REGISTRY_HEADINGS]]
    table.append([f"({n})" for n in range(1, len(REGISTRY_HEADINGS) + 1)])
    for number in range(1, rows + 1):
        title = f"{chance.choice(WORDS)} {chance.choice(WORDS)} {_word(number)}"
        row: list[Cell] = [
            number, title, chance.choice(("Digital", "Non Digital", "digital", "Non-Digital")),
            chance.choice(("Inisiatif", "Uji Coba", "Penerapan", "penerapan")), chance.choice(INITIATORS),
            chance.choice(AGENCIES), chance.choice(DAYS), chance.choice(DAYS), "Kesehatan",
            "INOVASI SRAGEN HEALTH",
            "1. Dasar Hukum\n2. Permasalahan " * 4, "Mempercepat layanan.", '=HYPERLINK("http://x","klik")',
            "Baik",
        ]  # fmt: skip
        table.append(_spoiled(row, number))
    return table


def _spoiled(row: list[Cell], number: int) -> list[Cell]:
    if number % 50 == 10:
        row[5] = "Dinas Antah Berantah"
    if number % 50 == 20:
        row[1] = None
    if number % 50 == 30:
        row[3] = "entah"
    return row


def _word(number: int) -> str:
    """A name of letters alone, different for every number."""
    text = ""
    while number:
        number, rest = divmod(number, 21)
        text += "bcdfghjklmnpqrstvwxyz"[rest] + "aiueo"[rest % 5]
    return text.upper()


def cohort(rows: int) -> list[list[Cell]]:
    """Participants with mentors that they share; NIPs as text, one of them rounded by the spreadsheet."""
    table: list[list[Cell]] = [[*COHORT_HEADINGS]]
    table += [
        [
            n, f"Peserta {_word(n).title()}, S.Sos.", f"19{70 + n % 25}0{1 + n % 9}1{n % 10} 200501 1 {n:03}",
            f"peserta{n}@contoh.invalid", "Kepala Seksi", AGENCIES[n % len(AGENCIES)],
            "" if n % 7 == 0 else f"SI {_word(n)} (Sistem {_word(n)})", "" if n % 5 == 0 else "Digital",
            "PKP Angkatan V 2022", f"Mentor {_word(n % 6 + 1).title()}", "",
            f"mentor{n % 6}@contoh.invalid", "Kepala Bidang",
        ]
        for n in range(1, rows + 1)
    ]  # fmt: skip
    if rows > 3:
        table[3][2] = 198001012005011008
        table[4][3] = "bukan surel"
    return table


def xlsx(table: Table) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"strings_to_formulas": False, "in_memory": True}) as book:
        sheet, day = book.add_worksheet("Data"), book.add_format({"num_format": "dd/mm/yyyy"})
        for at, row in enumerate(table):
            for column, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(at, column, datetime(cell.year, cell.month, cell.day), day)  # noqa: DTZ001
                elif cell is not None:
                    sheet.write(at, column, cell)
    return made.getvalue()


def csv_file(table: Table, delimiter: str = ";", codec: str = "utf-8-sig") -> bytes:
    made = io.StringIO()
    csv.writer(made, delimiter=delimiter).writerows(table)
    return made.getvalue().encode(codec)


def ods(table: Table, more: str = "") -> bytes:
    rows = "".join(
        "<table:table-row>"
        + "".join(
            '<table:table-cell office:value-type="string">'
            f"<text:p>{escape('' if c is None else str(c))}</text:p></table:table-cell>"
            for c in row
        )
        + "</table:table-row>"
        for row in table
    )
    names = "".join(
        f' xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"'
        for n in ("office", "table", "text", "manifest")
    )
    content = (
        f'<?xml version="1.0"?><office:document-content{names}><office:body><office:spreadsheet>'
        f'<table:table table:name="Data">{rows}{more}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    return archive(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": f'<?xml version="1.0"?><manifest:manifest{names}/>',
            "content.xml": content,
        }
    )


def archive(parts: dict[str, str | bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, part in parts.items():
            packed.writestr(name, part)
    return made.getvalue()
