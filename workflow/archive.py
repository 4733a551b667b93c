"""A backup as one ZIP file: tables as JSON lines, evidence, the installation's keys, a manifest.

Written from one snapshot of the database, so that it is whole although people go on working; read
back into an empty database of either kind. The manifest holds the SHA-256 of every member.
"""

import hashlib
import json
import os
import re
import shutil
import zipfile
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, Any

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Table,
    Text,
    Time,
    func,
    select,
    type_coerce,
    union,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql.type_api import TypeEngine

from workflow import audit, migrations
from workflow.anchors import FILE as ANCHORS
from workflow.db import CanonicalJson, Database, UtcDateTime
from workflow.depot import CHUNK
from workflow.errors import DomainError
from workflow.evidence_store import EvidenceStore
from workflow.models import Attachment, Base, Evidence
from workflow.settings import Settings

FORMAT = 1
FILES = union(select(Evidence.sha256), select(Attachment.sha256))
"""Every file that a row speaks of, each once."""

MANIFEST = "manifest.json"
LARGEST_MANIFEST = 64 * 1024 * 1024
BATCH = 1000
MEMBER = re.compile(
    r"tables/[a-z_]+\.jsonl|evidence/[0-9a-f]{64}|installation/(secret_key|anchor_key\.pem|anchors\.jsonl)"
)
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    KeyError,
    ValueError,
    TypeError,
    NotImplementedError,
)


class WrongArchive(DomainError):
    """An archive that cannot be written or must not be restored; says why and what to do."""

    def __init__(self, message: str) -> None:
        self.message = message


@dataclass(frozen=True)
class Written:
    """What went into an archive; `missing` are evidence files that were gone or damaged already."""

    events: int
    rows: int
    files: int
    bytes: int
    missing: list[str]


Progress = Callable[[int], None]


def write(database: Database, settings: Settings, target: Path, now: datetime, progress: Progress) -> Written:
    """Back everything up into `target`, readable by its owner alone; `progress` hears of rows and files.

    Raises WrongArchive where the file exists or the tables are not the newest. What was written of an
    interrupted backup is removed.
    """
    if migrations.present(database) != migrations.newest():
        raise WrongArchive("Tabel basis data bukan versi terbaru; jalankan `loncatan migrate` lebih dahulu.")
    if target.exists():
        raise WrongArchive(f"{target} sudah ada; pilih nama lain.")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
                written = _Writer(archive, settings, progress).everything(database, now)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return Written(**{**written, "bytes": target.stat().st_size})


class _Writer:
    def __init__(self, archive: zipfile.ZipFile, settings: Settings, progress: Progress) -> None:
        self._archive, self._settings, self._progress = archive, settings, progress
        self._store = EvidenceStore.of(settings)
        self._members: dict[str, dict[str, Any]] = {}
        self._missing: list[str] = []

    def everything(self, database: Database, now: datetime) -> dict[str, Any]:
        with database.snapshot() as session:
            end, _last = audit.head(session)
            rows = sum(self._table(session, table) for table in Base.metadata.sorted_tables)
            hashes = sorted(session.scalars(FILES))
        for sha256 in hashes:
            self._evidence(sha256)
        for name, path in _own_files(self._settings).items():
            if path.exists():
                self._file(f"installation/{name}", path)
        manifest = {
            "format": FORMAT,
            "schema": migrations.newest(),
            "created_at": now.isoformat(),
            "head": {"position": end.position, "hash": end.hash},
            "missing": self._missing,
            "members": self._members,
        }
        self._archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
        files = len(hashes) - len(self._missing)
        return {"events": end.position, "rows": rows, "files": files, "missing": self._missing}

    def _table(self, session: Session, table: Table) -> int:
        name, count, digest = f"tables/{table.name}.jsonl", 0, hashlib.sha256()
        with self._archive.open(name, "w", force_zip64=True) as out:
            for row in _stream(session, table):
                line = (
                    json.dumps(row, ensure_ascii=False, separators=(",", ":"), default=_plain).encode()
                    + b"\n"
                )
                digest.update(line)
                out.write(line)
                count += 1
                self._progress(1)
        columns = {column.name: _kind(column.type) for column in table.columns}
        self._members[name] = {"sha256": digest.hexdigest(), "rows": count, "columns": columns}
        return count

    def _evidence(self, sha256: str) -> None:
        member = zipfile.ZipInfo(f"evidence/{sha256}")
        try:
            with self._store.open(sha256) as file:
                sound = hashlib.file_digest(file, "sha256").hexdigest() == sha256
                if sound:
                    file.seek(0)
                    with self._archive.open(member, "w", force_zip64=True) as out:
                        shutil.copyfileobj(file, out, CHUNK)
                    self._members[member.filename] = {"sha256": sha256}
        except OSError:
            sound = False
        self._missing += [] if sound else [sha256]
        self._progress(1)

    def _file(self, name: str, path: Path) -> None:
        self._archive.write(path, name, zipfile.ZIP_STORED)
        self._members[name] = {"sha256": _digest(path)}


