"""A blind round as its reviewers meet it: no page and no route says whose case it is."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.blind import IDENTIFYING, TITLE, blind_seminar, in_blind_review
from tests.conftest import MovableClock
from tests.web.conftest import Call, SignIn, csrf
from tests.workflow.test_assignment import ask, judge
from tests.workflow.test_discussion import say
from workers.digests import gather
from workers.office import Office
from workflow import commands, queries, recall
from workflow.db import Database
from workflow.ledger import Actor
from workflow.mail_groups import DIGEST
from workflow.models import Case, Email, Event, Evidence
from workflow.people import find_user
from workflow.samples import sample
from workflow.seminars import feeds
from workflow.settings import Settings
from workflow.validation import problems

As = Callable[[Session, str], Actor]
WORDS = re.compile(
    "|".join(rf"\b{word}\b" for word in (*IDENTIFYING, TITLE, r"ani@contoh", "puskesmas-tanon-1"))
)
PARTS = re.compile(r"<(?:\w+:)?(\w+)>")


@pytest.fixture(autouse=True)
def blind() -> Iterator[None]:
    with blind_seminar():
        yield


@pytest.fixture
def number(database: Database, as_: As, run_workers: Callable[[], None]) -> str:
    """A case of which everything there is says whose it is: evidence, discussion, mails, a review."""
    number = in_blind_review(database, as_)
    with database.write() as session:
        new = commands.NewEvidence("Ani-Tanon.pdf", "application/pdf", 5, "0" * 64, field="change_plan")
        commands.add_evidence(session, as_(session, "ani"), number, new)
    say(database, as_, number, "ani", "everyone", "Salam dari Tanon, Ani.")
    ask(database, as_, number, "rudi", "sri")
    judge(database, as_, number, "sri")
    run_workers()
    return number


def addresses(app: Flask, database: Database, number: str) -> Iterator[str]:
    """Every page and route that is read, about this case where it is about one."""
    with database.read() as session:
        case = session.scalars(select(Case)).one()
        proof = session.scalars(select(Evidence.id)).one()
        mails = session.scalars(select(Email.id)).all()
        known = {"number": case.number, "evidence_id": proof, "page": 0, "name": "submit", "seq": 2}
        last = session.scalars(select(Event.seq).where(Event.case_id == case.id)).all()
    for rule in app.url_map.iter_rules():
        wanted = set(PARTS.findall(rule.rule))
        if "GET" in (rule.methods or ()) and wanted <= set(known):
            yield PARTS.sub(lambda found: str(known[found[1]]), rule.rule)
    yield from (f"/usulan/{number}?tab={tab}" for tab in ("formulir", "telaah", "surel", "riwayat"))
    yield from (f"/usulan/{number}/versi/{seq}" for seq in last)
    yield from (f"/kotak-masuk/{mail}" for mail in mails)
    yield from (f"/usulan?q={word}" for word in ("posyandu", "tanon", "pengusul:an", number))
    yield from (f"/usulan/saran?q={word}" for word in ("posyandu", "Ani"))


def told(answer: TestResponse) -> list[str]:
    return WORDS.findall(re.sub(r'q=[^"&]*|value="[^"]*"', "", answer.data.decode(errors="replace")))


def walk(open_: Callable[[str], TestResponse], paths: list[str]) -> dict[str, list[str]]:
    """What every address tells of whose case it is; none of them fails."""
    found = {}
    for path in paths:
        answer = open_(path)
        assert answer.status_code < 500, path
        found[path] = told(answer)
    return found


def test_no_page_that_a_blind_reviewer_can_open_tells_whose_case_it_is(
    sign_in: SignIn, app: Flask, database: Database, number: str
) -> None:
    left = ("/api/", "/akun", "/keluar", "/masuk", "/demo")
    paths = [p for p in addresses(app, database, number) if not p.startswith(left)]
    for who in ("rudi", "sri"):  # before and after the own review
        browser: FlaskClient = sign_in(who)
        telling = {path: words for path, words in walk(browser.get, paths).items() if words}
        assert telling == {}
        moved = browser.get(f"/usulan/{number}")
        assert moved.headers["Location"] == f"/telaah/{number}"
        page = browser.get(f"/telaah/{number}").text
        assert f"Inovasi {number}" in page
        assert "[disamarkan]" in page
    assert browser.get(f"/usulan/{number}/bukti").status_code == 404


def test_those_who_are_not_blind_see_everything(sign_in: SignIn, number: str) -> None:
    for who in ("ani", "budi", "endah", "retno", "haryo"):
        browser = sign_in(who)
        page = browser.get(f"/usulan/{number}").text
        assert TITLE in page
        assert "Ani" in page
        assert "Ani-Tanon.pdf" in browser.get(f"/usulan/{number}/bukti").text


def test_no_route_of_the_api_tells_it_and_the_review_is_given_through_it(
    call: Call, app: Flask, database: Database, number: str
) -> None:
    paths = [
        p.removeprefix("/api/v1")
        for p in addresses(app, database, number)
        if p.startswith("/api/v1/") and p != "/api/v1/openapi.json"
    ]
    assert f"/proposals/{number}" in paths
    for who in ("rudi", "sri"):
        telling = {p: words for p, words in walk(partial(call, who, "get"), paths).items() if words}
        assert telling == {}
    answer = call("rudi", "get", f"/proposals/{number}")
    assert answer.json is not None
    assert problems("proposal", answer.json) == []
    assert answer.json["title"] == f"Inovasi {number}"
    document = sample("design_seminar_review")
    given = call("rudi", "post", f"/proposals/{number}/reviews", json=document)
    assert given.status_code == 201
    assert told(given) == []
    assert call("endah", "get", f"/proposals/{number}").json["title"] == TITLE  # type: ignore[index]


def test_the_copy_is_checked_beside_the_original_before_assigning(sign_in: SignIn, number: str) -> None:
    endah, page = sign_in("endah"), f"/usulan/{number}/samaran"
    assert "belum diperiksa" in endah.get(f"/usulan/{number}/penelaah").text
    shown = endah.get(page).text
    assert "Ani bersama Budi" in shown
    assert "[disamarkan] bersama [disamarkan]" in shown
    seen = re.findall(r'name="seen" value="([^"]+)"', shown)[0]
    empty = {"seen": seen, "text:change_plan/summary": " ", **csrf(endah)}
    assert endah.post(page, data=empty).status_code == 422
    posted = {"seen": seen, "text:change_plan/summary": "Gizi dicatat lewat ponsel.", **csrf(endah)}
    assert endah.post(page, data=posted).status_code == 302
    assert "sudah diperiksa pada" in endah.get(f"/usulan/{number}/penelaah").text
    desk = sign_in("rudi").get(f"/telaah/{number}").text
    assert "Gizi dicatat lewat ponsel." in desk
    assert "sudah diperiksa koordinator" in desk
    assert sign_in("ani").get(page).status_code == 403
    assert sign_in("rudi").get(page).status_code == 404


def test_other_reviews_are_numbered_once_the_own_is_in(
    sign_in: SignIn, database: Database, as_: As, number: str
) -> None:
    rudi = sign_in("rudi")
    assert "Penelaah lain 1" not in rudi.get(f"/telaah/{number}").text
    judge(database, as_, number, "rudi")
    page = rudi.get(f"/telaah/{number}").text
    assert "Penelaah lain 1" in page
    assert "Sri" not in page


def test_neither_the_digest_nor_the_calendar_tells_it(
    app: Flask,
    settings: Settings,
    database: Database,
    clock: MovableClock,
    as_: As,
    run_workers: Callable[[], None],
) -> None:
    number = in_blind_review(database, as_)
    with database.write() as session:
        commands.choose_mails(session, as_(session, "rudi"), {"duty": "daily"})
        feeds.open_feed(session, as_(session, "rudi"))
    ask(database, as_, number, "rudi")
    run_workers()
    clock.tick(days=1)
    gather(Office(settings, database, clock))
    with database.read() as session:
        digest = session.scalars(select(Email).where(Email.kind == DIGEST)).one()
        key = feeds.feed_of(session, find_user(session, "rudi@contoh.invalid"))  # type: ignore[arg-type]
        address = urlsplit(feeds.link(settings, key)).path  # type: ignore[arg-type]
    calendar = app.test_client().get(address)

    for text in (digest.text, digest.html, calendar.text):
        assert f"Inovasi {number}" in text.replace("\r\n ", "")
        assert f"/telaah/{number}" in text.replace("\r\n ", "")
        assert WORDS.findall(text) == []


def test_in_a_large_registry_it_stays_in_the_work_of_its_reviewer(
    database: Database, as_: As, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall, "LARGE", 1)
    for _again in range(2):
        with database.read() as session:
            rudi = as_(session, "rudi").user
            assert rudi is not None
            queries.public_figures(session), queries.funnel(session)
            assert [case.number for case in queries.work_of(session, rudi)] == [number]
