"""The package of one entry as a ZIP file, and of a year as a ZIP file of those."""

import hashlib
import json
import os
import re
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BufferedIOBase, BufferedReader
from pathlib import Path, PurePosixPath
from typing import Any

from workflow.depot import CHUNK, Depot
from workflow.errors import DomainError
from workflow.evidence_store import EvidenceStore
from workflow.exports import paper, sheets
from workflow.exports.document import FORMAT, Package

MANIFEST = "manifest.json"
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every member: a clock would make two builds differ."""
LONGEST = 60


class Incomplete(DomainError):
    """A file of evidence is gone or damaged: a package without it would claim what it can't show."""

    def __init__(self, number: str, file_name: str, indicator: str) -> None:
        self.message = (
            f"{number}: berkas “{file_name}” pada indikator {indicator} hilang atau rusak di penyimpanan. "
            "Tarik lalu unggah ulang berkas itu, atau pulihkan cadangan, kemudian buat paket lagi."
        )


@dataclass(frozen=True)
class Made:
    """A finished file and what it holds."""

    size: int
    sha256: str
    contents: list[dict[str, Any]]


@dataclass(frozen=True)
class Part:
    """A package within that of a year: its name there, its name in the depot, what it must be."""

    name: str
    lies_at: str
    sha256: str


def write_entry(package: Package, depot: Depot, target: str) -> Made:
    """Put the package of one entry into the depot. Raises Incomplete where evidence is not what it was."""
    store = EvidenceStore(depot)
    with _archive(depot, target) as archive:
        archive.add("profil.json", _json(package.profile))
        archive.add("indikator.json", _json(package.indicators))
        archive.add("profil-dan-indikator.xlsx", sheets.entry(package))
        archive.add("profil-inovasi.pdf", paper.entry(package))
        for number, title, files, link in package.evidence:
            folder = f"bukti/{int(number):02d}-{safe(title)}"
            if link:
                archive.add(f"{folder}/tautan.txt", f"{link}\n".encode())
            for place, proof in enumerate(files, 1):
                name = f"{folder}/{place:02d}-{safe_file(proof.file_name)}"
                if not archive.copy(name, partial(store.open, proof.sha256), proof.sha256):
                    raise Incomplete(package.number, proof.file_name, number)
        facts = {"number": package.number, "version": package.version, "year": package.profile["year"]}
        archive.close(facts)
    return archive.made


def write_year(year: int, recap: bytes, parts: Sequence[Part], depot: Depot, target: str) -> Made:
    """Put a year into the depot: the recap, and the package of every entry."""
    with _archive(depot, target) as archive:
        archive.add(f"rekapitulasi-iga-{year}.xlsx", recap)
        for part in parts:
            if not archive.copy(part.name, partial(depot.open, part.lies_at), part.sha256):
                raise Incomplete(f"IGA {year}", part.name, "–")
        archive.close({"year": year, "entries": len(parts)})
    return archive.made


def safe(text: str) -> str:
    """A name for a folder on any system: lower case letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST].strip("-") or "tanpa-nama"


def safe_file(name: str) -> str:
    path = PurePosixPath(name.replace("\\", "/"))
    return safe(path.stem) + re.sub(r"[^.a-z0-9]", "", path.suffix.lower())


class _Archive:
    """Members in the order given, uncompressed (they are already), each with its hash for the manifest."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._zip = archive
        self._contents: list[dict[str, Any]] = []
        self.made = Made(0, "", self._contents)

    def add(self, name: str, body: bytes) -> None:
        self._zip.writestr(_member(name), body)
        self._note(name, len(body), hashlib.sha256(body).hexdigest())

    def copy(self, name: str, opened: Callable[[], BufferedReader], sha256: str) -> bool:
        """Whether the file was there and is what its hash says."""
        digest, size, info = hashlib.sha256(), 0, _member(name)
        try:
            with opened() as source:
                info.file_size = os.fstat(source.fileno()).st_size
                with self._zip.open(info, "w") as sink:
                    while chunk := source.read(CHUNK):
                        digest.update(chunk)
                        size += len(chunk)
                        sink.write(chunk)
        except FileNotFoundError:
            return False
        self._note(name, size, sha256)
        return digest.hexdigest() == sha256

    def close(self, facts: dict[str, Any]) -> None:
        self._zip.writestr(_member(MANIFEST), _json({"format": FORMAT, **facts, "files": self._contents}))

    def measure(self, file: BufferedIOBase) -> None:
        """Read the finished archive once more, for its size and hash."""
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        self.made = Made(file.tell(), sha256, self._contents)

    def _note(self, name: str, size: int, sha256: str) -> None:
        self._contents.append({"name": name, "size": size, "sha256": sha256})


@contextmanager
def _archive(depot: Depot, target: str) -> Iterator[_Archive]:
    """A ZIP file that is in the depot only once it is whole; its measures are known from then on."""
    depot.room.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=depot.room, prefix=".part-")
    part = Path(name)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as zipped:
                archive = _Archive(zipped)
                yield archive
            file.flush()
            os.fsync(file.fileno())
            archive.measure(file)
        depot.put(target, part)
    finally:
        part.unlink(missing_ok=True)


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, EPOCH)
    info.external_attr = 0o644 << 16
    info.create_system = 3
    return info


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
