"""The package of one entry as a ZIP file, and of a year as a ZIP file of those."""

import hashlib
import json
import os
import re
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from workflow.errors import DomainError
from workflow.evidence_store import CHUNK, EvidenceStore
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


def write_entry(package: Package, store: EvidenceStore, target: Path) -> Made:
    """The package of one entry. Raises Incomplete where evidence is not what it was."""
    with _archive(target) as archive:
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
                if not archive.copy(name, store.path(proof.sha256), proof.sha256):
                    raise Incomplete(package.number, proof.file_name, number)
        facts = {"number": package.number, "version": package.version, "year": package.profile["year"]}
        archive.close(facts)
    return _made(target, archive.contents)


def write_year(
    year: int, recap: bytes, parts: Sequence[tuple[str, Path, str]], target: Path, source: str
) -> Made:
    """A year: the recap, and the package of every entry. `parts` are (name, file, sha256)."""
    with _archive(target) as archive:
        archive.add(f"rekapitulasi-iga-{year}.xlsx", recap)
        for name, path, sha256 in parts:
            if not archive.copy(name, path, sha256):
                raise Incomplete(source, name, "–")
        archive.close({"year": year, "entries": len(parts)})
    return _made(target, archive.contents)


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
        self.contents: list[dict[str, Any]] = []

    def add(self, name: str, body: bytes) -> None:
        self._zip.writestr(_member(name), body)
        self._note(name, len(body), hashlib.sha256(body).hexdigest())

    def copy(self, name: str, path: Path, sha256: str) -> bool:
        """Whether the file was there and is what its hash says."""
        digest, size, info = hashlib.sha256(), 0, _member(name)
        try:
            info.file_size = path.stat().st_size
            with path.open("rb") as source, self._zip.open(info, "w") as sink:
                while chunk := source.read(CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
                    sink.write(chunk)
        except FileNotFoundError:
            return False
        self._note(name, size, sha256)
        return digest.hexdigest() == sha256

    def close(self, facts: dict[str, Any]) -> None:
        self._zip.writestr(_member(MANIFEST), _json({"format": FORMAT, **facts, "files": self.contents}))

    def _note(self, name: str, size: int, sha256: str) -> None:
        self.contents.append({"name": name, "size": size, "sha256": sha256})


@contextmanager
def _archive(target: Path) -> Iterator[_Archive]:
    """A ZIP file under its name only once it is whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".part-")
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                yield _Archive(archive)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, EPOCH)
    info.external_attr = 0o644 << 16
    info.create_system = 3
    return info


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def _made(target: Path, contents: list[dict[str, Any]]) -> Made:
    digest = hashlib.sha256()
    with target.open("rb") as file:
        for chunk in _chunks(file):
            digest.update(chunk)
    return Made(target.stat().st_size, digest.hexdigest(), contents)


def _chunks(file: Any) -> Iterable[bytes]:  # noqa: ANN401 - a binary file
    return iter(lambda: file.read(CHUNK), b"")
