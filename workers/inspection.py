"""What a worker does with a file that came in: have it scanned, then look into it.

Made ready outside of any transaction, like the files of a package; noted together with the job's end.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from workers import clamd
from workers.office import Office
from workflow import commands, likeness, quarantine
from workflow.depot import depot_of
from workflow.evidence_store import name_of, picture_of
from workflow.models import StoredFile
from workflow.quarantine import READ, SCAN

LONGEST_READING = 30.0
READABLE = frozenset({"application/pdf", "image/jpeg", "image/png"})
FOUND = "found.json"


@dataclass(frozen=True)
class Scanned:
    """The scanner's verdict: a signature, or none."""

    signature: str | None


@dataclass(frozen=True)
class Seen:
    """What was in a file; without `pages` it could not be opened."""

    pictures: int = 0
    pages: int | None = None
    hashes: tuple[int, ...] = ()


def ahead(office: Office, file_id: int, handler: str) -> Scanned | Seen | None:
    """The work itself. Raises clamd.Away or clamd.Unscannable, OSError or StorageAway."""
    with office.database.read() as session:
        file = session.get_one(StoredFile, file_id)
    if handler == SCAN:
        return _scanned(office, file) if office.settings.clamd_url else None
    if quarantine.state_of(file, office.settings) != quarantine.CLEAN:
        return None
    return _seen(office, file) if file.media_type in READABLE else Seen(pages=1)


def note(session: Session, file_id: int, handler: str, found: object, now: datetime) -> None:
    """Write down what was found and owe what comes next; malware proves nothing, and its people are told."""
    file = session.get_one(StoredFile, file_id, with_for_update=True)
    if isinstance(found, Scanned):
        file.scanned_at, file.signature = now, found.signature
        if found.signature is not None:
            commands.refuse_infected(session, file, now)
    if isinstance(found, Seen):
        file.read_at, file.pictures, file.pages = now, found.pictures, found.pages
        likeness.remember(session, file.id, list(found.hashes))
    elif handler == SCAN and file.signature is None and file.read_at is None:
        quarantine.owe_look(session, READ, file.id, now)


def _scanned(office: Office, file: StoredFile) -> Scanned:
    with depot_of(office.settings).open(name_of(file.sha256)) as body:
        return Scanned(clamd.scan(office.settings.clamd_url, body))


def _seen(office: Office, file: StoredFile) -> Seen:
    """What another process says of it; whatever it does to that process, this one goes on."""
    depot = depot_of(office.settings)
    depot.room.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=depot.room, prefix=".reading-") as folder:
        with depot.open(name_of(file.sha256)) as body:
            command = [sys.executable, "-m", "workers.reading", file.media_type, folder]
            try:
                subprocess.run(  # noqa: S603 - our own module, nothing of the file on its line
                    command, stdin=body, capture_output=True, timeout=LONGEST_READING, check=True
                )
                said = json.loads((Path(folder) / FOUND).read_text())
            except (subprocess.SubprocessError, FileNotFoundError, ValueError):
                return Seen()
        for number in range(said["pictures"] + 1):
            depot.put(picture_of(file.sha256, number), Path(folder) / f"{number}.webp")
    return Seen(said["pictures"], said["pages"], tuple(said["hashes"]))
