"""Where files lie: in a folder, or in a bucket of an S3-compatible server; each whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast
from urllib.parse import parse_qs, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from workflow.errors import DomainError
from workflow.settings import Settings

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

CHUNK = 64 * 1024
PROBE = ".probe"
NO_SUCH_FILE = "NoSuchKey"
"""A bucket that is missing is not found either; that is no file gone."""
TIMEOUT = timedelta(seconds=10)
"""Of one request; a bucket that is away must not hold a transaction for long."""


class StorageAway(DomainError):
    """The bucket does not answer or refuses; nothing was stored. `detail` is its answer, for the operator."""

    message = "Penyimpanan berkas tidak dapat dihubungi. Coba lagi; bila berulang, hubungi Diskominfo."

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Depot(Protocol):
    """Files by name, such as `ab/abcdef`. Whatever cannot be reached raises StorageAway or OSError."""

    room: Path
    """A folder of this machine where files are made before they are put; it may not exist yet."""

    def put(self, name: str, made: Path) -> None:
        """Move a file in; on return it is durable."""

    def open(self, name: str) -> BufferedReader:
        """The file, to be read. Raises FileNotFoundError."""

    def has(self, name: str) -> bool:
        """Whether that file is there."""

    def names(self, folder: str) -> list[tuple[str, datetime]]:
        """Every file right below a folder, and since when it is there."""

    def remove(self, name: str) -> None:
        """Remove one file, if it is there."""

    def clear(self, folder: str) -> None:
        """Remove all files below a name, if there are any; the empty name stands for everything."""

    def is_empty(self) -> bool:
        """Whether nothing has ever been put."""

    def probe(self) -> None:
        """Raises OSError or StorageAway, with its words, where nothing can be put."""


class Disk:
    """A folder. A file is written beside its place and renamed into it."""

    def __init__(self, root: Path) -> None:
        self.room = root

    def put(self, name: str, made: Path) -> None:
        target = self.room / name
        target.parent.mkdir(parents=True, exist_ok=True)
        made.replace(target)
        _sync(target.parent)

    def open(self, name: str) -> BufferedReader:
        return (self.room / name).open("rb")

    def has(self, name: str) -> bool:
        return (self.room / name).is_file()

    def names(self, folder: str) -> list[tuple[str, datetime]]:
        place = self.room / folder
        if not place.is_dir():
            return []
        held = [entry for entry in os.scandir(place) if entry.is_file()]
        return [(f"{folder}/{e.name}", datetime.fromtimestamp(e.stat().st_mtime, UTC)) for e in held]

    def remove(self, name: str) -> None:
        (self.room / name).unlink(missing_ok=True)

    def clear(self, folder: str) -> None:
        shutil.rmtree(self.room / folder, ignore_errors=True)

    def is_empty(self) -> bool:
        return not self.room.exists() or not any(self.room.iterdir())

    def probe(self) -> None:
        self.room.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.room, prefix=PROBE):
            pass


class Bucket:
    """A bucket, by obstore; its keys are those of the environment (AWS_ACCESS_KEY_ID and its like)."""

    def __init__(self, url: str, room: Path) -> None:
        self.room = room
        where = urlsplit(url)
        options = {name: values[-1] for name, values in parse_qs(where.query).items()}
        endpoint = options.get("endpoint")
        client: ClientConfig = {"timeout": TIMEOUT, "connect_timeout": TIMEOUT / 2}
        if endpoint and urlsplit(endpoint).scheme == "http":
            client["allow_http"] = True
        retry: RetryConfig = {"max_retries": 2, "retry_timeout": TIMEOUT}
        named = {name: options[name] for name in ("endpoint", "region") if name in options}
        self._store = S3Store(
            where.netloc,
            prefix=where.path.strip("/") or None,
            client_options=client,
            retry_config=retry,
            **named,  # type: ignore[arg-type]
        )

    def put(self, name: str, made: Path) -> None:
        with _reached():
            obstore.put(self._store, name, made)
        made.unlink()

    def open(self, name: str) -> BufferedReader:
        self.room.mkdir(parents=True, exist_ok=True)
        copy = cast("BufferedReader", tempfile.TemporaryFile(dir=self.room))  # noqa: SIM115 - the caller closes it
        try:
            with _reached():
                for chunk in obstore.get(self._store, name).stream(min_chunk_size=CHUNK):
                    copy.write(chunk)
        except BaseException:
            copy.close()
            raise
        copy.seek(0)
        return copy

    def has(self, name: str) -> bool:
        return any(name == found for found, _since in self.names(name.rpartition("/")[0]))

    def names(self, folder: str) -> list[tuple[str, datetime]]:
        with _reached():
            found = obstore.list(self._store, f"{folder}/")
            return [(meta["path"], meta["last_modified"]) for batch in found for meta in batch]

    def remove(self, name: str) -> None:
        with suppress(FileNotFoundError), _reached():
            obstore.delete(self._store, name)

    def clear(self, folder: str) -> None:
        with _reached():
            for found in obstore.list(self._store, f"{folder}/" if folder else None):
                obstore.delete(self._store, [meta["path"] for meta in found])

    def is_empty(self) -> bool:
        with _reached():
            return not next(iter(obstore.list(self._store)), [])

    def probe(self) -> None:
        with _reached():
            obstore.put(self._store, PROBE, b"")
            obstore.delete(self._store, PROBE)


@lru_cache(maxsize=8)
def depot_of(settings: Settings) -> Depot:
    """Where the settings say that files lie; one depot a process, whose connections are kept."""
    if urlsplit(settings.evidence_url).scheme == "s3":
        return Bucket(settings.evidence_url, settings.evidence)
    return Disk(settings.evidence)


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except (BaseError, FileNotFoundError) as fault:
        words = str(fault).partition("\n")[0]
        if NO_SUCH_FILE in str(fault):
            raise FileNotFoundError(words) from None
        raise StorageAway(words) from None


def _sync(folder: Path) -> None:
    """A rename is on disk once its folder is; not every system can open one."""
    with suppress(PermissionError, IsADirectoryError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