def _own_files(settings: Settings) -> dict[str, Path]:
    """What the installation made for itself and cannot make again."""
    return {
        "secret_key": settings.var / "secret_key",
        "anchor_key.pem": settings.signing_key,
        ANCHORS: settings.anchors / ANCHORS,
    }


def _stream(session: Session, table: Table) -> Iterator[list[Any]]:
    """Every row of a table in the order of its key, some at a time."""
    columns = [type_coerce(c, Text) if isinstance(c.type, CanonicalJson) else c for c in table.columns]
    query = select(*columns).order_by(*table.primary_key.columns)
    result = session.execute(query, execution_options={"yield_per": BATCH})
    for partition in result.partitions():
        yield from (list(row) for row in partition)


def _plain(value: object) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return str(value)


KINDS: dict[str, TypeEngine[Any]] = {
    "moment": UtcDateTime(),
    "date": Date(),
    "time": Time(),
    "boolean": Boolean(),
    "integer": Integer(),
    "float": Float(),
    "number": Numeric(),
    "bytes": LargeBinary(),
    "text": Text(),
}
_READ: dict[str, Callable[[Any], Any]] = {
    "moment": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "bytes": b64decode,
}


def _kind(column: TypeEngine[Any]) -> str:
    """The word for a column's type in the manifest, the same for both databases."""
    kinds: list[tuple[type, str]] = [
        (UtcDateTime, "moment"),
        (CanonicalJson, "text"),
        (Date, "date"),
        (Time, "time"),
        (Boolean, "boolean"),
        (Integer, "integer"),
        (Float, "float"),
        (Numeric, "number"),
        (LargeBinary, "bytes"),
        (String, "text"),
    ]
    return next(word for kind, word in kinds if isinstance(column, kind))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def size(database: Database) -> int:
    """How many rows and files a backup would write now, for a progress bar."""
    with database.read() as session:
        rows = [session.scalar(select(func.count()).select_from(t)) or 0 for t in Base.metadata.sorted_tables]
        return sum(rows) + (session.scalar(select(func.count()).select_from(FILES.subquery())) or 0)


@contextmanager
def opened(source: Path) -> Iterator["Archive"]:
    """An archive whose every member has been checked against the manifest. Raises WrongArchive."""
    try:
        with zipfile.ZipFile(source) as file:
            archive = Archive(file)
            archive.check()
            yield archive
    except FileNotFoundError as fault:
        raise WrongArchive(f"Arsip {source} tidak ada.") from fault
    except zipfile.BadZipFile as fault:
        raise WrongArchive(
            f"Arsip {source} terpotong atau bukan arsip cadangan; pakai cadangan lain."
        ) from fault


