"""Putting a backup into an empty installation of either database, and judging what came of it."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, inspect, select, table, text, update
from sqlalchemy.orm import Session

from workflow import audit, migrations
from workflow.archive import Archive, WrongArchive, column
from workflow.audit import Mark
from workflow.db import Database
from workflow.depot import StorageAway, depot_of
from workflow.evidence_store import name_of
from workflow.exports import orders
from workflow.models import Base, StoredFile
from workflow.search import index
from workflow.settings import Settings

BATCH = 1000
REFERENCE = {"agencies", "chain", "alembic_version"}
DERIVED = "search_index"  # triggers fill it
"""What `loncatan migrate` alone puts into a new database."""


def restore(
    archive: Archive, database: Database, settings: Settings, progress: Callable[[int], None]
) -> audit.Verdict:
    """Fill an empty installation, verify chain and cases, then bring the tables up to date.

    Raises WrongArchive and leaves the database empty if anything is wrong.
    """
    if archive.schema not in migrations.history():
        raise WrongArchive(f"Arsip dari versi tabel {archive.schema}, yang tidak dikenal versi program ini.")
    _require_empty(database, settings)
    migrations.upgrade(database, archive.schema)
    if migrations.present(database) != archive.schema:
        raise WrongArchive(
            f"Arsip dari versi tabel {archive.schema}, basis data sudah {migrations.present(database)}; "
            "kosongkan basis data, lalu ulangi."
        )
    with _no_files_left(settings), database.write() as session:
        _clear(session)
        for name, columns in archive.tables():
            _fill(session, archive, name, columns, progress)
        _continue_numbers(session.connection(), [name for name, _columns in archive.tables()])
        verdict = _judge(session, archive)
        _files(archive, settings)
    migrations.upgrade(database)
    with database.write() as session:  # no backup holds what can be made again: packages, pictures
        orders.let_go_lost(session, depot_of(settings))
        session.execute(update(StoredFile).values(read_at=None, pictures=0))
    index.complete(database)
    return verdict


@contextmanager
def _no_files_left(settings: Settings) -> Iterator[None]:
    """Depot and folder were empty before; after a failure they are so again."""
    try:
        yield
    except BaseException:
        with suppress(StorageAway):
            depot_of(settings).clear("")
        shutil.rmtree(settings.anchors, ignore_errors=True)
        raise


def _require_empty(database: Database, settings: Settings) -> None:
    """Nothing may be overwritten: no rows but what `migrate` makes, no evidence, no anchors."""
    with database.engine.connect() as connection:
        for name in inspect(connection).get_table_names():
            if name.startswith(DERIVED) or (name in REFERENCE and name != "chain"):
                continue
            where = text("position > 0") if name == "chain" else text("1 = 1")
            if connection.scalar(select(func.count()).select_from(table(name)).where(where)):
                raise WrongArchive(f"Basis data tidak kosong (tabel {name}); pulihkan ke profil yang kosong.")
    if not depot_of(settings).is_empty():
        place = settings.evidence_url or settings.evidence
        raise WrongArchive(f"Penyimpanan berkas {place} tidak kosong; pulihkan ke profil yang kosong.")
    if settings.anchors.exists() and any(settings.anchors.iterdir()):
        raise WrongArchive(f"{settings.anchors} tidak kosong; pulihkan ke profil yang kosong.")


def _clear(session: Session) -> None:
    for known in reversed(Base.metadata.sorted_tables):
        if known.name in REFERENCE:
            session.execute(delete(known))


def _fill(
    session: Session, archive: Archive, name: str, columns: dict[str, str], progress: Callable[[int], None]
) -> None:
    """Insert a table's rows; columns that point into the same table are set once all rows are there."""
    target = table(name, *(column(each, kind) for each, kind in columns.items()))
    own = _pointing_at_itself(session.connection(), name)
    later: list[dict[str, Any]] = []
    for batch in _batches(archive.lines(name)):
        later += [
            {"row_id": row["id"], "value": row[each], "column": each}
            for each in own
            for row in batch
            if row[each] is not None
        ]
        session.execute(insert(target), [{**row, **dict.fromkeys(own)} for row in batch])
        progress(len(batch))
    for each in own:
        pairs = [pair for pair in later if pair["column"] == each]
        change = update(target).where(target.c.id == bindparam("row_id")).values({each: bindparam("value")})
        if pairs:
            session.connection().execute(change, pairs)


def _pointing_at_itself(connection: Connection, name: str) -> list[str]:
    keys = inspect(connection).get_foreign_keys(name)
    return [key["constrained_columns"][0] for key in keys if key["referred_table"] == name]


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def _continue_numbers(connection: Connection, names: list[str]) -> None:
    """PostgreSQL counts apart from the rows; SQLite looks at them."""
    if connection.dialect.name != "postgresql":
        return
    for name in names:
        columns = {each["name"] for each in inspect(connection).get_columns(name)}
        sequence = "id" in columns and connection.scalar(
            text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": name}
        )
        last = connection.scalar(select(func.max(text("id"))).select_from(table(name))) if sequence else None
        if last:
            connection.execute(text("SELECT setval(:name, :last)"), {"name": sequence, "last": last})


def _judge(session: Session, archive: Archive) -> audit.Verdict:
    """The chain holds up to the head that the manifest names, and every case agrees with its events."""
    named = archive.manifest["head"]
    session.expire_all()
    verdict = audit.verify(session, marks=[Mark(named["position"], named["hash"])] if archive.events else [])
    if not verdict.intact or verdict.events != archive.events:
        raise WrongArchive(f"Rantai dalam arsip putus pada peristiwa {verdict.event_id}: {verdict.fault}.")
    if archive.schema == migrations.newest():
        for difference in audit.differences(session):
            raise WrongArchive(f"Arsip diubah: {difference}.")
    return verdict


def _files(archive: Archive, settings: Settings) -> None:
    depot = depot_of(settings)
    for sha256 in archive.files("evidence"):
        archive.extract(f"evidence/{sha256}", depot.room / f".{sha256}")
        depot.put(name_of(sha256), depot.room / f".{sha256}")
    places = {"secret_key": settings.var / "secret_key", "anchor_key.pem": settings.signing_key}
    for name in archive.files("installation"):
        archive.extract(f"installation/{name}", _place(places, name, settings))


def _place(places: dict[str, Path], name: str, settings: Settings) -> Path:
    return places.get(name, settings.anchors / Path(name).name)
