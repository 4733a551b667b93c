"""The list as pages and API show it: what is asked, what is taken along, and at which price."""

import csv
import io
import re

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from tests.conftest import MovableClock
from tests.web.api_calls import body, counted
from tests.web.conftest import Call, SignIn, csrf
from tests.workflow.registry import fill
from workflow import queries
from workflow.db import Database
from workflow.models import Case, View
from workflow.people import find_user

sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def sign_in(database: Database, sign_in: SignIn) -> SignIn:
    """A browser of somebody of the cast, over the demo's innovations."""
    fill(database)
    return sign_in


@sqlite
def test_hits_are_marked_in_title_and_text(sign_in: SignIn) -> None:
    page = sign_in("endah").get("/usulan?q=vaksin").text

    assert page.index("<mark>Vaksin</mark> Terpantau") < page.index("INV-2022-0048")
    assert "separuhnya tentang <mark>vaksin</mark>, seperempat" in page


@sqlite
def test_what_a_page_says_is_never_markup(sign_in: SignIn, database: Database) -> None:
    client = sign_in("endah")
    with database.write() as session:
        session.get_one(Case, 1).title = "PETIK <script>alert(1)</script> vaksin"

    for path in (
        "/usulan?q=vaksin+script",
        "/usulan/saran?q=petik",
        "/usulan/serupa?title=petik+vaksin+script",
    ):
        page = client.get(path).text
        assert "PETIK" in page
        assert "<script>alert" not in page, path


@sqlite
def test_keys_and_choices_are_one_state(sign_in: SignIn) -> None:
    client = sign_in("endah")
    by_key = client.get("/usulan?q=tahap:uji_coba+pasien").text
    by_choice = client.get("/usulan?stage=opd_pilot&q=pasien").text

    rows = re.compile(r'href="(/usulan/INV-2022-\d{4})"')
    assert rows.findall(by_key) == rows.findall(by_choice) != []
    for page in (by_key, by_choice):
        assert 'value="tahap:uji_coba_perangkat_daerah pasien"' in page
        assert 'href="/usulan?q=pasien"' in page


@sqlite
def test_a_wrong_key_is_explained_at_the_box(sign_in: SignIn, call: Call) -> None:
    answer = sign_in("endah").get("/usulan?q=thap:uji")
    assert answer.status_code == 422
    assert "Mungkin maksud Anda “tahap:”" in answer.text
    assert 'aria-describedby="search-problem"' in answer.text

    refused = call("endah", "get", "/proposals?q=thap:uji+opd:xyz")
    assert (refused.status_code, refused.content_type) == (422, "application/problem+json")
    assert [e["pointer"] for e in body(refused, 422)["errors"]] == ["/q", "/q"]
    assert body(call("endah", "get", "/proposals?q=tahap:uji_coba+pasien"))["total"] == 1


@sqlite
def test_a_number_leads_to_its_case(sign_in: SignIn) -> None:
    assert sign_in("endah").get("/usulan?q=inv-2022-0007").headers["Location"] == "/usulan/INV-2022-0007"
    assert sign_in("lain").get("/usulan?q=INV-2022-0007").status_code == 200


@sqlite
def test_suggestions_show_only_what_may_be_seen(sign_in: SignIn) -> None:
    assert "INV-2022-0040" in sign_in("endah").get("/usulan/saran?q=vaks").text
    assert "INV-2022-0040" not in sign_in("lain").get("/usulan/saran?q=vaks").text
    assert 'data-fill="vaksin opd:dinkes "' in sign_in("lain").get("/usulan/saran?q=vaksin+opd:dink").text


@sqlite
def test_a_title_like_another_is_pointed_out_without_opening_doors(sign_in: SignIn) -> None:
    seen = sign_in("endah").get("/usulan/serupa?title=SIRANTING").text
    public = sign_in("lain").get("/usulan/serupa?title=SIRANTING").text
    draft = sign_in("lain").get("/usulan/serupa?title=TANDA+KALI").text

    assert 'href="/usulan/INV-2022-0040"' in seen
    assert "INV-2022-0040" in public
    assert 'href="/usulan/' not in public
    assert draft.strip() == ""


@sqlite
def test_a_list_is_kept_shared_and_dropped(sign_in: SignIn, database: Database) -> None:
    endah, ani = sign_in("endah"), sign_in("ani")
    kept = {
        "name": "Uji  coba sehat",
        "q": "tahap:uji_coba urusan:kesehatan",
        "kolom": "title,state",
        "shared": "1",
    }
    for _turn in range(2):  # the same name replaces
        assert endah.post("/usulan/tampilan", data=kept | csrf(endah)).status_code == 302
    assert ani.post("/usulan/tampilan", data=kept | csrf(ani)).status_code == 403

    href = re.findall(r'href="([^"]*)">Uji coba sehat', ani.get("/usulan").text)[0].replace("&amp;", "&")
    assert "Urusan: Kesehatan" in ani.get(href).text
    with database.read() as session:
        view = session.scalars(select(View)).unique().one()
    assert ani.post(f"/usulan/tampilan/{view.id}/hapus", data=csrf(ani)).status_code == 404
    assert endah.post(f"/usulan/tampilan/{view.id}/hapus", data=csrf(endah)).status_code == 302
    assert "Uji coba sehat" not in ani.get("/usulan").text


