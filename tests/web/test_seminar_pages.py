"""Seminars as organisers, examiners and proposers meet them."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.web.conftest import Call, SignIn, csrf
from tests.workflow.test_assignment import ask, in_review, judge
from tests.workflow.test_seminar_papers import read
from tests.workflow.test_seminars import COHORT, STATE, _id, invite
from workflow import commands, validation
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Email, Seminar, SeminarAttendance

As = Callable[[Session, str], Actor]
NEW = f"/seminar/new?cohort={COHORT}&state={STATE}"


@pytest.fixture
def numbers(database: Database, as_: As, run_workers: Callable[[], None]) -> list[str]:
    made = [in_review(database, as_) for _ in range(3)]
    for number in made:
        ask(database, as_, number, "rudi", "sri")
    run_workers()
    return made


def form(page: str) -> dict[str, list[str]]:
    """The fields of the arranging form as a browser would post them."""
    inner = page[page.index('id="session">') :]
    inner = inner[: inner.index("</form>")]
    posted: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", inner):
        told = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if "name" in told and (told.get("type") != "checkbox" or " checked" in tag):
            posted.setdefault(told["name"], []).append(told.get("value", ""))
    selects = re.findall(r'<select[^>]*name="(\w+)"(.*?)</select>', inner, re.DOTALL)
    return posted | {name: re.findall(r'value="(\d+)" selected', body) for name, body in selects}


def order(page: str) -> list[str]:
    return re.findall(r'name="case" value="(INV-\d+-\d+)" checked', page)


def test_an_organiser_arranges_and_is_told_what_is_wrong(sign_in: SignIn, numbers: list[str]) -> None:
    client = sign_in("retno")
    assert "Menunggu seminar" in client.get("/seminar").text
    assert COHORT in client.get("/seminar/new").text
    page = client.get(NEW).text
    assert order(page) == numbers

    moved = client.post("/seminar/new", data=form(page) | {"_action": f"up:{numbers[2]}"}).text
    assert order(moved) == [numbers[0], numbers[2], numbers[1]]
    wrong = client.post("/seminar/new", data=form(moved) | {"_action": "look", "link": "apa"})
    assert wrong.status_code == 422
    assert "Isi tempat" not in wrong.text
    assert "Tautan diawali https://" in wrong.text
    assert 'href="#chair"' in wrong.text
    assert client.get("/seminar/new?cohort=lain&state=apa").status_code == 404


def test_nothing_is_sent_but_what_was_looked_at_and_that_once(
    database: Database, sign_in: SignIn, numbers: list[str], run_workers: Callable[[], None]
) -> None:
    client = sign_in("retno")
    told = form(client.get(NEW).text) | {"place": ["Aula"], "chair": [str(_id(database, "endah"))]}
    seen = client.post("/seminar/new", data=told | {"_action": ["look"]})
    assert "Undang: 5 surel" in seen.text
    changed = form(seen.text) | {"place": ["Ruang lain"], "_action": ["go"]}
    assert "Undang: 5 surel" in client.post("/seminar/new", data=changed).text
    with database.read() as session:
        assert session.scalar(select(Seminar.id)) is None

    final = form(seen.text) | {"_action": ["go"]}
    done = client.post("/seminar/new", data=final)
    again = client.post("/seminar/new", data=final)
    assert done.status_code == again.status_code == 302
    assert done.location == again.location
    run_workers()
    with database.read() as session:
        kinds = list(session.scalars(select(Email.to_address).where(Email.kind == "seminar_invited")))
        assert len(kinds) == len(set(kinds)) == 5
    assert numbers[2] in client.get(done.location).text


def test_a_clash_is_named_on_the_page_and_a_change_tells_those_concerned(
    database: Database, as_: As, sign_in: SignIn, numbers: list[str]
) -> None:
    invite(database, as_, *numbers[:2])
    client = sign_in("endah")
    page = form(client.get("/seminar/1/ubah").text)
    moved = client.post("/seminar/1/ubah", data=page | {"begins": ["10:00"], "_action": ["look"]}).text
    assert "Simpan dan beri tahu: 5 surel" in moved
    done = client.post("/seminar/1/ubah", data=form(moved) | {"_action": ["go"]})
    assert done.status_code == 302
    assert (
        client.post("/seminar/1/ubah", data=form(moved) | {"_action": ["go"], "key": [""]}).status_code == 409
    )

    posted = form(client.get(NEW).text)
    posted |= {"day": ["2022-09-22"], "begins": ["10:10"], "place": ["aula bkpsdm"]}
    clash = client.post("/seminar/new", data=posted | {"chair": [str(_id(database, "tono"))]})
    assert clash.status_code == 422
    for words in ("AULA BKPSDM dipakai", "Rudi (penelaah)", "Budi (mentor)", "Ani (pengusul)"):
        assert words.casefold() in clash.text.casefold()


def test_each_sees_their_own_of_a_session_and_others_nothing(
    database: Database, as_: As, sign_in: SignIn, numbers: list[str]
) -> None:
    with database.write() as session:
        commands.release_reviewer(session, as_(session, "retno"), numbers[1], "rudi@contoh.invalid")
    invite(database, as_, *numbers, link="https://rapat.contoh/1")
    rudi = sign_in("rudi")
    page = rudi.get("/seminar/1").text
    assert numbers[0] in page
    assert numbers[1] not in page
    assert "https://rapat.contoh/1" in page
    assert "Berita acara" not in page
    assert "Kehadiran" not in page
    file = rudi.get("/seminar/1/undangan.ics")
    assert len(Calendar.from_ical(file.data).walk("VEVENT")) == 2
    assert file.content_type == "text/calendar; charset=utf-8"
    assert len(read(rudi.get("/seminar/1/lembar.pdf").data)) == 2
    assert rudi.get("/seminar/1/hadir").status_code == 403
    assert rudi.post("/seminar/1/catatan", data=csrf(rudi) | {"version": "1"}).status_code == 403
    assert rudi.get("/seminar/new").status_code == 403


def test_the_case_says_when_and_strangers_find_no_session(
    database: Database, as_: As, sign_in: SignIn, numbers: list[str]
) -> None:
    invite(database, as_, *numbers)
    ani = sign_in("ani")
    case = ani.get(f"/usulan/{numbers[0]}").text
    assert "Kamis, 22 September 2022, 09.00–09.30 WIB, Aula BKPSDM" in case
    assert "/seminar/1/undangan.ics" in case
    assert ani.get("/seminar/1/lembar.pdf").status_code == 404
    for outsider in ("haryo", "tono", "lain", "dimas"):
        client = sign_in(outsider)
        for path in ("", "/undangan.ics", "/lembar.pdf?terisi=1", "/hadir", "/berita-acara.pdf"):
            assert client.get(f"/seminar/1{path}").status_code == 404
        assert "Aula" not in client.get("/seminar").text


def test_attendance_is_ticked_on_the_day(
    database: Database, as_: As, sign_in: SignIn, numbers: list[str], clock: MovableClock
) -> None:
    invite(database, as_, numbers[0])
    assert "dicatat mulai hari seminarnya" in sign_in("retno").get("/seminar/1/hadir").text
    clock.tick(days=10, hours=1)
    client = sign_in("retno")
    rows = re.findall(r'name="(\d+-\d+)" value="present"', client.get("/seminar/1/hadir").text)
    assert len(rows) == 4
    sent = csrf(client) | {"version": "1"}

    wrong = client.post("/seminar/1/hadir", data=sent | {rows[1]: "represented"})
    assert wrong.status_code == 422
    assert "Tulis nama yang mewakili." in wrong.text
    marks = {rows[0]: "absent", rows[1]: "represented", f"{rows[1]}-wakil": "Joko Susilo"}
    assert client.post("/seminar/1/hadir", data=sent | marks | {"_action": "rest"}).status_code == 302
    assert client.post("/seminar/1/hadir", data=sent | marks).status_code == 409
    with database.read() as session:
        kept = sorted(session.scalars(select(SeminarAttendance.presence)))
        assert kept == ["absent", "present", "present", "represented"]


def test_notes_and_papers_of_a_session(
    database: Database, as_: As, sign_in: SignIn, numbers: list[str], clock: MovableClock
) -> None:
    invite(database, as_, numbers[0])
    assert sign_in("retno").get("/seminar/1/berita-acara.pdf").status_code == 404
    judge(database, as_, numbers[0], "rudi", 81)
    clock.tick(days=10, hours=1)
    client = sign_in("retno")
    note = csrf(client) | {"version": "1", "record": "Berjalan tertib."}
    assert client.post("/seminar/1/catatan", data=note).status_code == 302
    nip = csrf(client) | {"version": "2", "record": "Hadir 19860926 201505 1 001"}
    client.post("/seminar/1/catatan", data=nip)
    text = " ".join(read(client.get("/seminar/1/berita-acara.pdf").data))
    assert "Berjalan tertib." in text
    assert "201505" not in text

    filled = client.get(f"/seminar/1/lembar.pdf?terisi=1&usulan={numbers[0]}")
    assert "81,00" in " ".join(read(filled.data))
    assert client.get("/seminar/1/lembar.pdf?usulan=INV-2022-9999").status_code == 404


def test_a_session_is_called_off_with_a_reason(
    database: Database, as_: As, sign_in: SignIn, numbers: list[str]
) -> None:
    invite(database, as_, *numbers)
    client = sign_in("retno")
    token = csrf(client) | {"version": "1"}
    assert client.post("/seminar/1/batal", data=token | {"reason": "tidak"}).status_code == 422
    assert client.post("/seminar/1/batal", data=token | {"reason": "Aula dipakai rapat."}).status_code == 302
    assert "Aula dipakai rapat." in sign_in("ani").get("/seminar/1").text
    assert client.post("/seminar/1/batal", data=token | {"reason": "Aula dipakai rapat."}).status_code == 409
    assert client.get("/seminar/1/ubah").status_code == 302


def test_a_calendar_address_opens_without_signing_in_until_it_is_ended(
    database: Database, as_: As, sign_in: SignIn, numbers: list[str], app: Flask
) -> None:
    invite(database, as_, numbers[0])
    client = sign_in("rudi")

    def address() -> str:
        return str(re.findall(r'value="http[^"]*(/kalender/[^"]+)"', client.get("/seminar").text)[0])

    client.post("/seminar/kalender", data=csrf(client))
    first = address()
    anybody: FlaskClient = app.test_client()
    found = anybody.get(first)
    assert found.status_code == 200
    assert "no-store" in found.headers["Cache-Control"]
    assert "Set-Cookie" not in found.headers
    assert any(numbers[0] in str(e["SUMMARY"]) for e in Calendar.from_ical(found.data).walk("VEVENT"))
    client.post("/seminar/kalender/akhiri", data=csrf(client))
    assert anybody.get(first).status_code == 404
    assert anybody.get("/kalender/x.ics").status_code == 404


def test_the_api_lists_what_one_may_see_as_its_schema_says(
    database: Database, as_: As, call: Call, numbers: list[str], clock: MovableClock
) -> None:
    invite(database, as_, *numbers[:2])
    clock.tick(days=1)

    def ask_for(who: str, path: str = "") -> Any:  # noqa: ANN401
        return call(who, "get", f"/seminars{path}").json

    (listed,) = ask_for("rudi")["items"]
    one = ask_for("retno", "/1")
    assert listed["starts_at"] == one["starts_at"] == "2022-09-22T02:00:00Z"
    assert [slot["number"] for slot in one["slots"]] == numbers[:2]
    assert validation.problems("seminar", one) == validation.problems("seminar", listed) == []
    assert ask_for("lain")["items"] == ask_for("retno", "?when=past")["items"] == []
    assert call("lain", "get", "/seminars/1").status_code == 404
    assert call("retno", "get", "/seminars/999999999999").status_code == 404
    assert call("retno", "get", "/seminars?when=besok").status_code == 422
