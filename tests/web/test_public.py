"""The public face: everything that anybody can reach, and what none of it may say."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.innovations import in_use
from tests.web.conftest import SignIn
from tests.workflow.registry import fill
from web import create_app
from workflow import public, queries
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Case, Participant, User
from workflow.settings import Settings

STARTS = ("/", "/registri", "/registri/feed.atom", "/sitemap.xml", "/robots.txt", "/data/katalog.jsonld")
SHARED = ("/", "/registri", "/proses", "/privasi")
OFFICE = {
    "address": "Jalan Contoh Nomor 1, Sragen",
    "phone": "(0271) 000000",
    "email": "kantor@contoh.invalid",
}
ATOM = "{http://www.w3.org/2005/Atom}"
SCORE = "73.91"
LINKED = re.compile(r'(?:href=|<loc>|"@id": ?)"?([^"<> ]+)')
NIP = re.compile(r"(?<!\d)\d{18}(?!\d)|(?<!\d)\d{8} \d{6} \d \d{3}(?!\d)")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w+")


@pytest.fixture
def visitor(settings: Settings, database: Database, clock: MovableClock) -> FlaskClient:
    """Somebody without an account, over the demo's innovations."""
    fill(database)
    return create_app(replace(settings, demo=False), database, clock).test_client()


@pytest.fixture
def secrets(visitor: FlaskClient, database: Database, clock: MovableClock) -> set[str]:
    """What nobody outside may read: names, addresses, drafts, what an undo took back, a score not final.

    One innovation's summary names its proposer, a NIP and an address, as people do write.
    """
    assert visitor is not None
    with database.write() as session:
        cases = list(session.scalars(select(Case).where(queries.public()).order_by(Case.id)))
        cases[0].voided_at = clock()
        owner = cases[1].participants[0].user
        cases[1].forms = _summary(cases[1], f"Digagas {owner.name.partition(',')[0]} di kantor.")
        cases[2].forms = _summary(cases[2], "Hubungi rahasia@contoh.invalid, NIP 198501012010011001.")
        cases[3].forms = {**cases[3].forms, "iga_result": {"score": SCORE}}
        hidden = [cases[0].title, *session.scalars(select(Case.title).where(~queries.public()))]
        cases[4].agency.contact = OFFICE
        people = list(session.scalars(select(User)).unique())
        names = {part for user in people for part in (user.name, user.name.partition(",")[0])}
        return {*hidden, *names, *(user.email for user in people), SCORE, SCORE.replace(".", ",")}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_no_public_address_says_what_is_not_public(
    visitor: FlaskClient, secrets: set[str], database: Database
) -> None:
    pages = walk(visitor)
    with database.read() as session:
        numbers = {line.number for line in public.lines(session)}
    assert {f"/registri/{number}" for number in numbers} < set(pages)
    assert {"/data/registri.csv", "/data/registri.json", "/privasi"} < set(pages)

    for path, text in pages.items():
        assert {secret for secret in secrets if secret in text} == set(), path
        assert NIP.findall(text) == [], path
        assert set(EMAIL.findall(text)) <= {OFFICE["email"]}, path
    assert any(OFFICE["address"] in text for text in pages.values())


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_is_not_public_is_not_found(visitor: FlaskClient, secrets: set[str], database: Database) -> None:
    assert secrets
    with database.read() as session:
        hidden = list(session.scalars(select(Case.number).where(~queries.public())))
    assert hidden
    for number in [*hidden, "INV-1900-0001", "%00"]:
        assert visitor.get(f"/registri/{number}").status_code == 404, number


