"""Where a malware scanner is set, a file is neither served nor exported before it was found clean."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.db import owe
from workflow.errors import DomainError
from workflow.models import Job, StoredFile
from workflow.settings import Settings

SCAN = "file_scan"
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


def owe_scan(session: Session, file_id: int, now: datetime) -> None:
    """Owe the look at a file."""
    job = Job(file_id=file_id, handler=SCAN, due_at=now, created_at=now)
    session.add(job)
    session.flush()
    owe(session, "job", job.id)


def owe_late_scans(session: Session, now: datetime, at_most: int) -> int:
    """Owe the scan of files that came before there was a scanner. How many."""
    for file_id in (late := unscanned(session, at_most)):
        owe_scan(session, file_id, now)
    return len(late)


def unscanned(session: Session, at_most: int) -> list[int]:
    """Files that no scanner has seen and no open or abandoned job is about."""
    owed = select(Job.file_id).where(Job.handler == SCAN, Job.done_at.is_(None), Job.file_id.is_not(None))
    query = select(StoredFile.id).where(StoredFile.scanned_at.is_(None), StoredFile.id.not_in(owed))
    return list(session.scalars(query.order_by(StoredFile.id).limit(at_most)))
