"""Is the record unaltered, and do the cases agree with it?"""

import click

from web.cli.base import json_option, opened, report
from workflow import audit as chain


@click.group()
def audit() -> None:
    """The chain of events."""


@audit.command()
@json_option
def verify(as_json: bool) -> None:  # noqa: FBT001
    """Recompute the chain; names the first altered, missing or reordered event."""
    with opened() as (_settings, database, _clock), database.read() as session:
        verdict = chain.verify(session)
    text = f"Rantai utuh sampai peristiwa ke-{verdict.events}."
    if not verdict.intact:
        text = f"Rantai putus pada peristiwa {verdict.event_id}: {verdict.fault}."
    report({**vars(verdict), "intact": verdict.intact}, as_json, text)
    if not verdict.intact:
        raise SystemExit(1)


@audit.command()
@click.option("--check", is_flag=True, required=True, help="Compare only; nothing is written.")
@json_option
def rebuild(check: bool, as_json: bool) -> None:  # noqa: FBT001, ARG001
    """Fold the events and compare with every case row."""
    with opened() as (_settings, database, _clock), database.read() as session:
        found = list(chain.differences(session))
    report(
        {"differences": found},
        as_json,
        "\n".join(found) or "Semua usulan sesuai dengan peristiwanya.",
    )
    if found:
        raise SystemExit(1)
