"""The bytes of evidence, each under its SHA-256: written whole or not at all."""

import hashlib
import os
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import IO

from workflow.depot import CHUNK, Depot, depot_of
from workflow.errors import DomainError, Invalid, Problem
from workflow.settings import Settings

LARGEST = 10 * 1024 * 1024
LONGEST_NAME = 200
ENDINGS = {
    "application/pdf": (".pdf",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
}
BEGINNINGS = {"application/pdf": b"%PDF-", "image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}


class TooLarge(DomainError):
    """More bytes than a file of evidence may have."""

    message = f"Berkas melebihi {LARGEST // 1024 // 1024} MB. Perkecil, lalu kirim ulang."


@dataclass(frozen=True)
class Staged:
    """A file received in full and on disk, not yet part of the store."""

    path: Path
    sha256: str
    size: int
    media_type: str


class EvidenceStore:
    """Files named by their content, so that the same file is kept once."""

    def __init__(self, depot: Depot) -> None:
        self._depot = depot

    @classmethod
    def of(cls, settings: Settings) -> "EvidenceStore":
        return cls(depot_of(settings))

    @contextmanager
    def stage(self, stream: IO[bytes]) -> Iterator[Staged]:
        """Write a stream aside, synced to disk; gone at the end of the block unless kept.

        Raises TooLarge, or Invalid for a file that is empty or neither PDF, JPEG nor PNG.
        """
        self._depot.room.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self._depot.room, prefix=".staged-")
        path = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                sha256, size, head = _copy(stream, file)
                file.flush()
                os.fsync(file.fileno())
            yield Staged(path, sha256, size, _media_type(head))
        finally:
            path.unlink(missing_ok=True)

    def keep(self, staged: Staged) -> None:
        """Make a staged file part of the store; call it before the commit that mentions it."""
        self._depot.put(name_of(staged.sha256), staged.path)

    def open(self, sha256: str) -> BufferedReader:
        """The file of that hash, to be read. Raises FileNotFoundError."""
        return self._depot.open(name_of(sha256))


def name_of(sha256: str) -> str:
    """What a file of evidence is called in the depot."""
    return f"{sha256[:2]}/{sha256}"


def clean_name(name: str, media_type: str) -> str:
    """The last part of a name as shown and offered for download: one line, with the ending of its type."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(c for c in last if not unicodedata.category(c).startswith("C") and c not in '"<>|:*?')
    shown = " ".join(shown.split()).strip(". ")
    endings = ENDINGS[media_type]
    base, ending = PurePosixPath(shown).stem, PurePosixPath(shown).suffix
    if ending.lower() not in endings:
        base, ending = shown, endings[0]
    return (base[: LONGEST_NAME - len(ending)] or "bukti") + ending


def _copy(stream: IO[bytes], file: IO[bytes]) -> tuple[str, int, bytes]:
    digest, size, head = hashlib.sha256(), 0, b""
    while chunk := stream.read(CHUNK):
        head = head or chunk
        size += len(chunk)
        if size > LARGEST:
            raise TooLarge
        digest.update(chunk)
        file.write(chunk)
    return digest.hexdigest(), size, head


def _media_type(head: bytes) -> str:
    """What the bytes themselves say; a name or a header can claim anything."""
    if not head:
        raise Invalid([Problem("/file", "Berkas kosong.")])
    for media_type, beginning in BEGINNINGS.items():
        if head.startswith(beginning):
            return media_type
    raise Invalid([Problem("/file", "Hanya berkas PDF, JPEG, atau PNG yang diterima.")])
