"""`loncatan replay`: cases driven the whole way by the public commands, every mail counted."""

import os
import sys
import tempfile
import time
from pathlib import Path

import click

from web.cli.base import json_option, report
from web.cli.rehearsal import Rehearsal, Tally
from web.cli.run import prepare
from workers.app import make_app
from workers.bell import Bell
from workers.counting import CountingServer
from workers.embedded import EmbeddedWorkers
from workers.fleet import Fleet
from workflow.clock import system_clock
from workflow.db import Database
from workflow.evidence_store import EvidenceStore
from workflow.settings import Settings

QUIET_SECONDS = 60


@click.command()
@click.option("--cases", default=30, type=click.IntRange(1, 100_000), help="How many cases.")
@click.option("--seed", default=1, type=int, help="The same seed takes the same ways.")
@json_option
def replay(cases: int, seed: int, as_json: bool) -> None:  # noqa: FBT001
    """Drive cases from draft to award and compare mails owed with mails received.

    Runs on DATABASE_URL and BROKER_URL where both are set (with workers of its own), else on a
    temporary database with the broker in this process. Never touches other cases.
    """
    with (
        tempfile.TemporaryDirectory(prefix="loncatan-replay-") as folder,
        CountingServer() as server,
    ):
        tally = _run(Path(folder), server, cases, seed)
    report(vars(tally), as_json, _words(tally))
    if tally.lost or tally.doubled:
        raise SystemExit(1)


def _run(folder: Path, server: CountingServer, cases: int, seed: int) -> Tally:
    found = configured(folder, server.url)
    database = Database(found.database)
    workers: EmbeddedWorkers | Fleet
    if found.embedded:
        workers = EmbeddedWorkers(found, database, system_clock)
    else:
        database.bell = Bell(make_app(found))
        workers = Fleet(found)
    prepare(database)
    workers.start()
    started = time.monotonic()
    try:
        rehearsal = Rehearsal(database, EvidenceStore.of(found), cases, seed)
        with click.progressbar(length=cases, label="Memutar", file=sys.stderr) as bar:
            rehearsal.play(bar.update)
            rehearsal.wait_until_quiet(QUIET_SECONDS + cases)
        return rehearsal.tally(server.message_ids, time.monotonic() - started)
    finally:
        workers.stop()
        database.dispose()


def configured(folder: Path, smtp_url: str) -> Settings:
    """The environment's database and broker if both are set, else temporary ones."""
    return Settings.from_env({**os.environ, "SMTP_URL": smtp_url, "VAR": str(folder)})


def _words(tally: Tally) -> str:
    states = "\n".join(f"  {state:<38}{count:>6}" for state, count in sorted(tally.by_state.items()))
    return (
        f"{tally.cases} usulan, {tally.transitions} langkah, {tally.events} peristiwa, {tally.seconds} s "
        f"({tally.events_per_second} per detik)\n"
        f"surel: terutang {tally.emails_owed}, diterima {tally.emails_received}, hilang {tally.lost}, "
        f"ganda {tally.doubled}, belum pasti {tally.unknown}\n{states}"
    )
