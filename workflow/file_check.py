"""Every stored file against its row, a portion at a time: missing, altered, or known to no row.

A run goes through three phases: the files of evidence by their hash, finished packages, then the folders
of the depot for what no row knows. What a portion found and where the next one begins commit together.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BufferedReader
from typing import Any

from sqlalchemy import Select, or_, select, union_all, update
from sqlalchemy.orm import Session

from workflow.calendar import wib_date
from workflow.clock import WIB
from workflow.db import Database
from workflow.depot import CHUNK, Depot
from workflow.evidence_store import name_of
from workflow.exports import orders
from workflow.models import Attachment, Case, Evidence, FileCheck, StoredFile
from workflow.models.files import ALTERED, MISSING

FILES, PACKAGES, ORPHANS = "files", "packages", "orphans"
NIGHT_HOUR = 1
HELD = timedelta(minutes=10)
"""Longer than a portion takes: who has not come back by then never will."""
AT_ONCE, BYTES_AT_ONCE = 50, 64 * 1024 * 1024
NAMED = 1000
FOLDERS = 256
YOUNG = timedelta(days=1)
"""A file is put before the row that knows it commits."""


PLACES = union_all(
    select(Evidence.sha256, Evidence.file_name, Evidence.case_id).where(Evidence.withdrawn_at.is_(None)),
    select(Attachment.sha256, Attachment.file_name, Attachment.case_id),
).subquery()


@dataclass(frozen=True)
class Seen:
    """What is there of one file."""

    file_id: int
    sha256: str
    fault: str | None


def begin(session: Session, now: datetime, *, at_once: bool = False) -> int | None:
    """Take up the run that is due, new or unfinished, for HELD; None where there is none or it is taken."""
    last = newest(session)
    if last is None or last.finished_at is not None:
        if not at_once and last is not None and not _is_night(last.started_at, now):
            return None
        last = FileCheck(started_at=now, phase=FILES, cursor="", orphans=[])
        session.add(last)
        session.flush()
    return last.id if _take(session, last.id, now) else None


def newest(session: Session, *, finished: bool = False) -> FileCheck | None:
    """The last run, or the last that came to its end."""
    query = select(FileCheck).order_by(FileCheck.id.desc()).limit(1)
    return session.scalars(query.where(FileCheck.finished_at.is_not(None)) if finished else query).first()


def _is_night(before: datetime, now: datetime) -> bool:
    return wib_date(before) < wib_date(now) and now.astimezone(WIB).hour >= NIGHT_HOUR


def _take(session: Session, check_id: int, now: datetime) -> bool:
    free = or_(
        FileCheck.taken_until.is_(None), FileCheck.taken_until < now, FileCheck.taken_until > now + HELD
    )
    claim = update(FileCheck).where(FileCheck.id == check_id, free).values(taken_until=now + HELD)
    return session.execute(claim.returning(FileCheck.id)).scalar() is not None


def portion(database: Database, depot: Depot, check_id: int, now: datetime) -> bool:
    """Look at the next few files; False once the run is through. Raises StorageAway or OSError.

    Files are read outside of any transaction: nobody waits for a lock that long.
    """
    with database.read() as session:
        run = session.get_one(FileCheck, check_id)
        rows = _next(session, run.cursor) if run.phase == FILES else []
    seen = [Seen(row.id, row.sha256, look(depot, row)) for row in rows]
    strange = _strangers(database, depot, run, now) if run.phase == ORPHANS else []
    with database.write() as session:
        run = session.get_one(FileCheck, check_id)
        run.taken_until = now + HELD
        if run.phase == FILES:
            _note(session, run, seen, now)
        elif run.phase == PACKAGES:
            orders.let_go_lost(session, depot)
            run.phase, run.cursor = ORPHANS, "0"
        else:
            _note_strangers(run, strange, now)
        return run.finished_at is None


def release(session: Session, check_id: int) -> None:
    """Let somebody else go on with it at once."""
    session.get_one(FileCheck, check_id).taken_until = None


def look(depot: Depot, row: StoredFile) -> str | None:
    """What is wrong with a file: missing, altered, or nothing."""
    try:
        with depot.open(name_of(row.sha256)) as file:
            return None if _is_what_it_was(file, row) else ALTERED
    except FileNotFoundError:
        return MISSING


def _is_what_it_was(file: BufferedReader, row: StoredFile) -> bool:
    digest, size = hashlib.sha256(), 0
    while chunk := file.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return (digest.hexdigest(), size) == (row.sha256, row.size)


def _next(session: Session, cursor: str) -> list[StoredFile]:
    """The files after the cursor, few enough and small enough to be read in one go."""
    query = select(StoredFile).where(StoredFile.sha256 > cursor).order_by(StoredFile.sha256)
    found: list[StoredFile] = []
    size = 0
    for row in session.scalars(query.limit(AT_ONCE)):
        size += row.size
        if found and size > BYTES_AT_ONCE:
            break
        found.append(row)
    return found


def _note(session: Session, run: FileCheck, seen: list[Seen], now: datetime) -> None:
    if not seen:
        run.phase, run.cursor = PACKAGES, ""
        return
    for file in seen:
        change = update(StoredFile).where(StoredFile.id == file.file_id)
        session.execute(change.values(checked_at=now, fault=file.fault))
    run.checked += len(seen)
    run.missing += sum(file.fault == MISSING for file in seen)
    run.altered += sum(file.fault == ALTERED for file in seen)
    run.cursor = seen[-1].sha256


def _strangers(database: Database, depot: Depot, run: FileCheck, now: datetime) -> list[str]:
    """Files of one folder that no row knows and that are not just being put."""
    folder = f"{int(run.cursor):02x}"
    names = {name.partition("/")[2]: since for name, since in depot.names(folder)}
    with database.read() as session:
        query = select(StoredFile.sha256).where(StoredFile.sha256.startswith(folder))
        known = set(session.scalars(query))
    return sorted(name for name, since in names.items() if name not in known and since < now - YOUNG)


def _note_strangers(run: FileCheck, strange: list[str], now: datetime) -> None:
    run.orphaned += len(strange)
    run.orphans = [*run.orphans, *strange][:NAMED]
    run.cursor = str(int(run.cursor) + 1)
    if int(run.cursor) >= FOLDERS:
        run.finished_at, run.taken_until = now, None


@dataclass(frozen=True)
class Faulty:
    """A file that is not what it was, in one of the places where it proves something or was sent along."""

    sha256: str
    fault: str
    file_name: str
    number: str


def faulty(session: Session) -> tuple[int, int]:
    """How many files are missing and how many altered, as last seen; those withdrawn prove nothing more."""
    counts: Counter[str] = Counter(
        dict(session.execute(_faults(StoredFile.sha256, StoredFile.fault).distinct()).all()).values()
    )
    return counts[MISSING], counts[ALTERED]


def faulty_files(session: Session) -> list[Faulty]:
    """Each of them with every proposal it belongs to."""
    query = _faults(StoredFile.sha256, StoredFile.fault, PLACES.c.file_name, Case.number)
    rows = session.execute(query.order_by(StoredFile.sha256, Case.number).limit(NAMED))
    return [Faulty(*row) for row in rows]


def _faults(*columns: Any) -> Select[Any]:  # noqa: ANN401 - columns of any type
    return (
        select(*columns)
        .select_from(StoredFile)
        .join(PLACES, PLACES.c.sha256 == StoredFile.sha256)
        .join(Case, Case.id == PLACES.c.case_id)
        .where(StoredFile.fault.is_not(None))
    )
