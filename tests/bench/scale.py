"""The pages over a registry of 100,000 cases: `python -m tests.bench.scale` on SQLite and on PostgreSQL.

Each page is asked for over 300 cases and over all of them in turns; the first is its floor. Three figures
each: a reader when nothing has happened since the last one, by the clock and in processor time of this
process (with SQLite that is all of it), and the first reader after an event, who counts anew.
With `--keep FOLDER` the registries stay: files there, or databases on the server of TEST_DATABASE_URL.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
import psycopg
from flask.testing import FlaskClient
from sqlalchemy import func, select, text, update

from tests.bench import office, region
from tests.bench.audit import databases
from tests.bench.figures import milliseconds, percentile
from tests.bench.pages import sign_in
from web import create_app
from workflow import audit, migrations
from workflow.db import Database
from workflow.models import Case, Chain, Event
from workflow.settings import Settings

FEW, TIMES, FIRST, MOST = 300, 15, 3, 3.0
MEMORY = 10
"""The statements that remembering may add to a page: the head, and cases by their ids."""
PAGES = {
    "front": "/",
    "list": "/usulan",
    "list by agency": "/usulan?agency=dinkes",
    "list by stage": "/usulan?stage=opd_pilot",
    "search, one word": "/usulan?q=vaksin",
    "search, two words": "/usulan?q=layanan+gizi",
    "board": "/papan",
    "board of a stage": "/papan?stage=pkp_proposal",
    "board, one word": "/papan?q=vaksin",
    "public registry": "/registri",
    "market": "/adopsi",
    "work": "/beranda",
    "figures": "/gambaran",
    "figures of an agency": "/gambaran?agency=dinkes",
    "standstill": "/gambaran/titik-macet",
    "case": "",
}


@dataclass(frozen=True)
class Measured:
    """Medians in milliseconds, and statements: of a reader, and of the first reader after an event."""

    wall: float
    own: float
    first: float
    first_own: float
    statements: int
    statements_first: int


def prepare(database: Database, cases: int, seed: int) -> float:
    """Have so many cases in it; the seconds that took, 0 where they were there."""
    started, made = time.monotonic(), 0.0
    if not _is_there(database, cases):
        office.furnish(database)
        region.fill(database, cases, seed)
        made = time.monotonic() - started
        with database.snapshot() as session:
            assert audit.verify(session).intact
    migrations.upgrade(database)
    if not database.sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    return made


def _is_there(database: Database, cases: int) -> bool:
    if migrations.present(database) is None:
        return False
    with database.read() as session:
        return (session.scalar(select(func.count()).select_from(Case)) or 0) >= cases


def _paths(database: Database) -> dict[str, str]:
    with database.read() as session:
        alike = select(Case.number).where(Case.state == "opd_pilot.running")
        number = session.scalars(alike.order_by(Case.seq.desc()).limit(1)).one()
    return {name: path or f"/usulan/{number}" for name, path in PAGES.items()}


@dataclass
class Site:
    """A browser of the coordinator over one registry."""

    database: Database
    client: FlaskClient
    paths: dict[str, str]

    def ask(self, page: str) -> tuple[float, float]:
        """Milliseconds by the clock, and of this process."""
        before = time.process_time()
        wall = milliseconds(partial(self.client.get, self.paths[page]))
        return wall, (time.process_time() - before) * 1000

    def statements(self, page: str) -> int:
        with office.statements(self.database) as seen:
            answer = self.client.get(self.paths[page])
        if answer.status_code != 200:
            raise AssertionError(f"{self.paths[page]}: {answer.status_code}")
        return len([each for each in seen if "FROM facts" not in each])  # read now and then, by no page


@contextmanager
def _site(database: Database) -> Iterator[Site]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(var=Path(folder), secret_key="t" * 40, demo=True)
        client = create_app(settings, database, lambda: region.NOW).test_client()
        sign_in(client, office.COORDINATOR)
        client.get("/usulan")
        yield Site(database, client, _paths(database))


def compare(page: str, sites: list[Site]) -> list[Measured]:
    """In turns, so that what else the machine does meets both alike."""
    told: list[int] = []
    firsts: list[list[tuple[float, float]]] = [[], []]
    for site in sites:
        site.statements(page)
        _happen(site.database)
        told.append(site.statements(page))
    for _ in range(FIRST):
        for site, held in zip(sites, firsts, strict=True):
            _happen(site.database)
            held.append(site.ask(page))
    times: list[list[tuple[float, float]]] = [[], []]
    for _ in range(TIMES):
        for site, asked in zip(sites, times, strict=True):
            asked.append(site.ask(page))
    return [
        Measured(
            percentile([wall for wall, _own in asked], 0.5),
            percentile([own for _wall, own in asked], 0.5),
            percentile([wall for wall, _own in first], 0.5),
            percentile([own for _wall, own in first], 0.5),
            site.statements(page),
            of_first,
        )
        for site, asked, first, of_first in zip(sites, times, firsts, told, strict=True)
    ]


def _happen(database: Database) -> None:
    """The head moves on, as with any event; the chain was verified before."""
    with database.write() as session:
        session.execute(update(Chain).values(position=Chain.position + 1))


@contextmanager
def _database(name: str, keep: Path | None, cases: int, seed: int) -> Iterator[Database]:
    if keep is None:
        for _name, fresh in databases(name):
            yield fresh
            fresh.dispose()
        return
    keep.mkdir(parents=True, exist_ok=True)
    kept = Database(
        f"sqlite:///{keep / f'{cases}-{seed}.db'}" if name == "sqlite" else _on_server(cases, seed)
    )
    yield kept
    kept.dispose()


def _on_server(cases: int, seed: int) -> str:
    server, name = os.environ.get("TEST_DATABASE_URL"), f"scale_{cases}_{seed}"
    if server is None:
        raise click.UsageError("--keep needs TEST_DATABASE_URL: a server that outlives this command")
    with psycopg.connect(server, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return server.replace("postgresql://", "postgresql+psycopg://").rsplit("/", 1)[0] + f"/{name}"


def lines(name: str, cases: int, seed: int, keep: Path | None) -> Iterator[dict[str, object]]:
    with _database(name, keep, FEW, seed) as small, _database(name, keep, cases, seed) as large:
        prepare(small, FEW, seed)
        made = prepare(large, cases, seed)
        with large.read() as session:
            events = session.scalar(select(func.count()).select_from(Event))
        yield {"database": name, "cases": cases, "events": events, "made_seconds": round(made, 1)}
        with _site(small) as floor, _site(large) as site:
            for page in PAGES:
                yield {"database": name, "page": page, **_line(cases, *compare(page, [floor, site]))}


def _line(cases: int, was: Measured, now: Measured) -> dict[str, object]:
    ratio = now.wall / was.wall
    steady = now.statements <= was.statements and now.statements_first <= was.statements + MEMORY
    return {
        f"p50_ms_at_{FEW}": round(was.wall, 1),
        f"p50_ms_at_{cases}": round(now.wall, 1),
        "ratio": round(ratio, 1),
        "own_ms": [round(was.own, 1), round(now.own, 1)],
        "first_reader_ms": [round(was.first, 1), round(now.first, 1)],
        "first_reader_own_ms": [round(was.first_own, 1), round(now.first_own, 1)],
        "statements": [was.statements, now.statements],
        "statements_of_first_reader": [was.statements_first, now.statements_first],
        "load": round(os.getloadavg()[0], 1),
        "holds": ratio <= MOST and steady,
    }


@click.command()
@click.option("--cases", default=100_000, type=click.IntRange(FEW, 1_000_000))
@click.option("--seed", default=1, type=int)
@click.option("--on", default="both", type=click.Choice(["sqlite", "postgresql", "both"]))
@click.option(
    "--keep", type=click.Path(file_okay=False, path_type=Path), help="Folder of registries to reuse."
)
def main(cases: int, seed: int, on: str, keep: Path | None) -> None:
    """Make the registry and ask for its pages, on each database; status 1 where a page is over."""
    fine = True
    for name in ("sqlite", "postgresql") if on == "both" else (on,):
        for line in lines(name, cases, seed, keep):
            fine = fine and line.get("holds", True) is True
            click.echo(json.dumps(line))
    sys.exit(not fine)


if __name__ == "__main__":
    main()
