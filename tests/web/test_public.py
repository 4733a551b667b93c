"""The public face: everything that anybody can reach, and what none of it may say."""

import csv
import io
import json
import re
from dataclasses import replace
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.conftest import MovableClock
from tests.workflow.registry import fill
from web import create_app
from workflow import public, queries
from workflow.db import Database
from workflow.models import Case, Participant, User
from workflow.settings import Settings

STARTS = ("/", "/registri", "/sitemap.xml", "/robots.txt", "/data/katalog.jsonld")
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
        assert EMAIL.findall(text) == [], path


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
