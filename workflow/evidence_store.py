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

LARGEST, LARGEST_VIDEO = 10 * 1024 * 1024, 100 * 1024 * 1024
VIDEO = "video/mp4"
LONGEST_NAME = 200
ENDINGS = {
    "application/pdf": (".pdf",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    VIDEO: (".mp4",),
}
BEGINNINGS = {"application/pdf": b"%PDF-", "image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}


class TooLarge(DomainError):
    """More bytes than a file of evidence may have."""

    def __init__(self, limit: int = LARGEST) -> None:
        self.message = f"Berkas melebihi {limit // 1024 // 1024} MB. Perkecil, lalu kirim ulang."


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

        Raises TooLarge, or Invalid for a file that is empty or none of PDF, JPEG, PNG and MP4.
        """
        self._depot.room.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self._depot.room, prefix=".staged-")
        path = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                sha256, size, media_type = _copy(stream, file)
                file.flush()
                os.fsync(file.fileno())
            yield Staged(path, sha256, size, media_type)
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


def picture_of(sha256: str, number: int) -> str:
    """What a picture of it is called there: 0 the small one, then page by page."""
    return f"previews/{sha256[:2]}/{sha256}/{number}.webp"


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


def _copy(stream: IO[bytes], file: IO[bytes]) -> tuple[str, int, str]:
    chunk = stream.read(CHUNK)
    media_type = _media_type(chunk)
    digest, size, limit = hashlib.sha256(), 0, largest(media_type)
    while chunk:
        size += len(chunk)
        if size > limit:
            raise TooLarge(limit)
        digest.update(chunk)
        file.write(chunk)
        chunk = stream.read(CHUNK)
    return digest.hexdigest(), size, media_type


def largest(media_type: str) -> int:
    """How many bytes a file of a type may have; a video by the ministry's form of 2024."""
    return LARGEST_VIDEO if media_type == VIDEO else LARGEST


def _media_type(head: bytes) -> str:
    """What the bytes themselves say; a name or a header can claim anything."""
    if not head:
        raise Invalid([Problem("/file", "Berkas kosong.")])
    for media_type, beginning in BEGINNINGS.items():
        if head.startswith(beginning):
            return media_type
    if head[4:8] == b"ftyp":
        return VIDEO
    raise Invalid([Problem("/file", "Hanya berkas PDF, JPEG, PNG, atau MP4 yang diterima.")])
