"""A table file as rows of text. Runs in a process of its own, whose memory and time are bounded.

`python -m workflow.imports.reader` reads the file from standard input and writes one JSON object:
`{"type", "sheet", "rows": [[number as in the file, [text]]]}`, or `{"refusal": why}`.
Whatever a hostile file makes of the libraries, only this process dies of it.
"""

import csv
import io
import json
import re
import sys
import zipfile
import zlib
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from importlib import import_module

from python_calamine import CalamineError, load_workbook

MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 10_000, 60, 8_000
MOST_UNPACKED = 120 * 1024 * 1024
MEMORY, CPU_SECONDS = 900 * 1024 * 1024, 25
OLE, ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
MARKS = (b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"{\\rtf", b"MZ", b"\x7fELF", b"Rar!", b"7z\xbc\xaf")
BREAKS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Refusal(Exception):
    """Why a file is not read, for the person who sent it."""


def read(data: bytes) -> dict[str, object]:
    """The first sheet that holds anything. Raises Refusal."""
    kind = _kind(data)
    if kind == "csv":
        return {"type": kind, "sheet": "", "rows": _rows(_csv(data))}
    _check_archive(data)
    try:
        book = load_workbook(io.BytesIO(data))
        for name in book.sheet_names:
            rows = _rows(book.get_sheet_by_name(name).to_python(skip_empty_area=False))
            if rows:
                return {"type": kind, "sheet": name, "rows": rows}
    except CalamineError as fault:
        raise Refusal("Berkas rusak atau bukan lembar kerja. Simpan ulang, lalu kirim lagi.") from fault
    return {"type": kind, "sheet": "", "rows": []}


def _kind(data: bytes) -> str:
    """What the bytes themselves say; a name can claim anything."""
    if not data.strip():
        raise Refusal("Berkas kosong.")
    if data.startswith(OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise Refusal("Berkas dikunci dengan kata sandi. Buka kuncinya, simpan, lalu kirim lagi.")
        raise Refusal("Format .xls lama tidak diterima. Simpan sebagai .xlsx, .ods, atau .csv.")
    if data.startswith(ZIP):
        return _kind_of_archive(data)
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    if data.startswith(MARKS) or (b"\x00" in data and not wide):
        raise Refusal("Ini bukan lembar kerja. Kirim berkas .xlsx, .ods, atau .csv.")
    return "csv"


def _kind_of_archive(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            if any("vbaproject" in n.lower() or n.startswith(("Basic/", "Scripts/")) for n in names):
                raise Refusal("Berkas memuat makro. Simpan tanpa makro (.xlsx), lalu kirim lagi.")
            if "xl/workbook.xml" in names:
                return "xlsx"
            if "mimetype" in names and archive.open("mimetype").read(100).decode("latin-1").strip() == ODS:
                if b"encryption-data" in archive.open("META-INF/manifest.xml").read(1_000_000):
                    raise Refusal("Berkas dikunci dengan kata sandi. Buka kuncinya, simpan, lalu kirim lagi.")
                return "ods"
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError) as fault:
        raise Refusal("Berkas rusak: isinya tidak dapat dibuka.") from fault
    raise Refusal("Ini bukan lembar kerja. Kirim berkas .xlsx, .ods, atau .csv.")


def _check_archive(data: bytes) -> None:
    """Unpack every part and count, since the sizes that an archive states may be false."""
    left = MOST_UNPACKED
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.infolist():
            if entry.flag_bits & 1:
                raise Refusal("Berkas dikunci dengan kata sandi. Buka kuncinya, simpan, lalu kirim lagi.")
            if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise Refusal(
                    "Berkas dimampatkan dengan cara yang tidak didukung. Simpan ulang sebagai .xlsx."
                )
            left -= _unpacked(data, entry, left)
            if left < 0:
                raise Refusal(f"Isi berkas melebihi {MOST_UNPACKED // 1024 // 1024} MB setelah dibuka.")


def _unpacked(data: bytes, entry: zipfile.ZipInfo, left: int) -> int:
    head = entry.header_offset
    start = head + 30 + int.from_bytes(data[head + 26 : head + 28], "little")
    start += int.from_bytes(data[head + 28 : head + 30], "little")
    packed = data[start : start + entry.compress_size]
    if entry.compress_type == zipfile.ZIP_STORED:
        return len(packed)
    stream, size = zlib.decompressobj(-15), 0
    try:
        while packed and size <= left:
            size += len(stream.decompress(packed, 1 << 20))
            packed = stream.unconsumed_tail
    except zlib.error as fault:
        raise Refusal("Berkas rusak: isinya tidak dapat dibuka.") from fault
    return size


def _csv(data: bytes) -> list[list[object]]:
    text = _decoded(data)
    head = text[:20_000]
    delimiter = max(";,\t|", key=head.count)
    csv.field_size_limit(LONGEST_CELL * 4)
    try:
        return [list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    except csv.Error as fault:
        raise Refusal(f"Berkas CSV tidak terbaca: {fault}.") from fault


def _decoded(data: bytes) -> str:
    codecs = ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252")
    for codec in codecs:
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    raise Refusal("Huruf dalam berkas tidak dikenal. Simpan sebagai CSV UTF-8, lalu kirim lagi.")


def _rows(table: Sequence[Sequence[object]]) -> list[tuple[int, list[str]]]:
    """Rows that hold anything, as text, with their number in the file."""
    found: list[tuple[int, list[str]]] = []
    for number, cells in enumerate(table, start=1):
        row = [_text(cell) for cell in cells]
        while row and not row[-1]:
            row.pop()
        if not row:
            continue
        if len(row) > MOST_COLUMNS:
            raise Refusal(f"Baris {number} memiliki {len(row)} kolom; paling banyak {MOST_COLUMNS}.")
        longest = max(map(len, row))
        if longest > LONGEST_CELL:
            raise Refusal(
                f"Baris {number} memuat sel sepanjang {longest} huruf; paling banyak {LONGEST_CELL}."
            )
        found.append((number, row))
        if len(found) > MOST_ROWS + 1:
            raise Refusal(f"Berkas memuat lebih dari {MOST_ROWS} baris. Bagi menjadi beberapa berkas.")
    return found


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "Ya" if cell else "Tidak"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e18:  # noqa: PLR2004 - 18 digits
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "minutes")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return BREAKS.sub(" ", str(cell)).strip()


def limit() -> None:
    """Bound this process where the system can; elsewhere the caller's patience is the bound."""
    try:
        resource = import_module("resource")
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    limit()
    try:
        answer = read(sys.stdin.buffer.read())
    except Refusal as refusal:
        answer = {"refusal": str(refusal)}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
