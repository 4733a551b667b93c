"""The board as a page: the list's own filters, words and kept lists, in columns."""

import re

import pytest

from tests.web.api_calls import counted
from tests.web.conftest import SignIn, csrf
from tests.workflow.registry import fill
from workflow.db import Database

sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def sign_in(database: Database, sign_in: SignIn) -> SignIn:
    fill(database)
    return sign_in


@sqlite
def test_list_and_board_are_one_state(sign_in: SignIn) -> None:
    client = sign_in("endah")
    listed = client.get("/usulan?q=tahap:uji_coba+pasien&kolom=title,owner").text
    href = re.findall(r'href="(/papan\?[^"]*)"', listed)[0].replace("&amp;", "&")
    board = client.get(href).text
    back = re.findall(r'href="(/usulan\?[^"]*)">', board)[0].replace("&amp;", "&")

    cases = re.compile(r'class="row-link" href="(/usulan/INV-2022-\d{4})"')
    assert set(cases.findall(board)) == set(cases.findall(client.get(back).text)) != set()
    assert "Berjalan" in board
    assert "Usulan inovasi</h2>" not in board
    assert client.get("/papan?q=thap:uji").status_code == 422
    assert "Mungkin maksud Anda “tahap:”" in client.get("/papan?q=thap:uji").text


@sqlite
def test_a_full_column_leads_to_the_list_of_all_of_it(sign_in: SignIn) -> None:
    client = sign_in("endah")
    page = client.get("/papan?category=digital").text
    href, said = re.findall(r'class="lane-all" href="([^"]*)">Semua (\d+)<', page)[0]
    listed = client.get(href.replace("&amp;", "&")).text

    assert f"{said} usulan cocok dengan saringan" in listed
    assert "Jenis: Digital" in listed


@sqlite
def test_a_list_kept_on_the_board_opens_on_the_board(sign_in: SignIn) -> None:
    client = sign_in("endah")
    kept = {"name": "Pilot", "q": "tahap:uji_coba", "path": "/papan", **csrf(client)}
    assert client.post("/usulan/tampilan", data=kept).headers["Location"].startswith("/papan?")
    assert re.search(r'href="/papan\?q=tahap[^"]*">Pilot<', client.get("/papan").text)
    assert re.search(r'href="/usulan\?q=tahap[^"]*">Pilot<', client.get("/usulan").text)


@sqlite
def test_nobody_sees_a_card_of_somebody_else(sign_in: SignIn) -> None:
    assert "INV-2022-" not in sign_in("lain").get("/papan").text
    assert sign_in("endah").application.test_client().get("/papan").status_code == 302


def test_a_board_costs_few_statements(sign_in: SignIn, database: Database) -> None:
    client = sign_in("endah")
    client.get("/papan")
    for path in ("/papan", "/papan?stage=pkp_proposal"):
        with counted(database) as seen:
            assert client.get(path).status_code == 200
        assert len([s for s in seen if "FROM facts" not in s]) <= 9, seen
