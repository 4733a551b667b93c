"""What a worker does with a file that came in: have it scanned, before anybody else gets to see it.

Made ready outside of any transaction, like the files of a package; noted together with the job's end.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from workers import clamd
from workers.office import Office
from workflow import commands
from workflow.depot import depot_of
from workflow.evidence_store import name_of
from workflow.models import StoredFile


@dataclass(frozen=True)
class Scanned:
    """The scanner's verdict: a signature, or none."""

    signature: str | None


def ahead(office: Office, file_id: int) -> Scanned | None:
    """The verdict on a file; None where no scanner is set. Raises clamd.Away or clamd.Unscannable."""
    if not office.settings.clamd_url:
        return None
    with office.database.read() as session:
        sha256 = session.get_one(StoredFile, file_id).sha256
    with depot_of(office.settings).open(name_of(sha256)) as file:
        return Scanned(clamd.scan(office.settings.clamd_url, file))


def note(session: Session, file_id: int, found: object, now: datetime) -> None:
    """Write the verdict down; a file with a signature proves nothing any more, and its people are told."""
    file = session.get_one(StoredFile, file_id, with_for_update=True)
    if not isinstance(found, Scanned):
        return
    file.scanned_at, file.signature = now, found.signature
    if found.signature is not None:
        commands.refuse_infected(session, file, now)
