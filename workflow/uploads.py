"""Files on their way in, part by part, so that a broken line costs one part and not the whole.

Parts lie in the depot, how far they go in a row: what was acknowledged is there. Nothing of it proves
anything before the last part came and the form that says what it proves was accepted.
"""

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflow.commands.evidence import ADDERS
from workflow.commands.find import find as find_case
from workflow.depot import CHUNK, Depot
from workflow.errors import Forbidden, Invalid, NotFound, Problem, Reason, Refused
from workflow.evidence_store import LARGEST_VIDEO, LONGEST_NAME, TooLarge
from workflow.ledger import Actor
from workflow.models import Upload
from workflow.policy import roles_on

LARGEST_PART = 1024 * 1024
KEPT = timedelta(days=1)
MOST_OPEN = 40
FOLDER = "uploads"


def begin(session: Session, actor: Actor, number: str, name: str, size: int) -> Upload:
    """Announce a file. Raises NotFound, Forbidden, Invalid, TooLarge, or Refused with too many open ones."""
    case = find_case(session, actor, number)
    if actor.user is None or not roles_on(actor.user, case) & ADDERS:
        raise Forbidden
    if size < 1:
        raise Invalid([Problem("/size", "Berkas kosong.")])
    if size > LARGEST_VIDEO:
        raise TooLarge(LARGEST_VIDEO)
    count = select(func.count()).select_from(Upload).where(Upload.user_id == actor.user.id)
    if (session.scalar(count) or 0) >= MOST_OPEN:
        raise Refused([Reason("uploads", "Terlalu banyak unggahan yang belum selesai; coba lagi besok.")])
    made = Upload(
        id=secrets.token_hex(16),
        case_id=case.id,
        user_id=actor.user.id,
        file_name=name[:LONGEST_NAME],
        size=size,
        received=0,
        expires_at=actor.at + KEPT,
    )
    session.add(made)
    session.flush()
    return made


def find(session: Session, actor: Actor, number: str, upload_id: str, *, lock: bool = False) -> Upload:
    """One's own upload to a case that one may still see. Raises NotFound."""
    case = find_case(session, actor, number)
    query = select(Upload).where(Upload.id == upload_id, Upload.case_id == case.id)
    made = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if made is None or made.user_id != actor.user_id or made.expires_at <= actor.at:
        raise NotFound
    return made


def append(made: Upload, depot: Depot, offset: int, part: Path, length: int, now: datetime) -> None:
    """Put the next part; the row must be locked. Raises Refused where it does not begin at the end."""
    if offset != made.received or made.received + length > made.size:
        text = f"Bagian ini tidak bersambung; lanjutkan dari bita ke-{made.received}."
        raise Refused([Reason("offset", text)])
    depot.put(f"{_folder(made)}/{offset:012d}", part)
    made.received += length
    made.expires_at = now + KEPT


class Parts:
    """The parts of a finished upload as one stream."""

    def __init__(self, depot: Depot, made: Upload) -> None:
        self._chunks = _chunks(depot, made)

    def read(self, _size: int = -1) -> bytes:
        """The next piece, of whatever length; empty at the end."""
        return next(self._chunks, b"")


def _chunks(depot: Depot, made: Upload) -> Iterator[bytes]:
    offset = 0
    while offset < made.received:
        with depot.open(f"{_folder(made)}/{offset:012d}") as part:
            while chunk := part.read(CHUNK):
                offset += len(chunk)
                yield chunk


def forget(session: Session, depot: Depot, made: Upload) -> None:
    """Let go of it, finished or not."""
    depot.clear(_folder(made))
    session.delete(made)


def expire(session: Session, depot: Depot, now: datetime) -> int:
    """Let go of what nobody went on with for a day. How many."""
    old = list(session.scalars(select(Upload).where(Upload.expires_at <= now).limit(100)))
    for made in old:
        forget(session, depot, made)
    return len(old)


def _folder(made: Upload) -> str:
    return f"{FOLDER}/{made.id}"