def test_the_search_finds_titles_and_agencies_but_no_person(visitor: FlaskClient, database: Database) -> None:
    with database.read() as session:
        case = queries.public_recent(session)[0]
        owner = session.scalars(select(Participant).where(Participant.case_id == case.id)).first()
        assert owner is not None
        asked, name = case.agency.short_name, owner.user.name.partition(",")[0]
    card = f'href="/registri/{case.number}"'

    assert card in visitor.get("/registri", query_string={"q": case.title}).text
    assert card in visitor.get("/registri", query_string={"q": asked}).text
    for nothing in (f'"{name}"', "zzzzz"):
        page = visitor.get("/registri", query_string={"q": nothing}).text
        assert "Tidak ada inovasi yang cocok" in page, nothing


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_open_data_agrees_and_is_sent_again_only_when_changed(
    visitor: FlaskClient, database: Database
) -> None:
    told = visitor.get("/data/registri.json")
    rows = list(
        csv.DictReader(io.StringIO(visitor.get("/data/registri.csv").data.decode("utf-8-sig")), delimiter=";")
    )
    with database.read() as session:
        assert len(rows) == len(json.loads(told.data)) == queries.public_figures(session).registered
    assert [row["number"] for row in rows] == [row["number"] for row in json.loads(told.data)]

    asked = {"If-None-Match": told.headers["ETag"]}
    assert told.cache_control.public
    assert visitor.get("/data/registri.json", headers=asked).status_code == 304
    with database.write() as session:
        queries.public_recent(session)[0].title = "Judul yang baru"
    assert visitor.get("/data/registri.json", headers=asked).status_code == 200


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_feed_is_atom_that_leads_to_public_pages(
    app: Flask, database: Database, as_: Callable[[Session, str], Actor]
) -> None:
    visitor = app.test_client()
    with database.write() as session:
        number = in_use(session, as_(session, "endah"))
    feed = ET.fromstring(visitor.get("/registri/feed.atom").data)  # noqa: S314 - it is our own

    entry = feed.find(f"{ATOM}entry")
    assert feed.tag == f"{ATOM}feed"
    assert feed.findtext(f"{ATOM}updated")
    assert entry is not None
    assert entry.findtext(f"{ATOM}title") == "SIAGA POSYANDU: gizi balita terpantau"
    link = entry.find(f"{ATOM}link")
    assert link is not None
    assert link.get("href", "").endswith(f"/registri/{number}")
    assert 'type="application/atom+xml"' in visitor.get("/registri").text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_pages_of_visitors_may_be_kept_and_are_sent_again_only_when_changed(
    visitor: FlaskClient, database: Database
) -> None:
    with database.read() as session:
        number = queries.public_recent(session)[0].number
    for path in (*SHARED, f"/registri/{number}"):
        page = visitor.get(path)
        asked = {"If-None-Match": page.headers["ETag"]}
        assert page.cache_control.public, path
        assert page.cache_control.s_maxage, path
        assert (page.cache_control.max_age, page.cache_control.must_revalidate) == (0, True), path
        assert "Cookie" in page.headers["Vary"], path
        assert "Set-Cookie" not in page.headers, path
        assert visitor.get(path, headers=asked).status_code == 304, path

    asked = {"If-None-Match": visitor.get(f"/registri/{number}").headers["ETag"]}
    with database.write() as session:
        session.scalars(select(Case).where(Case.number == number)).one().title = "Judul yang baru"
    assert visitor.get(f"/registri/{number}", headers=asked).status_code == 200


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_page_with_a_session_behind_it_is_never_kept(visitor: FlaskClient, sign_in: SignIn) -> None:
    with visitor.session_transaction() as session:
        session["_flashes"] = [("ok", "Anda telah keluar.")]
    greeted = visitor.get("/registri")
    assert "Anda telah keluar." in greeted.text
    assert "private" in greeted.headers["Cache-Control"]
    form = visitor.get("/masuk")
    assert "private" in form.headers["Cache-Control"]

    for path in SHARED:
        page = sign_in("endah").get(path)
        assert page.headers["Cache-Control"] == "private, no-store", path
        assert "ETag" not in page.headers, path


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_language_is_chosen_on_a_page_that_was_kept(visitor: FlaskClient) -> None:
    german = visitor.post("/bahasa", data={"lang": "de", "next": "//elsewhere.invalid"})
    assert (german.location, "Set-Cookie" in german.headers) == ("/", False)
    visitor.post("/bahasa", data={"lang": "en", "next": "/registri"})
    assert 'lang="en"' in visitor.get("/registri").text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_innovation_that_came_to_an_end_says_so(visitor: FlaskClient, database: Database) -> None:
    with database.write() as session:
        case = queries.public_recent(session)[0]
        case.state, case.outcome, number = "opd_pilot.stopped", "stopped", case.number
    assert "Inovasi ini dihentikan sejak" in visitor.get(f"/registri/{number}").text
    assert _ended(visitor, number) == "stopped"

    with database.write() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        case.state = "competition.archived"
    assert "dihentikan" not in visitor.get(f"/registri/{number}").text
    assert _ended(visitor, number) == ""


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_certificate_is_fetched_by_its_people_and_checked_by_everybody(
    app: Flask, sign_in: SignIn, database: Database, as_: Callable[[Session, str], Actor]
) -> None:
    with database.write() as session:
        number = in_use(session, as_(session, "endah"))
    assert "Tercatat" in app.test_client().get(f"/registri/{number}").text
    fetched = sign_in("ani").get(f"/usulan/{number}/piagam.pdf")
    assert fetched.data.startswith(b"%PDF")
    assert sign_in("rudi").get(f"/usulan/{number}/piagam.pdf").status_code == 404

    with database.write() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        case.state, case.outcome = "opd_pilot.stopped", "stopped"
    assert "Tercatat" not in app.test_client().get(f"/registri/{number}").text
    assert sign_in("ani").get(f"/usulan/{number}/piagam.pdf").status_code == 404


def _ended(visitor: FlaskClient, number: str) -> str:
    rows = json.loads(visitor.get("/data/registri.json").data)
    return str(next(row["ended"] for row in rows if row["number"] == number))


def walk(visitor: FlaskClient) -> dict[str, str]:
    """Every address of this site that the starts lead to, with what it says; a door ends the way."""
    found: dict[str, str] = {}
    waiting = list(STARTS)
    while waiting:
        path = waiting.pop()
        if path in found or path.startswith(("/static/", "/api/")):
            continue
        answer = visitor.get(path)
        assert answer.status_code in {200, 302}, path
        found[path] = unescape(answer.data.decode("utf-8-sig"))
        waiting += [link for link in map(local, LINKED.findall(answer.text)) if link]
    return found


def local(link: str) -> str:
    """The path of a link within this site."""
    link = re.sub(r"^http://127\.0\.0\.1(:\d+)?(?=/)", "", unescape(link)).partition("#")[0]
    return link if link.startswith("/") and not link.startswith("//") else ""


def _summary(case: Case, text: str) -> dict[str, object]:
    form = "change_plan" if "change_plan" in case.forms else "innovation_proposal"
    return {**case.forms, form: {**case.forms.get(form, {}), "summary": text}}
