"""How the public reaches an agency: kept by those who may, and never a person's."""

import io

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from tests.web.conftest import SignIn, csrf
from workflow.db import Database
from workflow.models import Agency

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
OFFICE = {"/address": "Jalan Contoh Nomor 1", "/phone": "(0271) 000000", "/email": "kantor@contoh.go.id"}


def contact(database: Database, code: str) -> dict[str, str]:
    with database.read() as session:
        return session.scalars(select(Agency).where(Agency.code == code)).one().contact


def test_a_contact_is_kept_by_coordinator_and_admin_alone(sign_in: SignIn, database: Database) -> None:
    for who, status in (("endah", 302), ("ani", 403)):
        browser = sign_in(who)
        posted = browser.post("/instansi/dinkes", data={**OFFICE, **csrf(browser)})
        assert posted.status_code == status, who
    assert contact(database, "dinkes") == {key[1:]: text for key, text in OFFICE.items()}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("/email", "ani@contoh.invalid", "surel seorang pegawai"),
        ("/email", "bukan surel", "surel"),
        ("/address", "NIP 198501012010011001, Sragen", "NIP"),
        ("/phone", "telepon saya", "Telepon kantor"),
    ],
)
def test_what_is_a_person_s_or_no_contact_is_refused_at_its_field(
    sign_in: SignIn, database: Database, name: str, text: str, said: str
) -> None:
    browser = sign_in("endah")
    answer = browser.post("/instansi/dinkes", data={**OFFICE, name: text, **csrf(browser)})
    assert answer.status_code == 422
    assert said in answer.text
    assert contact(database, "dinkes") == {}


def test_the_table_goes_out_and_comes_back(sign_in: SignIn, database: Database) -> None:
    browser = sign_in("endah")
    browser.post("/instansi/dinkes", data={**OFFICE, "/phone": "+62 271 000000", **csrf(browser)})
    book = load_workbook(io.BytesIO(browser.get("/instansi/kontak.xlsx").data))
    sheet = book.worksheets[0]
    row = next(row for row in sheet.iter_rows(min_row=2) if row[0].value == "dishub")
    row[2].value = "Jalan Lain Nomor 2"
    made = io.BytesIO()
    book.save(made)

    assert _sent(browser, made.getvalue(), "kontak.xlsx") == 302
    assert contact(database, "dishub") == {"address": "Jalan Lain Nomor 2"}
    assert contact(database, "dinkes")["phone"] == "+62 271 000000"


def test_a_table_with_a_wrong_row_changes_nothing(sign_in: SignIn, database: Database) -> None:
    table = (
        "Kode;Perangkat daerah;Telepon;Pos-el\n"
        "dishub;;(0271) 000001;\n"
        ";Dinas yang tidak ada;(0271) 000002;\n"
        "dinkes;;;ani@contoh.invalid\n"
        "dishub;;(0271) 000003;\n"
    )
    browser = sign_in("endah")
    answer = browser.post(
        "/instansi", data={**csrf(browser), "file": (io.BytesIO(table.encode()), "kontak.csv")}
    )
    assert answer.status_code == 422
    for said in ("Baris 3: perangkat daerah", "Baris 4: ani@contoh.invalid", "sudah ada pada baris 2"):
        assert said in answer.text
    assert contact(database, "dishub") == {}


def _sent(browser: FlaskClient, data: bytes, name: str) -> int:
    answer = browser.post("/instansi", data={**csrf(browser), "file": (io.BytesIO(data), name)})
    return int(answer.status_code)
