"""Owed work from the command line; it only writes rows, the relay finds them."""

import click

from web.cli.base import json_option, opened, report
from workflow import delivery

KINDS = click.Choice(["email", "job"])


@click.group()
def jobs() -> None:
    """Jobs and mails that wait, are unknown or parked."""


@jobs.command("list")
@click.option("--state", default="parked", type=click.Choice(delivery.STATES))
@json_option
def list_jobs(state: str, as_json: bool) -> None:  # noqa: FBT001
    """Show what stands in a state."""
    with opened() as (_settings, database, _clock), database.read() as session:
        rows = [
            {
                "kind": "email",
                "id": e.id,
                "case": c.number if c else "-",
                "what": e.kind,
                "attempts": e.attempts,
                "error": e.error,
            }
            for e, c, _user in delivery.list_mails(session, state)
        ]
        if state != "unknown":
            rows += [
                {
                    "kind": "job",
                    "id": j.id,
                    "case": c.number if c else f"impor {j.import_id}",
                    "what": j.handler,
                    "attempts": j.attempts,
                    "error": j.error,
                }
                for j, c, _event in delivery.list_jobs(session, state)
            ]
    lines = [
        f"{r['kind']:<6}{r['id']:>8}  {r['case']}  {r['what']}  {r['attempts']}×  {r['error'] or ''}"
        for r in rows
    ]
    report(rows, as_json, "\n".join(lines) or "Tidak ada.")


@jobs.command()
@click.argument("kind", type=KINDS)
@click.argument("row_id", type=int)
def retry(kind: str, row_id: int) -> None:
    """Owe it again, at once."""
    _decide("retry", kind, row_id)


@jobs.command()
@click.argument("kind", type=KINDS)
@click.argument("row_id", type=int)
def drop(kind: str, row_id: int) -> None:
    """Give it up for good."""
    _decide("drop", kind, row_id)


def _decide(verb: str, kind: str, row_id: int) -> None:
    with opened() as (_settings, database, clock), database.write() as session:
        done = (delivery.retry if verb == "retry" else delivery.drop)(session, kind, row_id, clock())
    if not done:
        raise click.ClickException("Sudah selesai, sedang dikerjakan, atau tidak ada.")
