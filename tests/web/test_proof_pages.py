"""Evidence to look at: pictures that a worker made, videos by parts, and what resembles it elsewhere."""

import zlib
from collections.abc import Callable
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.web.test_entry_pages import LETTER, browser, entry, upload
from workers.drain import Drain
from workflow import commands
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Evidence, StoredFile
from workflow.samples import sample_pdf, sample_png
from workflow.settings import Settings

__all__ = ["browser", "entry"]
As = Callable[[Session, str], Actor]
Browser = Callable[[str], FlaskClient]
WORDS = " ".join(f"kata{number}" for number in range(90)).split()
MP4 = b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(range(256)) * 20
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def letter(*changes: str) -> bytes:
    """A page of ninety words, the first of them replaced."""
    words = [*changes, *WORDS[len(changes) :]]
    return sample_pdf([" ".join(words[i : i + 10]) for i in range(0, len(words), 10)])


STRANGE = letter(*"abcdefgh" * 9)


@pytest.fixture
def work(settings: Settings, database: Database, clock: MovableClock) -> Callable[[], None]:
    return lambda: Drain(settings, database)(clock())


def newest(database: Database) -> Evidence:
    with database.read() as session:
        return session.scalars(select(Evidence).order_by(Evidence.id.desc())).first() or pytest.fail("none")


def other_case(database: Database, as_: As) -> str:
    with database.write() as session:
        document = {"title": "SIPESTA bagi warga Gemolong", "category": "digital", "agency": "dlh"}
        return commands.start(session, as_(session, "lain"), document).number


def test_pages_are_shown_as_pictures_of_our_own_making(
    browser: Browser, database: Database, entry: str, work: Callable[[], None]
) -> None:
    ani = browser("ani")
    upload(ani, entry, [(letter(), "sk.pdf")], proves="indicator:1", **LETTER)
    place = f"/usulan/{entry}/bukti/{newest(database).id}"
    before = ani.get(f"{place}/gambar/1").status_code
    work()
    with ani.get(f"{place}/gambar/1") as answer:
        picture = answer.data

    assert (before, answer.status_code, answer.mimetype) == (404, 200, "image/webp")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    with Image.open(BytesIO(picture)) as page:
        assert (page.format, page.width) == ("WEBP", 1100)
    assert f'src="{place}/gambar/1"' in ani.get(f"{place}/lihat").text
    assert f'src="{place}/gambar/0"' in ani.get(f"/usulan/{entry}/indikator").text
    assert browser("lain").get(f"{place}/gambar/1").status_code == 404
    assert ani.get(f"{place}/gambar/2").status_code == 404


def bomb() -> bytes:
    """A picture of 60,000 by 60,000 points in a few kilobytes."""
    image = bytearray(sample_png(1))
    image[16:24] = (60_000).to_bytes(4, "big") * 2
    image[29:33] = zlib.crc32(image[12:29]).to_bytes(4, "big")
    return bytes(image)


@on_sqlite
@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"%PDF-1.7 bukan PDF", "bukan.pdf"),
        (b"%PDF-1.7\n<</Pages 1 0 R>>" * 50, "kosong.pdf"),
        (bomb(), "bom.png"),
        (b"\xff\xd8\xff<svg onload=alert(1)>", "svg.jpg"),
    ],
)
def test_what_cannot_be_opened_harms_nobody_and_says_so(
    browser: Browser, database: Database, entry: str, work: Callable[[], None], body: bytes, name: str
) -> None:
    ani = browser("ani")
    status, _text = upload(ani, entry, [(body, name)], proves="field:iga_profile")
    work()
    page = ani.get(f"/usulan/{entry}/bukti/{newest(database).id}/lihat").text

    assert status == 302
    assert "Berkas ini tidak dapat dibuka" in page
    assert "Tidak dapat dibuka" in ani.get(f"/usulan/{entry}/bukti").text
    with database.read() as session:
        file = session.scalars(select(StoredFile)).one()
    assert (file.pictures, file.pages, file.read_at is not None) == (0, None, True)


@on_sqlite
def test_the_verifier_is_told_of_the_same_and_of_nearly_the_same_elsewhere(
    browser: Browser, database: Database, entry: str, work: Callable[[], None], as_: As
) -> None:
    other = other_case(database, as_)
    lain = browser("lain")
    letters = ((letter(), "asli.pdf"), (letter("ganti"), "hampir.pdf"), (STRANGE, "x.pdf"))
    for body, name in letters:
        upload(lain, other, [(body, name)], proves="field:proposal")
    work()
    upload(browser("ani"), entry, [(letter(), "salinan.pdf")], proves="indicator:1", **LETTER)
    work()
    page = browser("endah").get(f"/usulan/{entry}/indikator").text

    assert f"asli.pdf</a> ({other}), 100 %" in page
    assert "sama dengan" in page
    near = page.partition("hampir.pdf</a>")[2].partition(" %")[0].rpartition(" ")[2]
    assert 85 <= int(near) < 100
    assert "x.pdf</a>" not in page
    assert "mirip dengan" not in browser("ani").get(f"/usulan/{entry}/indikator").text


@on_sqlite
def test_a_video_is_played_by_parts(
    browser: Browser, database: Database, entry: str, work: Callable[[], None]
) -> None:
    ani = browser("ani")
    upload(ani, entry, [(MP4, "profil.mp4")], proves="indicator:20")
    work()
    place = f"/usulan/{entry}/bukti/{newest(database).id}"
    with ani.get(f"{place}/putar", headers={"Range": "bytes=100-199"}) as part:
        some = part.data
    with ani.get(f"{place}/putar") as whole:
        everything = whole.data

    assert (part.status_code, part.mimetype) == (206, "video/mp4")
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(MP4)}"
    assert (some, everything) == (MP4[100:200], MP4)
    assert ani.get(f"{place}/putar", headers={"Range": "bytes=9999999-"}).status_code == 416
    page = ani.get(f"{place}/lihat")
    assert f'src="{place}/putar"' in page.text
    assert "media-src 'self'" in page.headers["Content-Security-Policy"]
