"""Files in a folder and in a bucket behave alike: whole, hidden until then, gone, out of reach."""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from moto.server import ThreadedMotoServer
from sqlalchemy.orm import Session

from tests.conftest import MONDAY
from tests.workflow.test_archive import PROOF, begin, prove
from tests.workflow.test_exports import make_entry, order
from workers.drain import Drain
from workflow import archive
from workflow.db import Database
from workflow.depot import Depot, StorageAway, depot_of
from workflow.evidence_store import EvidenceStore
from workflow.exports import orders
from workflow.ledger import Actor
from workflow.models import Export
from workflow.restore import restore
from workflow.settings import Settings

As = Callable[[Session, str], Actor]
PDF = b"%PDF-1.7 surat keputusan" + b"." * 300_000
SHA256 = hashlib.sha256(PDF).hexdigest()
AS_ANYBODY = {"Authorization": "AWS4-HMAC-SHA256 Credential=uji/20220101/us-east-1/s3/aws4_request"}


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of an S3 server."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


Place = Callable[[str], Settings]


@pytest.fixture
def in_bucket(s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Settings of an installation of that name whose files lie in a bucket of its own, new and empty."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "uji")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "uji")

    def made(name: str) -> Settings:
        bucket = f"{tmp_path.name}-{name}".replace("_", "-").lower()
        connection = HTTPConnection(urlsplit(s3).netloc, timeout=10)
        connection.request("PUT", f"/{bucket}", headers=AS_ANYBODY)
        assert connection.getresponse().status == HTTPStatus.OK
        connection.close()
        url = f"s3://{bucket}/inovasi?endpoint={s3}&region=us-east-1"
        return Settings(var=tmp_path / name, evidence_url=url, secret_key="k" * 40)

    return made


@pytest.fixture(params=["disk", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "disk":
        return lambda name: Settings(var=tmp_path / name, secret_key="k" * 40)
    return request.getfixturevalue("in_bucket")  # type: ignore[no-any-return]


@pytest.fixture
def depot(place: Place) -> Depot:
    return depot_of(place("satu"))


def put(depot: Depot, name: str, body: bytes) -> None:
    depot.room.mkdir(parents=True, exist_ok=True)
    made = depot.room / ".made"
    made.write_bytes(body)
    depot.put(name, made)


def test_what_is_put_is_read_back_whole_and_nothing_is_left_on_the_way(depot: Depot) -> None:
    put(depot, "ab/abc", PDF)

    with depot.open("ab/abc") as first, depot.open("ab/abc") as second:
        assert (first.read(), second.read(10)) == (PDF, PDF[:10])
    assert not [path.name for path in depot.room.iterdir() if path.name.startswith(".")]


def test_what_is_put_again_replaces(depot: Depot) -> None:
    put(depot, "ab/abc", PDF)
    put(depot, "ab/abc", b"baru")

    with depot.open("ab/abc") as file:
        assert file.read() == b"baru"


def test_clearing_takes_what_lies_below_and_nothing_beside_it(depot: Depot) -> None:
    for name in ("exports/1/a", "exports/1/parts/b", "exports/11/c"):
        put(depot, name, PDF)

    depot.clear("exports/1")
    depot.clear("exports/2")

    for gone in ("exports/1/a", "exports/1/parts/b", "tidak/ada"):
        with pytest.raises(FileNotFoundError):
            depot.open(gone)
    with depot.open("exports/11/c") as file:
        assert file.read() == PDF


def test_it_is_empty_until_something_was_put_and_after_everything_was_cleared(depot: Depot) -> None:
    before = depot.is_empty()
    depot.probe()
    put(depot, "ab/abc", PDF)
    held = depot.is_empty()
    depot.clear("")

    assert (before, held, depot.is_empty()) == (True, False, True)


def test_a_file_that_is_refused_is_not_stored(place: Place) -> None:
    found = place("satu")

    with EvidenceStore.of(found).stage(io.BytesIO(PDF)) as staged:
        assert staged.sha256 == SHA256

    assert depot_of(found).is_empty()
    with pytest.raises(FileNotFoundError):
        EvidenceStore.of(found).open(SHA256)


def test_a_backup_takes_the_files_along_and_a_restore_puts_them_where_they_lie_now(
    database: Database, as_: As, place: Place, tmp_path: Path
) -> None:
    found, target = place("satu"), tmp_path / "cadangan.zip"
    prove(database, found, as_, begin(database, as_))
    lost = Settings(var=tmp_path / "kosong", secret_key="k" * 40)

    written = archive.write(database, found, target, MONDAY, lambda _: None)
    without = archive.write(database, lost, tmp_path / "tanpa.zip", MONDAY, lambda _: None)
    other, fresh = place("dua"), Database(f"sqlite:///{tmp_path / 'dua.db'}")
    with archive.opened(target) as held:
        restore(held, fresh, other, lambda _: None)
    fresh.dispose()

    sha256 = hashlib.sha256(PROOF).hexdigest()
    assert (written.missing, without.missing) == ([], [sha256])
    with EvidenceStore.of(other).open(sha256) as file:
        assert file.read() == PROOF


def test_a_package_is_built_from_and_into_a_bucket(database: Database, as_: As, in_bucket: Place) -> None:
    found = in_bucket("satu")
    make_entry(database, as_, EvidenceStore.of(found), "SIAGA POSYANDU")
    made = order(database, as_, "endah", 2023)

    Drain(found, database)(MONDAY)

    with database.read() as session:
        kept = session.get_one(Export, made)
    assert (kept.state, kept.fault) == ("done", None)
    with depot_of(found).open(orders.file_of(kept)) as file, zipfile.ZipFile(file) as year:
        assert year.testzip() is None
        assert any(name.startswith("entri/INV-") for name in year.namelist())
    assert [path.name for path in found.evidence.iterdir()] == []


@pytest.mark.parametrize("away", ["nobody listens", "no such bucket"])
def test_a_bucket_out_of_reach_is_no_file_gone(
    s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, away: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "uji")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "uji")
    endpoint = {"nobody listens": "http://127.0.0.1:9", "no such bucket": s3}[away]
    url = f"s3://tidak-ada?endpoint={endpoint}&region=us-east-1"
    depot = depot_of(Settings(var=tmp_path, evidence_url=url))

    attempts: list[Callable[[], object]] = [depot.probe, depot.is_empty]
    attempts += [lambda: depot.open("ab/abc"), lambda: put(depot, "ab/abc", PDF)]
    for attempt in attempts:
        with pytest.raises(StorageAway):
            attempt()
    assert (tmp_path / "evidence" / ".made").read_bytes() == PDF
