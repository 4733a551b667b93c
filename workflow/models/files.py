"""Files as the depot holds them, each once whatever it proves; and the nights on which they were checked."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from workflow.db import CanonicalJson
from workflow.models.base import Base

MISSING, ALTERED = "missing", "altered"


class StoredFile(Base):
    """A file of evidence by its content. `fault` is what the last check found: missing, altered or none.

    `signature` is the malware that a scanner found, at `scanned_at`.
    `pictures` of its first pages were made at `read_at`; without `pages` it could not be opened.
    """

    __tablename__ = "stored_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(100))
    stored_at: Mapped[datetime]
    checked_at: Mapped[datetime | None]
    scanned_at: Mapped[datetime | None]
    signature: Mapped[str | None] = mapped_column(String(200))
    read_at: Mapped[datetime | None]
    pictures: Mapped[int] = mapped_column(default=0)
    pages: Mapped[int | None]
    fault: Mapped[str | None] = mapped_column(String(10), index=True)


class Attachment(Base):
    """A file that came with a message of a discussion: who may read the message may have it, nobody else.

    Its bytes lie in the evidence store under their SHA-256; it proves nothing.
    """

    __tablename__ = "attachments"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    file_name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64), index=True)

    stored: Mapped[StoredFile | None] = relationship(
        primaryjoin=lambda: foreign(Attachment.sha256) == StoredFile.sha256, viewonly=True, lazy="joined"
    )


class FileCheck(Base):
    """One run over all files, a portion at a time: `phase` and `cursor` say where the next one goes on.

    Whoever works on it holds it until `taken_until`. `orphans` names files that no row knows, at most some.
    """

    __tablename__ = "file_checks"

    id: Mapped[int] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    taken_until: Mapped[datetime | None]
    phase: Mapped[str] = mapped_column(String(10))
    cursor: Mapped[str] = mapped_column(String(64))
    checked: Mapped[int] = mapped_column(default=0)
    missing: Mapped[int] = mapped_column(default=0)
    altered: Mapped[int] = mapped_column(default=0)
    orphaned: Mapped[int] = mapped_column(default=0)
    orphans: Mapped[list[Any]] = mapped_column(CanonicalJson)


class FileShingle(Base):
    """One hash of the sketch of a file's text; by it other files with the same are found."""

    __tablename__ = "file_shingles"

    hash: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"), primary_key=True, index=True)


class FileLikeness(Base):
    """Two files whose texts are nearly the same, noted when the first of them was read."""

    __tablename__ = "file_likenesses"

    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"), primary_key=True, index=True)
    percent: Mapped[int]


class Upload(Base):
    """A file on its way in: of its `size` bytes the first `received` are there. Gone when done or expired."""

    __tablename__ = "uploads"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    file_name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[datetime] = mapped_column(index=True)
