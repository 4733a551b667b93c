"""`loncatan export`: a package of an entry, or of a year, from the command line, built here and now."""

import shutil
import sys
import time
from pathlib import Path

import click
from sqlalchemy import select

from web.api.exports import whole
from web.cli.base import json_option, opened, report
from workers import jobs
from workers.office import Office
from workflow.dates import thousands
from workflow.depot import depot_of
from workflow.errors import Invalid, Problem
from workflow.exports import orders
from workflow.ledger import Actor
from workflow.logs import configure_logging
from workflow.models import Export, Job

PAUSE = 0.2


@click.command("export")
@click.argument("case", required=False)
@click.option("--year", type=click.IntRange(2018, 2100), help="Every entry of an award year, with its recap.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Default: its own name."
)
@json_option
def export_command(case: str | None, year: int | None, output: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Pack CASE (a number that is an entry), or every entry of a year, into a ZIP file."""
    if (case is None) == (year is None):
        raise Invalid([Problem("", "Sebutkan satu nomor usulan, atau --year dengan tahunnya.")])
    if output is not None and output.exists():
        raise Invalid([Problem("", f"{output} sudah ada; pilih nama lain.")])
    with opened() as (found, database, clock):
        configure_logging(found.log_level)
        nobody = Actor(None, clock())
        with database.write() as session:
            if year is not None:
                made = orders.begin_year(session, nobody, year)
            else:
                made = orders.begin_entry(session, nobody, case or "")
        _finish(Office(found, database, clock), made.id, quiet=as_json or not sys.stderr.isatty())
        with database.read() as session:
            made = session.get_one(Export, made.id)
            answer = whole(session, made)
        if made.state != "done":
            report(answer, as_json, str(answer["error"] or orders.STATE_WORDS[made.state]))
            raise SystemExit(1)
        target = output or Path(made.file_name)
        with depot_of(found).open(orders.file_of(made)) as file, target.open("wb") as out:
            shutil.copyfileobj(file, out)
    text = f"{target}: {answer['entries']} entri, {thousands(made.size or 0)} bita, SHA-256 {made.sha256}"
    report({**answer, "saved": str(target)}, as_json, text)


def _finish(office: Office, export_id: int, *, quiet: bool) -> None:
    """Do the work that is owed for one package, beside whoever else may be doing it, until it is over."""
    with click.progressbar(length=100, label="Mengemas", file=sys.stderr, hidden=quiet) as bar:
        while True:
            with office.database.read() as session:
                made = session.get_one(Export, export_id)
                share = orders.progress(made, *orders.counts(session, made))
                bar.update(max(round(share * 100) - bar.pos, 0))
                if made.state != "building" or orders.stuck(session, made):
                    return
                owed = list(
                    session.scalars(select(Job.id).where(Job.export_id == export_id, Job.done_at.is_(None)))
                )
            if not sum(jobs.run_job(office, job_id) for job_id in owed):
                time.sleep(PAUSE)