class Archive:
    """A backup open for reading."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        self.manifest = self._manifest()

    @property
    def schema(self) -> str:
        return str(self.manifest["schema"])

    @property
    def events(self) -> int:
        return int(self.manifest["head"]["position"])

    @property
    def missing(self) -> list[str]:
        return list(self.manifest["missing"])

    @property
    def rows(self) -> int:
        return sum(member.get("rows", 0) for member in self.manifest["members"].values())

    def check(self) -> None:
        """Every member is there, none besides, each with the hash of the manifest."""
        members = self.manifest["members"]
        present = set(self._file.namelist()) - {MANIFEST}
        for name in sorted(present ^ set(members)):
            fault = "tidak disebut manifes" if name in present else "hilang"
            raise WrongArchive(f"Arsip diubah: {name} {fault}.")
        for name, member in members.items():
            if not MEMBER.fullmatch(name):
                raise WrongArchive(f"Arsip diubah: {name!r} bukan bagian cadangan.")
            own = name.removeprefix("evidence/") if name.startswith("evidence/") else member["sha256"]
            if {self._hash(name), own} != {member["sha256"]}:
                raise WrongArchive(f"Arsip rusak atau diubah: {name} tidak sesuai dengan sidiknya.")

    def tables(self) -> list[tuple[str, dict[str, str]]]:
        """Tables in the order in which they can be filled, each with its columns and their kinds."""
        found = []
        for name, member in self.manifest["members"].items():
            if name.startswith("tables/"):
                found.append((name.removeprefix("tables/").removesuffix(".jsonl"), dict(member["columns"])))
        return found

    def lines(self, table: str) -> Iterator[dict[str, Any]]:
        """The rows of a table as values that SQLAlchemy takes."""
        columns = self.manifest["members"][f"tables/{table}.jsonl"]["columns"]
        with self._file.open(f"tables/{table}.jsonl") as file:
            for line in file:
                values = zip(columns.items(), json.loads(line), strict=True)
                yield {name: _value(kind, value) for (name, kind), value in values}

    def files(self, folder: str) -> list[str]:
        prefix = f"{folder}/"
        return [n.removeprefix(prefix) for n in self.manifest["members"] if n.startswith(prefix)]

    def extract(self, member: str, target: Path) -> None:
        """Write a member to a path, whole or not at all, readable by its owner alone."""
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        with suppress(FileNotFoundError):
            part.unlink()
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out, self._file.open(member) as file:
            while chunk := file.read(CHUNK):
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)

    def _manifest(self) -> dict[str, Any]:
        try:
            if self._file.getinfo(MANIFEST).file_size > LARGEST_MANIFEST:
                raise WrongArchive("Arsip diubah: manifes terlalu besar.")
            manifest: dict[str, Any] = json.loads(self._file.read(MANIFEST))
            if manifest["format"] != FORMAT:
                raise WrongArchive(f"Format arsip {manifest['format']} tidak dikenal versi ini.")
        except BROKEN as fault:
            raise WrongArchive(f"Arsip tanpa manifes yang terbaca ({fault}); pakai cadangan lain.") from fault
        return manifest

    def _hash(self, name: str) -> str:
        digest = hashlib.sha256()
        try:
            with self._file.open(name) as file:
                _feed(file, digest.update)
        except BROKEN as fault:
            raise WrongArchive(f"Arsip rusak: {name} tidak dapat dibaca ({fault}).") from fault
        return digest.hexdigest()


def _feed(file: IO[bytes], take: Callable[[bytes], None]) -> None:
    while chunk := file.read(CHUNK):
        take(chunk)


def _value(kind: str, value: Any) -> Any:  # noqa: ANN401 - any column
    return value if value is None or kind not in _READ else _READ[kind](value)


def column(name: str, kind: str) -> "Column[Any]":
    """A column to insert into, without knowing the models of the archive's time."""
    return Column(name, KINDS[kind])
