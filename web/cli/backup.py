"""A copy of everything in one file, and putting it back."""

import sys
from pathlib import Path

import click

from web.cli.base import json_option, opened, report
from workflow import archive
from workflow import restore as restoring


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def backup(file: Path, as_json: bool) -> None:  # noqa: FBT001
    """Write database, evidence and keys into FILE while everybody works on. It holds secrets."""
    with opened() as (found, database, clock):
        length = archive.size(database)
        with click.progressbar(length=length, label="Mencadangkan", file=sys.stderr) as bar:
            written = archive.write(database, found, file, clock(), bar.update)
    text = (
        f"{file}: {written.events} peristiwa, {written.rows} baris, {written.files} berkas bukti, "
        f"{written.bytes} bita. Arsip ini memuat data pribadi dan kunci; simpan di tempat aman."
    )
    if written.missing:
        text += "\nBerkas bukti hilang atau rusak:\n" + "\n".join(f"  {sha256}" for sha256 in written.missing)
    report({**vars(written), "file": str(file)}, as_json, text)
    if written.missing:
        raise SystemExit(1)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def restore(file: Path, as_json: bool) -> None:  # noqa: FBT001
    """Put a backup into an empty installation, SQLite or PostgreSQL; checks every hash and the chain."""
    with archive.opened(file) as source, opened() as (found, database, _clock):
        with click.progressbar(length=source.rows, label="Memulihkan", file=sys.stderr) as bar:
            verdict = restoring.restore(source, database, found, bar.update)
        missing = source.missing
        schema = source.schema
    text = f"Dipulihkan: {verdict.events} peristiwa, rantai utuh, semua usulan sesuai dengan peristiwanya."
    if missing:
        text += f"\n{len(missing)} berkas bukti sudah tidak ada saat cadangan dibuat."
    report({"events": verdict.events, "schema": schema, "missing": missing}, as_json, text)
