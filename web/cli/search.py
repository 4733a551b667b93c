"""The index of the search: derived from the cases, so it can be made anew at any time."""

import sys

import click
from sqlalchemy import func, select

from web.cli.base import json_option, opened, report
from workflow.models import Case
from workflow.search import index


@click.group()
def search() -> None:
    """The index of the search."""


@search.command()
@json_option
def rebuild(as_json: bool) -> None:  # noqa: FBT001
    """Make the index anew, beside running work."""
    with opened() as (_settings, database, _clock):
        with database.read() as session:
            length = session.scalar(select(func.count()).select_from(Case)) or 0
        with click.progressbar(length=length, label="Menyusun indeks", file=sys.stderr) as bar:
            cases = index.rebuild(database, bar.update)
    report({"cases": cases}, as_json, f"Indeks pencarian memuat {cases} usulan.")


@search.command()
@json_option
def check(as_json: bool) -> None:  # noqa: FBT001
    """Compare the index with the cases; names those that differ."""
    with opened() as (_settings, database, _clock), database.read() as session:
        wrong = index.check(session)
    text = f"Berbeda: {', '.join(wrong)}. Jalankan `loncatan search rebuild`." if wrong else "Indeks sesuai."
    report({"different": wrong}, as_json, text)
    if wrong:
        raise SystemExit(1)
