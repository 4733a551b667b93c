"""The index of a region's year, from a file."""

from pathlib import Path
from typing import Any

import click

from web.cli.base import json_option, report
from workflow.dates import decimal
from workflow.errors import Invalid, Problem
from workflow.iid.document import score_document
from workflow.validation import parse_json

LARGEST = 10 * 1024 * 1024


@click.group()
def iid() -> None:
    """The Indeks Inovasi Daerah."""


@iid.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def score(file: Path, as_json: bool) -> None:  # noqa: FBT001
    """Score a region's year (schemas/region_year.json); every fault of the file is named with its pointer."""
    if file.stat().st_size > LARGEST:
        raise Invalid([Problem("", f"Berkas melebihi {LARGEST // 1024 // 1024} MB.")])
    found = score_document(parse_json(file.read_bytes()))
    report(found, as_json, _text(found))


def _text(found: dict[str, Any]) -> str:
    lines = [
        f"IGA {found['year']}, katalog {found['catalogue']} (perhitungan sendiri, bukan nilai resmi)",
        f"  SPD                  {_two(found['spd'])}",
        f"  Rata-rata kematangan {_two(found['average'])}  ({found['n']} entri, pembagi {found['divisor']})",
        f"  Skor jumlah          {_two(found['count_score'])}",
        f"  IID                  {_two(found['iid'])}  {found['category']}",
    ]
    return "\n".join([*lines, *(f"  * {note}" for note in found["notes"])])


def _two(number: float) -> str:
    return decimal(f"{number:.2f}").rjust(7)
