"""`loncatan import`: a table from the command line, worked on here and now."""

import sys
import time
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from web.api.imports import whole
from web.cli.base import json_option, opened, report
from workers import jobs
from workers.office import Office
from workflow.clock import Clock
from workflow.db import Database
from workflow.errors import NotFound
from workflow.imports import columns, desk, queries, sheet
from workflow.ledger import Actor
from workflow.logs import configure_logging
from workflow.models import Import, Job
from workflow.nip import Seal
from workflow.people import find_user
from workflow.secret import secret_of
from workflow.settings import Settings

PAUSE = 0.2
SHOWN = 20


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check every row and bring in none.")
@click.option("--kind", type=click.Choice(columns.KINDS), help="Default: what the headings say.")
@click.option("--cohort", help="Name or code of the batch, where the file names none.")
@click.option("--by", "email", help="The person in whose name; default: the server itself.")
@json_option
def import_command(
    file: Path,
    dry_run: bool,  # noqa: FBT001
    kind: str | None,
    cohort: str | None,
    email: str | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Bring in a cohort or a registry from XLSX, ODS or CSV; exit status 0 only without row errors."""
    with opened() as (found, database, clock):
        configure_logging(found.log_level)
        with file.open("rb") as stream:
            table = sheet.load(stream, file.name)
        order = desk.Order(kind, dry_run=dry_run, cohort=cohort)
        import_id = _begin(found, database, clock, table, order, email)
        _finish(Office(found, database, clock), import_id, quiet=as_json or not sys.stderr.isatty())
        with database.read() as session:
            made = desk.find(session, Actor(None, clock()), import_id)
            answer = whole(session, made, queries.list_rows(session, made, limit=queries.LARGEST_PAGE))
    report(answer, as_json, _words(answer))
    if answer["error"] or answer["counts"]["error"]:
        raise SystemExit(1)


def _begin(
    found: Settings,
    database: Database,
    clock: Clock,
    table: sheet.Sheet,
    order: desk.Order,
    email: str | None,
) -> int:
    with database.write() as session:
        user = find_user(session, email) if email else None
        if email and user is None:
            raise NotFound
        actor = Actor(user, clock())
        made = desk.begin(session, actor, table, order, Seal(secret_of(found)))
        desk.settle(session, actor, made, made.mapping, dry_run=order.dry_run)
        return made.id


def _finish(office: Office, import_id: int, *, quiet: bool) -> None:
    """Do the work that is owed for one import, beside whoever else may be doing it, until it is over."""
    with click.progressbar(length=100, label="Mengimpor", file=sys.stderr, hidden=quiet) as bar:
        while True:
            with office.database.read() as session:
                made = desk.find(session, Actor(None, office.clock()), import_id)
                share = _share(made, desk.progress(made, desk.counts(session, made)))
                bar.update(max(round(share * 100) - bar.pos, 0))
                if made.state not in desk.WORKING or desk.stuck(session, made):
                    return
                owed = list(
                    session.scalars(select(Job.id).where(Job.import_id == import_id, Job.done_at.is_(None)))
                )
            if not sum(jobs.run_job(office, job_id) for job_id in owed):
                time.sleep(PAUSE)


def _share(made: Import, progress: float) -> float:
    """Of check and run together, where both are wanted."""
    if made.dry_run:
        return progress
    return progress / 2 if made.state == "checking" else (1 + progress) / 2


def _words(answer: dict[str, Any]) -> str:
    counts = answer["counts"]
    lines = [
        f"Baris {row['row']}, kolom {f['column'] or '–'}: {f['message']}"
        for row in answer["rows"]
        for f in row["findings"]
        if f["level"] == "error"
    ][:SHOWN]
    done = f"{counts['ready']} baris siap" if answer["dry_run"] else f"{counts['done']} baris diimpor"
    end = (
        f"{done}, {counts['duplicate']} sudah ada, {counts['error']} dengan kesalahan (impor {answer['id']})."
    )
    return "\n".join([*lines, end])