@sqlite
def test_what_is_taken_along_is_what_is_seen(sign_in: SignIn, database: Database) -> None:
    client = sign_in("endah")
    with database.write() as session:
        session.get_one(Case, 40).title = "=HYPERLINK(vaksin)"
        person = find_user(session, "p40@contoh.invalid")
        assert person is not None
        person.nip_sealed = "198001012005011008"
    asked = "q=vaksin&kolom=owner,affair"

    taken = client.get(f"/usulan/unduh?as=csv&{asked}")
    rows = list(csv.reader(io.StringIO(taken.data.decode("utf-8-sig")), delimiter=";"))
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get(f"/usulan/unduh?as=xlsx&{asked}").data))

    assert rows[0] == ["Nomor", "Inovasi", "Instansi", "Pengusul", "Urusan"]
    assert [row[0] for row in rows[1:]] == ["INV-2022-0040", "INV-2022-0048", "INV-2022-0026"]
    assert rows[1][1] == "'=HYPERLINK(vaksin)"
    assert book.get_sheet_by_index(0).to_python()[1][1] == "=HYPERLINK(vaksin)"
    assert "1980" not in taken.text
    assert len(sign_in("lain").get(f"/usulan/unduh?as=csv&{asked}").text.splitlines()) == 1


@sqlite
def test_one_step_for_many_is_tried_first_and_then_taken_where_it_may(
    sign_in: SignIn, database: Database
) -> None:
    client = sign_in("endah")
    with database.read() as session:
        by_state = {case.state: case.number for case in session.scalars(select(Case))}
    numbers = [by_state["competition.candidate"], by_state["opd_pilot.running"]]
    posted = {"numbers": numbers, "step": "declare_not_eligible", "note": "Keputusan rapat.", **csrf(client)}

    tried = client.post("/usulan/massal", data=posted)
    assert "menjadi “Belum memenuhi syarat”" in tried.text
    assert "Langkah ini tidak ada pada status “Berjalan”." in tried.text
    assert states(database, numbers) == ["competition.candidate", "opd_pilot.running"]
    assert client.post("/usulan/massal", data=posted | {"note": "", "go": "1"}).status_code == 422

    done = client.post("/usulan/massal", data=posted | {"go": "1"})
    assert "kini “Belum memenuhi syarat”" in done.text
    assert states(database, numbers) == ["competition.not_eligible", "opd_pilot.running"]
    lain = sign_in("lain")
    assert lain.post("/usulan/massal", data=posted | csrf(lain)).status_code == 403


def states(database: Database, numbers: list[str]) -> list[str]:
    with database.read() as session:
        rows = session.scalars(select(Case).where(Case.number.in_(numbers)))
        found = {case.number: case.state for case in rows}
    return [found[number] for number in numbers]


@pytest.mark.parametrize(
    "asked", ["", "q=kesehatan", "q=vaksn", "q=tahap:uji_coba+opd:dinkes+pasien", "kolom=affair,turn&q=desa"]
)
def test_a_search_costs_few_statements(sign_in: SignIn, database: Database, asked: str) -> None:
    client = sign_in("endah")
    client.get("/usulan")

    with counted(database) as seen:
        assert client.get(f"/usulan?{asked}").status_code == 200

    assert len([s for s in seen if "FROM facts" not in s]) <= 8, seen  # the demo's own clock is a fact


@sqlite
def test_the_public_never_sees_what_an_undo_took_back(
    sign_in: SignIn, database: Database, clock: MovableClock
) -> None:
    client = sign_in("endah")
    with database.write() as session:
        newest = queries.public_recent(session)[0]
        registered, reached = queries.public_figures(session).registered, queries.funnel(session)
        newest.voided_at, title = clock(), newest.title
    assert title not in client.application.test_client().get("/").text
    with database.read() as session:
        assert queries.public_figures(session).registered == registered - 1
        assert next(iter(queries.funnel(session).values())) == next(iter(reached.values())) - 1


@sqlite
def test_the_public_funnel_counts_no_draft(sign_in: SignIn, database: Database) -> None:
    sign_in("endah")
    with database.write() as session:
        reached = queries.funnel(session)
        newest = queries.public_recent(session)[0]
        newest.state = "pkp_proposal.mentor_review"
        session.flush()
        assert queries.funnel(session)["pkp_proposal"] == reached["pkp_proposal"]
        for state in ("draft", "withdrawn"):
            newest.state = f"pkp_proposal.{state}"
            session.flush()
            assert queries.funnel(session)["pkp_proposal"] == reached["pkp_proposal"] - 1, state
