"""Anchors: the chain's head of each day, signed and written where SQL does not reach.

Somebody who can write to the database can rewrite the end of the chain so that it is consistent
again. He can neither sign a head nor take back what was filed and mailed.
"""

import json
import os
import sys
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.audit import Mark, head
from workflow.calendar import wib_date
from workflow.db import canonical
from workflow.errors import DomainError
from workflow.models import Anchor, Chain

if sys.platform != "win32":
    import fcntl

FILE = "anchors.jsonl"
SIGNED = ("at", "day", "hash", "key", "position", "previous")


class WrongAnchors(DomainError):
    """A file of anchors that cannot be trusted; says which line and why."""

    def __init__(self, message: str) -> None:
        self.message = message


@dataclass(frozen=True)
class Anchored:
    """One line of a file of anchors."""

    day: date
    position: int
    hash: str
    at: datetime
    previous: str
    key: str
    signature: str

    @property
    def mark(self) -> Mark:
        return Mark(self.position, self.hash)


def private_key(path: Path) -> Ed25519PrivateKey:
    """The signing key, made on first use and readable by its owner alone. Raises WrongAnchors."""
    if not path.exists():
        _make_key(path)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as fault:
        raise WrongAnchors(f"Kunci jangkar {path} tidak dapat dibaca: {fault}") from fault
    if not isinstance(key, Ed25519PrivateKey):
        raise WrongAnchors(f"Kunci jangkar {path} bukan kunci Ed25519.")
    return key


def public_text(key: Ed25519PrivateKey) -> str:
    """The public half as 44 characters of Base64."""
    return b64encode(key.public_key().public_bytes_raw()).decode()


def _make_key(path: Path) -> None:
    """Whole or not at all: of two that make one at once, one wins and both use it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".anchor-key-")  # mode 0600
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    try:
        Path(path).hardlink_to(name)
    except FileExistsError:
        pass
    finally:
        Path(name).unlink()


def take(session: Session, key: Ed25519PrivateKey, now: datetime) -> Anchor | None:
    """Anchor the chain as it stands; None if this day has its anchor or nothing has happened since.

    Locks the head of the chain until the commit.
    """
    session.execute(select(Chain.id).where(Chain.id == 1).with_for_update())
    last = newest(session)
    end, _last = head(session)
    day = wib_date(now)
    if not due(last, end, day):
        return None
    unsigned = Anchored(
        day, end.position, end.hash, now, last.signature if last else "", public_text(key), ""
    )
    signature = b64encode(key.sign(_signed(unsigned))).decode()
    anchor = Anchor(**{**vars(unsigned), "signature": signature}, filed_at=None)
    session.add(anchor)
    session.flush()
    return anchor


def due(last: Anchor | None, end: Mark, day: date) -> bool:
    """Whether this day still lacks an anchor and anything has happened since the last one."""
    return end.position > (last.position if last else 0) and (last is None or last.day < day)


def newest(session: Session) -> Anchor | None:
    return session.scalars(select(Anchor).order_by(Anchor.id.desc()).limit(1)).one_or_none()


def in_order(session: Session) -> list[Anchor]:
    return list(session.scalars(select(Anchor).order_by(Anchor.id)))


def file(folder: Path, anchors: Iterable[Anchor]) -> Path:
    """Append the anchors that are younger than the file's last line; the file. Raises OSError.

    Synced to disk on return. What was torn off by a crash in an earlier writing is replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    with path.open("a+b") as opened:
        _lock(opened)
        opened.seek(0)
        whole = opened.read()
        kept = whole[: whole.rfind(b"\n") + 1]
        last = json.loads(kept.splitlines()[-1])["day"] if kept else ""
        lines = [line(anchor) for anchor in anchors if anchor.day.isoformat() > last]
        if lines:
            opened.truncate(len(kept))
            opened.write("".join(lines).encode())
            opened.flush()
            os.fsync(opened.fileno())
    return path


def _lock(opened: IO[bytes]) -> None:
    """Until the file is closed; on Windows there is one process alone."""
    if sys.platform != "win32":
        fcntl.flock(opened, fcntl.LOCK_EX)


def line(anchor: Anchor | Anchored) -> str:
    """An anchor as it stands in the file and in the mail."""
    return canonical(_fields(anchor) | {"signature": anchor.signature}) + "\n"


def read(path: Path, keys: Collection[str]) -> list[Anchored]:
    """The anchors of a file, every signature checked against the public `keys`. Raises WrongAnchors."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise WrongAnchors(f"Berkas jangkar {path} tidak dapat dibaca: {fault}") from fault
    found: list[Anchored] = []
    for number, row in enumerate(text.splitlines(), start=1):
        anchored = _parsed(row, f"{path} baris {number}")
        _trust(anchored, keys, f"{path} baris {number}")
        if found and anchored.previous != found[-1].signature:
            raise WrongAnchors(f"{path} baris {number}: tidak bersambung dengan jangkar sebelumnya.")
        found.append(anchored)
    return found


def _parsed(row: str, place: str) -> Anchored:
    try:
        values = json.loads(row)
        return Anchored(
            day=date.fromisoformat(values["day"]),
            position=int(values["position"]),
            at=datetime.fromisoformat(values["at"]),
            **{name: str(values[name]) for name in ("hash", "previous", "key", "signature")},
        )
    except (ValueError, KeyError, TypeError) as fault:
        raise WrongAnchors(f"{place}: bukan jangkar ({fault}).") from fault


def _trust(anchored: Anchored, keys: Collection[str], place: str) -> None:
    if anchored.key not in keys:
        raise WrongAnchors(f"{place}: ditandatangani dengan kunci yang tidak dikenal ({anchored.key}).")
    try:
        public = Ed25519PublicKey.from_public_bytes(b64decode(anchored.key, validate=True))
        public.verify(b64decode(anchored.signature, validate=True), _signed(anchored))
    except (InvalidSignature, ValueError) as fault:
        raise WrongAnchors(f"{place}: tanda tangan tidak cocok; baris ini diubah.") from fault


def _signed(anchored: Anchored) -> bytes:
    return canonical(_fields(anchored)).encode()


def _fields(anchor: Anchor | Anchored) -> dict[str, object]:
    values = {name: getattr(anchor, name) for name in SIGNED}
    return values | {"day": anchor.day.isoformat(), "at": anchor.at.isoformat(timespec="microseconds")}
