"""How long an audit takes: `python -m tests.bench.audit --events 1000000` on SQLite and on PostgreSQL.

The story is a real one: one case is driven by the public commands through a few revisions, then
copied with its own numbers and hashes until there are enough events. The same seed gives the same
bytes.
"""

import json
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import click
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from tests.conftest import fresh_postgres
from tests.servers import postgres
from workflow import audit, commands, migrations
from workflow.db import Database, canonical
from workflow.ledger import Actor, form, sha256
from workflow.models import Base, Case, Chain, Event, Participant, User
from workflow.people import create_user
from workflow.reference.load import load_agencies
from workflow.samples import sample

START = datetime(2022, 9, 12, 2, 0, tzinfo=UTC)
ROUNDS = 12
T = TypeVar("T")
CASES_AT_ONCE = 200


def play_one(database: Database) -> int:
    """One case that goes back and forth between proposer and head; the number of its events."""
    with database.write() as session:
        load_agencies(session)
        for name, head in (("usul", False), ("kepala", True)):
            create_user(
                session,
                START,
                email=f"{name}@bench.invalid",
                name=name,
                agency="puskesmas-tanon-1",
                heads_agency=head,
            )
    with database.write() as session:
        case = commands.start(
            session,
            _actor(session, 0),
            {"title": "TOLOK UKUR", "category": "digital", "agency": "puskesmas-tanon-1"},
        )
        step = "propose"
        for turn in range(ROUNDS):
            document = sample("innovation_proposal", turn)
            commands.advance(session, _actor(session, 0), case.number, step, form=document)
            chief = _actor(session, 1)
            back = next(
                option.transition.name
                for option in commands.options(session, chief, case)
                if "revision" in option.transition.to
            )
            commands.advance(session, chief, case.number, back, note="Lengkapi data dasar.")
            step = next(
                o.transition.name
                for o in commands.options(session, _actor(session, 0), case)
                if o.allowed and o.transition.form
            )
        return case.seq


def _actor(session: Session, index: int) -> Actor:
    return Actor(list(session.scalars(select(User).order_by(User.id)).unique())[index], START)


def copy(database: Database, events: int, seed: int) -> int:
    """Copies of the first case until there are at least so many events; how many there are."""
    chance = random.Random(seed)  # noqa: S311 - the same story, not a secret
    with database.read() as session:
        pattern = _rows(session, Event)
        case = _rows(session, Case)[0]
        people = _rows(session, Participant)
    previous = pattern[-1]["hash"]
    position = len(pattern)
    _clear_jobs(database)
    while position < events:
        batch: dict[Any, list[dict[str, Any]]] = {Case: [], Participant: [], Event: []}
        for _ in range(CASES_AT_ONCE):
            number = case["id"] + position // len(pattern)
            title = f"TOLOK UKUR {number} {chance.getrandbits(32):08x}"
            batch[Case].append({**case, "id": number, "number": f"INV-2022-{number:04d}", "title": title})
            for index, person in enumerate(people):
                batch[Participant].append({**person, "id": number * 10 + index, "case_id": number})
            for event in pattern:
                position += 1
                row = _copied(event, position, number, title, previous)
                previous = row["hash"]
                batch[Event].append(row)
        with database.write() as session:
            for table, rows in batch.items():
                session.execute(insert(table.__table__), rows)
            session.execute(update(Chain).values(position=position, hash=previous))
        click.echo(f"\r{position} peristiwa", nl=False, err=True)
    return position


def _rows(session: Session, table: type[Base]) -> list[dict[str, Any]]:
    return [dict(row) for row in session.execute(select(*table.__table__.c).order_by(table.id)).mappings()]  # type: ignore[attr-defined]


def _copied(event: dict[str, Any], position: int, case_id: int, title: str, previous: str) -> dict[str, Any]:
    data = event["data"]
    if event["name"] == "case.created":
        data = {**data, "title": title, "number": f"INV-2022-{case_id:04d}"}
    row = {**event, "id": position, "case_id": case_id, "data": data, "previous_hash": previous}
    row["hash"] = sha256(form(SimpleNamespace(**row), canonical(data)))
    return row


def _clear_jobs(database: Database) -> None:
    with database.write() as session:
        session.execute(Base.metadata.tables["jobs"].delete())


def measure(name: str, database: Database, events: int, seed: int) -> dict[str, Any]:
    started = time.monotonic()
    migrations.upgrade(database)
    play_one(database)
    count = copy(database, events, seed)
    made = time.monotonic() - started
    with database.snapshot() as session:
        verdict, verified, verified_cpu = _timed(lambda: audit.verify(session))
    with database.snapshot() as session:
        differences, folded, folded_cpu = _timed(lambda: list(audit.differences(session)))
    assert (verdict.intact, verdict.events, differences) == (True, count, [])
    return {
        "database": name,
        "events": count,
        "generated_seconds": round(made, 1),
        "verify_seconds": round(verified, 1),
        "verify_events_per_second": round(count / verified),
        "verify_own_cpu_seconds": round(verified_cpu, 1),
        "rebuild_own_cpu_seconds": round(folded_cpu, 1),
        "rebuild_seconds": round(folded, 1),
        "rebuild_events_per_second": round(count / folded),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _timed(work: Callable[[], T]) -> tuple[T, float, float]:
    """What it gave, seconds by the wall clock, seconds of this process's own."""
    wall, own = time.monotonic(), time.process_time()
    given = work()
    return given, time.monotonic() - wall, time.process_time() - own


def databases(wanted: str) -> Iterator[tuple[str, Database]]:
    if wanted in {"sqlite", "both"}:
        with tempfile.TemporaryDirectory(prefix="loncatan-bench-") as folder:
            yield "sqlite", Database(f"sqlite:///{Path(folder) / 'bench.db'}")
    if wanted in {"postgresql", "both"}:
        with postgres() as server:
            yield "postgresql", Database(fresh_postgres(server))


@click.command()
@click.option("--events", default=100_000, type=click.IntRange(1000, 5_000_000))
@click.option("--seed", default=1, type=int)
@click.option("--on", default="both", type=click.Choice(["sqlite", "postgresql", "both"]))
def main(events: int, seed: int, on: str) -> None:
    """Make that many events and audit them, on each database."""
    for name, database in databases(on):
        click.echo("\n" + json.dumps(measure(name, database, events, seed)))
        database.dispose()


if __name__ == "__main__":
    main()
