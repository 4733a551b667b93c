"""How long an import takes: `python -m tests.bench.imports --rows 5000`, an old registry with faults in it.

The same file goes through `loncatan import` twice on each database: as a dry run, and for good. With
`--browser` it goes through the pages of an embedded server in a real Chromium instead, and the report says
how long it took from press to end and how its progress looked (`--pictures FOLDER` keeps what was seen). The
same seed gives the same file.
"""

import csv
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import select

from tests import importing
from tests.bench import office
from tests.bench.audit import databases
from tests.servers import free_port
from workflow.db import Database
from workflow.imports import columns
from workflow.models import Agency

FAULTY, MOST_SECONDS = 0.05, 60
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
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


def in_browser(name: str, database: Database, rows: int, seed: int, folder: Path | None) -> dict[str, object]:
    office.furnish(database)
    office.complete_drafts(database, 1)  # an empty office would be given the demo
    with tempfile.TemporaryDirectory() as var, _server(database, Path(var)) as host, _page() as page:
        file = Path(var) / "registri.csv"
        write(file, database, rows, seed)
        _sign_in(page, host)
        take = importing.pictures(page, folder / name) if folder else importing.look_away
        importing.hand_in(page, host, file, "registry")
        take("pemetaan")
        dry = importing.check_rows(page, lambda part: take(f"periksa-{part}"))
        take("periksa")
        checked = importing.counts(page)
        done = importing.bring_in(page, lambda part: take(f"impor-{part}"))
        take("selesai")
        came = importing.counts(page)
    return {
        "database": name,
        "rows": rows,
        "checked": checked,
        "imported": came,
        "dry_run": _said(dry),
        "import": _said(done),
        "holds": dry.seconds + done.seconds <= MOST_SECONDS and sum(came.values()) >= rows,
    }


def _said(progress: importing.Progress) -> dict[str, object]:
    return {
        "seconds": round(progress.seconds, 1),
        "lines_of_progress": len(progress.lines),
        "first_after": progress.lines[0][0] if progress.lines else None,
        "longest_silence": round(progress.longest_silence, 1),
        "like": [line for _at, line in progress.lines[:: max(len(progress.lines) // 4, 1)]],
    }


@contextmanager
def _server(database: Database, var: Path) -> Iterator[str]:
    port = free_port()
    settings = {"DATABASE_URL": database.url, "VAR": str(var), "SECRET_KEY": "t" * 40, "PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, "-m", "web.cli", "up"],
        env={**os.environ, **settings, "DEMO": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        if not any(line.startswith("READY") for line in process.stdout):
            raise RuntimeError("the server did not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


@contextmanager
def _page() -> Iterator[Page]:
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        raise click.UsageError("no browser: install Debian's chromium, or put one on the PATH")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        yield page
        browser.close()


def _sign_in(page: Page, host: str) -> None:
    page.goto(f"{host}/proses")
    token = page.locator('meta[name="csrf-token"]').get_attribute("content") or ""
    form: dict[str, str | float | bool] = {"email": office.COORDINATOR, "csrf_token": token}
    page.context.request.post(f"{host}/demo/masuk", form=form, headers={"Referer": f"{host}/proses"})


@click.command()
@click.option("--rows", default=5000, type=click.IntRange(10, 5000))
@click.option("--seed", default=1, type=int)
@click.option("--on", default="both", type=click.Choice(["sqlite", "postgresql", "both"]))
@click.option("--browser", is_flag=True, help="Through the pages, in Chromium.")
@click.option("--pictures", type=click.Path(file_okay=False, path_type=Path), help="Keep what was seen here.")
def main(rows: int, seed: int, on: str, browser: bool, pictures: Path | None) -> None:  # noqa: FBT001
    """Check and bring in that many rows, on each database; status 1 where it takes more than a minute."""
    fine = True
    for name, database in databases(on):
        if browser:
            found = in_browser(name, database, rows, seed, pictures)
        else:
            found = measure(name, database, rows, seed)
        fine = fine and bool(found["holds"])
        click.echo(json.dumps(found, ensure_ascii=False))
        database.dispose()
    sys.exit(not fine)


if __name__ == "__main__":
    main()
