"""Tables of an import that leave: the template to fill in, and the list of findings."""

import io
from collections.abc import Sequence

import xlsxwriter
from sqlalchemy import select
from sqlalchemy.orm import Session
from xlsxwriter.worksheet import Worksheet

from workflow.imports.columns import columns
from workflow.imports.reader import MOST_ROWS
from workflow.models import Agency, Case, Import, ImportRow
from workflow.sheets import OPTIONS, as_csv, write

FINDING_TITLES = ("Baris", "Kolom", "Judul kolom", "Isi", "Jenis", "Temuan", "Hasil", "Nomor usulan")
LEVELS = {"error": "Kesalahan", "remark": "Catatan"}
RESULTS = {
    "new": "Belum diperiksa",
    "ready": "Siap diimpor",
    "error": "Tidak diimpor",
    "duplicate": "Dilewati, sudah ada",
    "done": "Diimpor",
    "undone": "Dibatalkan",
    "kept": "Tetap ada",
}
TEXT_WIDTHS = (8, 8, 26, 36, 12, 70, 20, 18)


def template_csv(kind: str) -> bytes:
    """The headings alone."""
    return as_csv([[column.title for column in columns(kind)]])


def template_xlsx(kind: str, agencies: Sequence[str]) -> bytes:
    """Headings with lists to choose from, an example, and what each column means."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, OPTIONS) as book:
        bold = book.add_format(
            {"bold": True, "bg_color": "#E1F0EE", "border": 1, "text_wrap": True, "valign": "top"}
        )
        text = book.add_format({"num_format": "@"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        sheet, help_sheet, lists = (book.add_worksheet(n) for n in ("Isian", "Petunjuk", "Daftar"))
        sheet.freeze_panes(1, 0)
        for at, column in enumerate(columns(kind)):
            sheet.set_column(at, at, max(14, min(len(column.title) + 8, 40)), text)
            sheet.write_string(0, at, column.title, bold)
            sheet.write_comment(0, at, column.help)
            _offer(sheet, at, column.cell, column.choices, len(agencies))
        write(lists, [["Instansi"], *([name] for name in agencies)])
        lists.set_column(0, 0, 60)
        rows = [
            [c.title, "wajib" if c.required else "boleh kosong", c.help, c.example] for c in columns(kind)
        ]
        write(help_sheet, [["Kolom", "Harus ada", "Keterangan", "Contoh"], *rows], wrapped)
        for at, width in enumerate((24, 14, 80, 40)):
            help_sheet.set_column(at, at, width)
    return made.getvalue()


def _offer(sheet: Worksheet, at: int, cell: str, choices: Sequence[str], agencies: int) -> None:
    """A list in the cells of a column, where it has one; other values are warned about, not barred."""
    source: list[str] | str | None = list(choices) or None
    if cell == "agency" and agencies:
        source = f"=Daftar!$A$2:$A${agencies + 1}"
    if source:
        rule = {"validate": "list", "source": source, "error_type": "warning"}
        sheet.data_validation(1, at, MOST_ROWS, at, rule)


def agency_names(session: Session) -> list[str]:
    return list(session.scalars(select(Agency.name).order_by(Agency.name)))


def findings(session: Session, made: Import) -> list[list[str]]:
    """Every finding of an import, and what became of its row, in the order of the file."""
    query = (
        select(ImportRow.row, ImportRow.status, ImportRow.findings, ImportRow.note, Case.number)
        .outerjoin(Case, Case.id == ImportRow.case_id)
        .where(ImportRow.import_id == made.id)
        .order_by(ImportRow.row)
    )
    found = [list(FINDING_TITLES)]
    for row, status, said, note, number in session.execute(query):
        end = [RESULTS[status], number or ""]
        found += [
            [str(row), f["column"], f["heading"], f["value"], LEVELS[f["level"]], f["message"], *end]
            for f in said
        ]
        if note:
            found.append([str(row), "", "", "", "Catatan", note, *end])
    return found
