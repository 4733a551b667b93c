"""The papers of a session, read back: what they say, and to whom."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pypdfium2
import pytest
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.workflow.test_assignment import ask, in_review, judge
from tests.workflow.test_seminars import _id, invite
from workflow import commands
from workflow.commands import Mark
from workflow.db import Database
from workflow.exports.minutes import minutes
from workflow.exports.score_sheet import sheets
from workflow.ledger import Actor
from workflow.models import Seminar, User
from workflow.numerals import spelt, spelt_date

As = Callable[[Session, str], Actor]


def read(paper: bytes) -> list[str]:
    """The pages, each as one line."""
    document = pypdfium2.PdfDocument(paper)
    return [" ".join(page.get_textpage().get_text_bounded().split()) for page in document]


def person(session: Session, as_: As, name: str) -> User:
    user = as_(session, name).user
    assert user is not None
    return user


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "nol"),
        (10, "sepuluh"),
        (11, "sebelas"),
        (17, "tujuh belas"),
        (100, "seratus"),
        (1945, "seribu sembilan ratus empat puluh lima"),
        (2022, "dua ribu dua puluh dua"),
    ],
)
def test_numbers_are_spelt_as_letters_spell_them(number: int, text: str) -> None:
    assert spelt(number) == text


def test_a_moment_is_spelt_by_the_day_in_sragen() -> None:
    text = "Jumat, tanggal dua puluh lima bulan November tahun dua ribu dua puluh dua"
    assert spelt_date(datetime(2022, 11, 24, 18, 0, tzinfo=UTC)) == text
    assert spelt_date(date(2022, 11, 25)) == text


def test_a_blank_sheet_holds_the_rubric_and_a_filled_one_only_what_its_reader_may_see(
    database: Database, as_: As
) -> None:
    number = in_review(database, as_)
    ask(database, as_, number, "rudi", "sri", "tono")
    seminar = invite(database, as_, number)
    judge(database, as_, number, "rudi", 81)
    judge(database, as_, number, "tono", 77)

    with database.read() as session:
        held = session.get_one(Seminar, seminar)

        def sheet(name: str, *, filled: bool) -> list[str]:
            user = person(session, as_, name)
            return read(sheets(session, held, held.standing, user, filled=filled))

        (blank,) = sheet("retno", filled=False)
        for words in (number, "Ketajaman masalah", "20 %", "Nilai akhir", "Perbaiki lebih dahulu"):
            assert words in blank
        assert "81" not in blank
        assert [("Rudi" in page, "81,00" in page) for page in sheet("retno", filled=True)] == [
            (True, True),
            (False, False),
        ]
        assert ["Tono" in page for page in sheet("tono", filled=True)] == [False, True]  # after their own
        assert "81,00" not in " ".join(sheet("sri", filled=True))
        assert "81,00" not in " ".join(sheet("ani", filled=True))


def test_minutes_say_what_is_recorded_and_claim_nothing(
    database: Database, as_: As, clock: MovableClock
) -> None:
    closed, running = in_review(database, as_), in_review(database, as_)
    for number in (closed, running):
        ask(database, as_, number, "rudi", "sri")
    seminar = invite(database, as_, closed, running)
    clock.tick(days=10)
    with database.write() as session:
        marks = {
            (1, _id(database, "ani")): Mark("present"),
            (1, _id(database, "budi")): Mark("represented", "Joko Susilo"),
            (1, _id(database, "rudi")): Mark("present"),
        }
        commands.note_attendance(session, as_(session, "retno"), seminar, 1, marks)
    with database.write() as session:
        said = "Data dasar 2021 disusulkan.\nPemaparan berjalan tertib."
        commands.note_seminar(session, as_(session, "retno"), seminar, 2, said)
    judge(database, as_, closed, "rudi", 80)
    judge(database, as_, closed, "sri", 90)
    judge(database, as_, running, "sri", 33)
    clock.tick(days=12)
    with database.write() as session:
        case = commands.find(session, as_(session, "retno"), closed)
        assert commands.advance_by_itself(session, case, Actor(None, clock())) is not None

    with database.read() as session:
        text = " ".join(read(minutes(session, session.get_one(Seminar, seminar))))
    for words in (
        "BERITA ACARA",
        "Kamis, tanggal dua puluh dua bulan September tahun dua ribu dua puluh dua",
        "Aula BKPSDM",
        "85,00",
        "Rancangan lulus seminar",
        "Putaran penilaian belum selesai",
        "diwakili Joko Susilo",
        "belum dicatat",
        "Data dasar 2021 disusulkan.",
        "Retno",
    ):
        assert words in text
    assert "33" not in text.replace("2033", "")
