"""A table file as handed in: read apart, bounded, its heading found."""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any

from workflow.errors import DomainError, Invalid, Problem
from workflow.imports import columns

LARGEST = 10 * 1024 * 1024
PATIENCE = 40
LONGEST_NAME = 200
HEADING_WITHIN = 15
LEAST_CELLS = 2
NUMBERING = re.compile(r"\(?\d{1,2}\)?\.?")


class FileTooLarge(DomainError):
    """More bytes than a table file may have."""

    message = f"Berkas melebihi {LARGEST // 1024 // 1024} MB. Bagi menjadi beberapa berkas."


@dataclass(frozen=True)
class Sheet:
    """One table: its headings, and the rows below them with their numbers in the file."""

    file_name: str
    file_type: str
    size: int
    sha256: str
    name: str
    heading_row: int
    headings: list[str]
    rows: list[tuple[int, list[str]]]


def load(stream: IO[bytes], file_name: str) -> Sheet:
    """Read an XLSX, ODS or CSV file. Raises FileTooLarge, or Invalid at /file with what to do."""
    data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise FileTooLarge
    answer = _read_apart(data)
    if "refusal" in answer:
        raise _refused(str(answer["refusal"]))
    rows = [(int(number), list(cells)) for number, cells in answer["rows"]]
    at = _heading_at(rows)
    number, headings = rows[at]
    below = rows[at + 1 :]
    if below and _only_numbers_columns(below[0][1]):
        below = below[1:]
    if not below:
        raise _refused("Tidak ada baris di bawah judul kolom. Isi dulu, lalu kirim lagi.")
    width = max(len(headings), *(len(cells) for _, cells in below))
    return Sheet(
        file_name=clean_name(file_name, answer["type"]),
        file_type=answer["type"],
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        name=answer["sheet"],
        heading_row=number,
        headings=[" ".join(text.split())[:200] for text in headings] + [""] * (width - len(headings)),
        rows=below,
    )


def clean_name(name: str, file_type: str) -> str:
    """The last part of the name, on one line."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(c for c in last if c.isprintable())[-LONGEST_NAME:].strip()
    return shown or f"tabel.{file_type}"


def _read_apart(data: bytes) -> dict[str, Any]:
    command = [sys.executable, "-m", "workflow.imports.reader"]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=PATIENCE, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as fault:
        raise _refused("Berkas terlalu rumit untuk dibaca. Salin isinya ke lembar kerja baru.") from fault
    if done.returncode:
        raise _refused("Berkas tidak dapat dibaca dengan aman. Salin isinya ke lembar kerja baru.")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _refused(message: str) -> Invalid:
    return Invalid([Problem("/file", message)])


def _heading_at(rows: Sequence[tuple[int, list[str]]]) -> int:
    """Titles may stand above it: the heading has most known names, else it is the first with two cells."""
    candidates = [i for i, (_, cells) in enumerate(rows[:HEADING_WITHIN]) if _filled(cells) >= LEAST_CELLS]
    if not candidates:
        raise _refused("Judul kolom tidak ditemukan. Pakai templat yang dapat diunduh di halaman impor.")
    known = {i: columns.recognised(rows[i][1]) for i in candidates}
    return max(candidates, key=lambda i: (known[i] if known[i] >= LEAST_CELLS else 0, -i))


def _filled(cells: Sequence[str]) -> int:
    return sum(bool(cell) for cell in cells)


def _only_numbers_columns(cells: Sequence[str]) -> bool:
    """Official tables number their columns: (1) (2) (3)."""
    held = [cell for cell in cells if cell]
    return len(held) >= LEAST_CELLS and all(NUMBERING.fullmatch(cell) for cell in held)
