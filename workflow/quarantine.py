"""Where a malware scanner is set, a file is neither served nor exported before it was found clean."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.db import insert_new, owe
from workflow.errors import DomainError
from workflow.models import Job, StoredFile
from workflow.settings import Settings

SCAN, READ = "file_scan", "file_read"
CLEAN, WAITING, INFECTED = "clean", "waiting", "infected"


class Quarantined(DomainError):
    """A file that nobody may have: not yet scanned, or with a signature."""

    def __init__(self, file: StoredFile) -> None:
        self.message = (
            f"Berkas ini ditolak: pemeriksaan menemukan {file.signature}. Unggah berkas yang bersih."
            if file.signature
            else "Berkas ini masih menunggu pemeriksaan malware; coba lagi beberapa saat lagi."
        )


def state_of(file: StoredFile | None, settings: Settings) -> str:
    """clean, waiting or infected; without a scanner, what was never found is taken for clean."""
    if file is not None and file.signature is not None:
        return INFECTED
    if settings.clamd_url and (file is None or file.scanned_at is None):
        return WAITING
    return CLEAN


def require_clean(session: Session, settings: Settings, sha256: str) -> None:
    """Raises Quarantined."""
    file = session.scalars(select(StoredFile).where(StoredFile.sha256 == sha256)).one_or_none()
    if file is not None and state_of(file, settings) != CLEAN:
        raise Quarantined(file)


def infected_by(session: Session, sha256: str) -> Quarantined | None:
    """What to say of a file that is known to be infected; nothing of any other."""
    known = select(StoredFile).where(StoredFile.sha256 == sha256, StoredFile.signature.is_not(None))
    found = session.scalars(known).one_or_none()
    return Quarantined(found) if found else None


def know(session: Session, now: datetime, sha256: str, size: int, media_type: str) -> None:
    """The row of a file itself; one that is new here has to be looked at."""
    held = {"sha256": sha256, "size": size, "media_type": media_type, "stored_at": now}
    if insert_new(session, StoredFile, **held):
        file_id = session.scalars(select(StoredFile.id).where(StoredFile.sha256 == sha256)).one()
        owe_look(session, SCAN, file_id, now)


def owe_look(session: Session, handler: str, file_id: int, now: datetime) -> None:
    """Owe the scan or the reading of a file."""
    job = Job(file_id=file_id, handler=handler, due_at=now, created_at=now)
    session.add(job)
    session.flush()
    owe(session, "job", job.id)


def overlooked(session: Session, settings: Settings, at_most: int) -> list[tuple[str, int]]:
    """Files that nobody has looked at and no open or abandoned job is about: (handler, id).

    Those that came before there was a scanner, and those whose pictures no backup holds.
    """
    wanted = [(SCAN, StoredFile.scanned_at)] * bool(settings.clamd_url) + [(READ, StoredFile.read_at)]
    found: list[tuple[str, int]] = []
    for handler, done_at in wanted:
        owed = select(Job.file_id).where(
            Job.handler.in_({SCAN, handler}), Job.done_at.is_(None), Job.file_id.is_not(None)
        )
        query = select(StoredFile.id).where(
            done_at.is_(None), StoredFile.signature.is_(None), StoredFile.id.not_in(owed)
        )
        found += [(handler, each) for each in session.scalars(query.order_by(StoredFile.id).limit(at_most))]
    return found
