"""Tables that leave as XLSX or CSV. No cell of them is a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "in_memory": True,
}
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "|")
WIDEST, NARROWEST, MEASURED_ROWS = 70, 8, 200


def as_csv(table: Iterable[Sequence[str]]) -> bytes:
    """With a BOM and semicolons, as spreadsheets of an Indonesian locale expect."""
    made = io.StringIO()
    csv.writer(made, delimiter=";").writerows([[harmless(text) for text in row] for row in table])
    return made.getvalue().encode("utf-8-sig")


def as_xlsx(table: Sequence[Sequence[str]], name: str, widths: Sequence[int] = ()) -> bytes:
    """One sheet whose first row are headings; columns as wide as their texts where no widths are given."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, OPTIONS) as book:
        sheet = book.add_worksheet(name)
        write(sheet, table, book.add_format({"text_wrap": True, "valign": "top"}))
        for at, width in enumerate(widths or _widths(table)):
            sheet.set_column(at, at, width)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(table) - 1, 0), len(table[0]) - 1)
    return made.getvalue()


def _widths(table: Sequence[Sequence[str]]) -> list[int]:
    columns = zip(*table[:MEASURED_ROWS], strict=True)
    return [max(NARROWEST, min(WIDEST, max(map(len, column)) + 3)) for column in columns]


def write(sheet: Worksheet, table: Iterable[Sequence[str]], format_: object = None) -> None:
    for at, row in enumerate(table):
        for column, text in enumerate(row):
            sheet.write_string(at, column, text, format_)


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(DANGEROUS) else text
