"""The certificate: given where the stage file says so, the same each time, its code leads to the record."""

from collections.abc import Callable
from datetime import date

import pypdfium2 as pdfium
import pytest
import zxingcpp
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.innovations import in_use
from workflow import certificates
from workflow.certificates import Certificate
from workflow.db import Database
from workflow.exports.certificate import paper
from workflow.ledger import Actor
from workflow.models import Case

As = Callable[[Session, str], Actor]
ADDRESS = "https://inovasi.contoh.go.id"
LONG = "SEMAKIN PANJANG JUDULNYA " * 8

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def number(database: Database, as_: As) -> str:
    with database.write() as session:
        return in_use(session, as_(session, "endah"))


def case_of(session: Session, number: str) -> Case:
    return session.scalars(select(Case).where(Case.number == number)).one()


def test_it_is_given_from_the_stage_on_that_says_so_and_to_nothing_that_ended(
    database: Database, number: str
) -> None:
    with database.read() as session:
        case = case_of(session, number)
        given = certificates.of(session, case)
        assert given is not None
        assert (given.number, given.agency, given.given_on) == (number, case.agency.name, date(2022, 9, 12))
    for state, outcome, deserved in (
        ("opd_pilot.running", None, False),
        ("opd_pilot.stopped", "stopped", False),
        ("replication.replicated", "withdrawn", False),
        ("competition.archived", "stopped", True),
        ("competition.awarded", "advanced", True),
    ):
        with database.write() as session:
            case = case_of(session, number)
            case.state, case.outcome = state, outcome
            assert (certificates.of(session, case) is not None) == deserved, state


@pytest.mark.parametrize("title", ["SIAGA #POSYANDU *gizi* $x$ [a]", LONG.strip()[:200]])
def test_one_landscape_page_whose_code_leads_to_the_record(
    database: Database, number: str, title: str
) -> None:
    given = Certificate(
        "Piagam Inovasi Daerah", number, title, "Dinas Contoh", "atas inovasi ini", date(2022, 12, 1)
    )
    with database.read() as session:
        made = paper(session, given, ADDRESS)
        assert paper(session, given, ADDRESS) == made

    (page,) = pdfium.PdfDocument(made)
    assert [round(side / 72 * 25.4) for side in page.get_size()] == [297, 210]
    text = " ".join(page.get_textpage().get_text_bounded().split())
    for said in (title, number, "Dinas Contoh", "1 Desember 2022", "bukan penghargaan"):
        assert said in text
    (code,) = zxingcpp.read_barcodes(page.render(scale=3).to_numpy())
    assert code.text == f"{ADDRESS}/registri/{number}"
