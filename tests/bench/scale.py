"""The pages over a registry of 100,000 cases: `python -m tests.bench.scale` on SQLite and on PostgreSQL.

Each page is asked for over 300 cases and over all of them in the same run; the first is its floor.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click
from flask.testing import FlaskClient
from sqlalchemy import select, text

from tests.bench import office, region
from tests.bench.audit import databases
from tests.bench.figures import milliseconds, percentile
from tests.bench.pages import sign_in
from web import create_app
from workflow import audit
from workflow.db import Database
from workflow.models import Case
from workflow.settings import Settings

FEW, TIMES, MOST = 300, 15, 3.0
PAGES = {
    "list": "/usulan",
    "list by agency": "/usulan?agency=dinkes",
    "list by stage": "/usulan?stage=opd_pilot",
    "search, one word": "/usulan?q=vaksin",
    "search, two words": "/usulan?q=layanan+gizi",
    "public registry": "/registri",
    "market": "/adopsi",
    "work": "/beranda",
    "figures": "/gambaran",
    "figures of an agency": "/gambaran?agency=dinkes",
    "case": "",
}


def measure(database: Database, cases: int, seed: int) -> tuple[dict[str, tuple[float, int]], float, int]:
    """By page: the median in ms and the statements; then seconds to make the registry, and its events."""
    office.furnish(database)
    started = time.monotonic()
    events = region.fill(database, cases, seed)
    made = time.monotonic() - started
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if database.sqlite else "VACUUM ANALYZE"))
    with database.snapshot() as session:
        assert audit.verify(session).intact
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(
            Settings(var=Path(folder), secret_key="t" * 40, demo=True), database, lambda: region.NOW
        )
        client = app.test_client()
        sign_in(client, office.COORDINATOR)
        return {name: _page(client, database, path) for name, path in _paths(database).items()}, made, events


def _paths(database: Database) -> dict[str, str]:
    with database.read() as session:
        number = session.scalars(select(Case.number).order_by(Case.seq.desc()).limit(1)).one()
    return {name: path or f"/usulan/{number}" for name, path in PAGES.items()}


def _page(client: FlaskClient, database: Database, path: str) -> tuple[float, int]:
    answer = client.get(path)
    if answer.status_code != 200:
        raise AssertionError(f"{path}: {answer.status_code}")
    times = [milliseconds(partial(client.get, path)) for _ in range(TIMES)]
    with office.statements(database) as seen:
        client.get(path)
    return percentile(times, 0.5), len(seen)


def lines(name: str, cases: int, seed: int) -> Iterator[dict[str, object]]:
    for _name, small in databases(name):
        floor, _made, _events = measure(small, FEW, seed)
        small.dispose()
    for _name, large in databases(name):
        found, made, events = measure(large, cases, seed)
        large.dispose()
    yield {"database": name, "cases": cases, "events": events, "made_seconds": round(made, 1)}
    for page, (median, statements) in found.items():
        ratio = median / floor[page][0]
        yield {
            "database": name,
            "page": page,
            f"p50_ms_at_{FEW}": round(floor[page][0], 1),
            f"p50_ms_at_{cases}": round(median, 1),
            "ratio": round(ratio, 1),
            "statements": [floor[page][1], statements],
            "holds": ratio <= MOST and floor[page][1] == statements,
        }


@click.command()
@click.option("--cases", default=100_000, type=click.IntRange(FEW, 1_000_000))
@click.option("--seed", default=1, type=int)
@click.option("--on", default="both", type=click.Choice(["sqlite", "postgresql", "both"]))
def main(cases: int, seed: int, on: str) -> None:
    """Make the registry and ask for its pages, on each database; status 1 where a page is over."""
    fine = True
    for name in ("sqlite", "postgresql") if on == "both" else (on,):
        for line in lines(name, cases, seed):
            fine = fine and line.get("holds", True) is True
            click.echo(json.dumps(line))
    sys.exit(not fine)


if __name__ == "__main__":
    main()
