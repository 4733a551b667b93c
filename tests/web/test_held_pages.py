"""Held decisions as coordinators meet them: hold, look, write, release together, undo."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.conftest import MovableClock
from tests.web.conftest import SignIn, csrf
from tests.workflow.test_assignment import ask, in_review, judge
from web import create_app
from workers.preview import previews
from workflow import commands
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Case, Email, HeldDecision
from workflow.settings import Settings

As = Callable[[Session, str], Actor]
WHY = "Penguji sepakat setelah pembahasan."


@pytest.fixture
def sign_in(settings: Settings, database: Database, clock: MovableClock) -> SignIn:
    app = create_app(
        replace(settings, demo=True),
        database,
        clock,
        write_mails=previews(settings, database, clock),
    )

    def browser(who: str) -> FlaskClient:
        client = app.test_client()
        client.post("/demo/masuk", data={"email": f"{who}@contoh.invalid", **csrf(client)})
        return client

    return browser


@pytest.fixture
def numbers(database: Database, as_: As, run_workers: Callable[[], None]) -> list[str]:
    """Three cases in deliberation."""
    made = [in_review(database, as_) for _ in range(3)]
    for number in made:
        ask(database, as_, number, "rudi", "sri")
        judge(database, as_, number, "rudi", 95)
        judge(database, as_, number, "sri", 50)
    run_workers()
    return made


def hold(client: FlaskClient, number: str, step: str = "settle_design") -> TestResponse:
    page = client.get(f"/usulan/{number}/langkah/{step}").text
    posted = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    return client.post(f"/usulan/{number}/langkah/{step}", data=posted | {"note": WHY, "_action": "hold"})


def rows(database: Database) -> dict[str, int]:
    with database.read() as session:
        held = session.scalars(select(HeldDecision).where(HeldDecision.ended_at.is_(None))).unique()
        return {row.case.number: row.id for row in held}


def states(database: Database) -> list[str]:
    with database.read() as session:
        return [state.partition(".")[2] for state in session.scalars(select(Case.state).order_by(Case.id))]


def test_held_seen_together_tried_and_released_with_what_changed_left_out(
    sign_in: SignIn,
    database: Database,
    as_: As,
    numbers: list[str],
    run_workers: Callable[[], None],
) -> None:
    endah = sign_in("endah")
    assert [hold(endah, number).status_code for number in numbers[:2]] == [302, 302]
    assert hold(endah, numbers[2], "reject").status_code == 302
    together = endah.get("/keputusan").text
    proposer = sign_in("ani").get(f"/usulan/{numbers[0]}").text
    with database.write() as session:
        commands.hand_over(session, as_(session, "retno"), numbers[1], "tuti@contoh.invalid", "Mutasi.")
    posted = csrf(endah) | {"numbers": [str(row) for row in rows(database).values()]}
    tried = endah.post("/keputusan/rilis", data=posted).text
    unmoved = states(database)
    done = endah.post("/keputusan/rilis", data=posted | {"go": "1"}).text
    run_workers()

    assert together.count("siap dirilis") == 3
    assert "ditahan" not in proposer
    assert tried.count("akan dirilis") == 2
    assert "Rilis 2 keputusan" in tried
    assert "4 surel dikirim" in tried
    assert "berubah sejak keputusan ditahan (1 peristiwa baru)" in tried
    assert unmoved == ["design_deliberation"] * 3
    assert done.count("tidak ikut dirilis") >= 1
    assert states(database) == ["implementation", "design_deliberation", "rejected"]
    assert list(rows(database)) == [numbers[1]]


def test_the_mail_is_read_changed_and_sent_as_changed(
    sign_in: SignIn, database: Database, numbers: list[str], run_workers: Callable[[], None]
) -> None:
    endah = sign_in("endah")
    hold(endah, numbers[0])
    (row,) = rows(database).values()
    page = endah.get(f"/keputusan/{row}").text
    key = re.findall(r'name="mail" value="([^"]+)"', page)[0]
    words = csrf(endah) | {"mail": key, "subject": "Rancangan Anda lulus", "body": "Selamat bekerja, Bu Ani."}
    wrong = endah.post(f"/keputusan/{row}/surel", data=words | {"body": ""})
    right = endah.post(f"/keputusan/{row}/surel", data=words)
    after = endah.get(f"/keputusan/{row}").text
    endah.post("/keputusan/rilis", data=csrf(endah) | {"numbers": str(row), "go": "1"})
    run_workers()

    assert "2 surel yang akan dikirim" in page
    assert (wrong.status_code, right.status_code) == (422, 302)
    assert f'href="#body-{key}"' in wrong.text
    assert "Selamat bekerja, Bu Ani." in after
    with database.read() as session:
        sent = session.scalars(select(Email).where(Email.subject.contains("Rancangan Anda lulus"))).one()
    assert "Selamat bekerja, Bu Ani." in sent.text


def test_many_are_held_from_the_list_and_one_is_withdrawn(
    sign_in: SignIn, database: Database, numbers: list[str]
) -> None:
    endah = sign_in("endah")
    posted = csrf(endah) | {"numbers": numbers, "step": "settle_design", "note": WHY}
    offered = endah.post("/usulan/massal", data=posted).text
    made = endah.post("/usulan/massal", data=posted | {"go": "hold"}).text
    row = rows(database)[numbers[0]]
    undone = endah.post(f"/keputusan/{row}/tarik", data=csrf(endah))
    again = endah.post(f"/keputusan/{row}/tarik", data=csrf(endah), follow_redirects=True)

    assert 'value="hold"' in offered
    assert made.count("setelah dirilis") == 3
    assert undone.status_code == 302
    assert "sudah ditarik oleh Endah" in again.text
    assert sorted(rows(database)) == numbers[1:]
    assert states(database) == ["design_deliberation"] * 3


def test_held_decisions_are_for_those_who_decide(
    sign_in: SignIn, database: Database, numbers: list[str]
) -> None:
    hold(sign_in("endah"), numbers[0])
    (row,) = rows(database).values()
    for who in ("ani", "budi", "rudi", "haryo"):
        client = sign_in(who)
        answers = [client.get("/keputusan"), client.get(f"/keputusan/{row}")]
        answers.append(client.post("/keputusan/rilis", data=csrf(client) | {"numbers": str(row), "go": "1"}))
        assert {answer.status_code for answer in answers} <= {403, 404}
    assert list(rows(database).values()) == [row]
