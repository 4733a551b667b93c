"""The files behind the evidence: is each of them there, and still what it was."""

import sys

import click
from sqlalchemy import func, select

from web.cli.base import json_option, opened, report
from workflow import file_check
from workflow.depot import depot_of
from workflow.evidence_store import name_of
from workflow.models import FileCheck, StoredFile


@click.group()
def evidence() -> None:
    """Files of evidence."""


@evidence.command()
@click.option("--remove-orphans", is_flag=True, help="Remove files that no row knows.")
@json_option
def verify(remove_orphans: bool, as_json: bool) -> None:  # noqa: FBT001
    """Compare size and SHA-256 of every stored file with its row; status 1 if any is missing or altered."""
    with opened() as (settings, database, clock):
        depot = depot_of(settings)
        with database.write() as session:
            check_id = file_check.begin(session, clock(), at_once=True)
            total = session.scalar(select(func.count()).select_from(StoredFile)) or 0
        if check_id is None:
            raise click.ClickException("Pemeriksaan sedang berjalan; ulangi dalam beberapa menit.")
        with click.progressbar(length=total, label="Memeriksa berkas", file=sys.stderr) as bar:
            while file_check.portion(database, depot, check_id, clock()):
                with database.read() as session:
                    bar.update(session.get_one(FileCheck, check_id).checked - bar.pos)
        with database.read() as session:
            run, faulty = session.get_one(FileCheck, check_id), file_check.faulty_files(session)
        if remove_orphans:
            for sha256 in run.orphans:
                depot.remove(name_of(sha256))
    found = {
        **{key: getattr(run, key) for key in ("checked", "missing", "altered", "orphaned", "orphans")},
        "files": [vars(file) for file in faulty],
    }
    lines = [f"{f.fault}  {f.sha256}  {f.file_name}  {f.number}" for f in faulty]
    text = (
        f"{run.checked} berkas diperiksa: {run.missing} hilang, {run.altered} berubah, "
        f"{run.orphaned} tanpa catatan{' (dihapus)' if remove_orphans and run.orphaned else ''}."
    )
    report(found, as_json, "\n".join([text, *lines]))
    if faulty:
        raise SystemExit(1)
