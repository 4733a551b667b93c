"""How long an import takes: `python -m tests.bench.imports --rows 5000`, an old registry with faults in it.

The same file goes through `loncatan import` twice on each database: as a dry run, and for good. The same
seed gives the same file.
"""

import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
from sqlalchemy import select

from tests.bench import office
from tests.bench.audit import databases
from workflow.db import Database
from workflow.imports import columns
from workflow.models import Agency

FAULTY, MOST_SECONDS = 0.05, 60
STAGES = ("Inisiatif", "Uji Coba", "Penerapan")
FAULTS = ({"title": ""}, {"agency": "Dinas Antah Berantah"}, {"tahapan": "Entah"})
WORDS = ("Pemantauan", "Layanan", "Gerakan", "Kartu", "Sekolah", "Bank", "Aplikasi", "Rumah")


def write(path: Path, database: Database, rows: int, seed: int) -> None:
    """A table as an office keeps it: most rows are fine, dates are missing or wrong, some rows cannot be."""
    chance = random.Random(seed)  # noqa: S311 - a story, not a secret
    with database.read() as session:
        agencies = list(session.scalars(select(Agency.name).order_by(Agency.id)))
    known = columns.columns("registry")
    with path.open("w", newline="", encoding="utf-8") as file:
        sheet = csv.writer(file)
        sheet.writerow([column.title for column in known])
        for number in range(rows):
            row = _row(chance, number, agencies)
            if chance.random() < FAULTY:
                row |= chance.choice(FAULTS)
            sheet.writerow([row.get(column.name, "") for column in known])


def _row(chance: random.Random, number: int, agencies: list[str]) -> dict[str, str]:
    words = " ".join(chance.sample(WORDS, 3))
    return {
        "title": f"{chance.getrandbits(40):010x} {words} {number}",
        "agency": chance.choice(agencies),
        "category": chance.choice(("Digital", "Non Digital")),
        "tahapan": chance.choice(STAGES),
        "trial_date": chance.choice(("Invalid Date", "", "12 Maret 2021", "2021-03-12")),
        "applied_date": chance.choice(("", "01/02/2022", "2022-02-01")),
        "initiator": chance.choice(("-", "OPD", "ASN")),
    }


def measure(name: str, database: Database, rows: int, seed: int) -> dict[str, object]:
    office.furnish(database)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "registri.csv"
        write(file, database, rows, seed)
        dry, _told = _run(database, folder, file, "--dry-run")
        done, told = _run(database, folder, file)
    counts = told["counts"]
    return {
        "database": name,
        "rows": rows,
        "dry_run_seconds": round(dry, 1),
        "import_seconds": round(done, 1),
        "imported": counts["done"],
        "errors": counts["error"],
        "holds": dry + done <= MOST_SECONDS
        and counts["done"] + counts["error"] + counts["duplicate"] == rows,
    }


def _run(database: Database, folder: str, file: Path, *more: str) -> tuple[float, dict[str, dict[str, int]]]:
    """Seconds of the whole command, its start included, and what it said."""
    command = Path(sys.executable).with_name("loncatan")
    asked = [
        str(command),
        "import",
        str(file),
        "--kind",
        "registry",
        "--by",
        office.COORDINATOR,
        "--json",
        *more,
    ]
    started = time.monotonic()
    said = subprocess.run(
        [*asked, *more],
        env={**os.environ, "DATABASE_URL": database.url, "VAR": folder, "SECRET_KEY": "t" * 40},
        capture_output=True,
        text=True,
        check=False,
    )
    if not said.stdout.startswith("{"):
        raise RuntimeError(said.stderr)
    return time.monotonic() - started, json.loads(said.stdout)


@click.command()
@click.option("--rows", default=5000, type=click.IntRange(10, 5000))
@click.option("--seed", default=1, type=int)
@click.option("--on", default="both", type=click.Choice(["sqlite", "postgresql", "both"]))
def main(rows: int, seed: int, on: str) -> None:
    """Check and bring in that many rows, on each database; status 1 where it takes more than a minute."""
    fine = True
    for name, database in databases(on):
        found = measure(name, database, rows, seed)
        fine = fine and bool(found["holds"])
        click.echo(json.dumps(found))
        database.dispose()
    sys.exit(not fine)


if __name__ == "__main__":
    main()
