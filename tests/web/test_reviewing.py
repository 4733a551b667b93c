"""Assigning and reviewing as people meet them: pages without script."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.web.test_pages import hidden
from tests.workflow.test_assignment import ask, asked, declare, in_review, judge, profile
from web import create_app
from workflow import commands
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Draft
from workflow.samples import sample
from workflow.settings import Settings

As = Callable[[Session, str], Actor]
Browse = Callable[[str], FlaskClient]
SEMINAR = "pkp_proposal.design_seminar"


@pytest.fixture
def browse(settings: Settings, database: Database, clock: MovableClock) -> Browse:
    """A browser in which somebody has signed in."""
    app = create_app(replace(settings, demo=True), database, clock)

    def signed_in(name: str) -> FlaskClient:
        client = app.test_client()
        client.post("/demo/masuk", data={"email": f"{name}@contoh.invalid", **hidden(client, "/proses")})
        return client

    return signed_in


def token(client: FlaskClient, path: str) -> dict[str, str]:
    return {"csrf_token": hidden(client, path)["csrf_token"]}


def test_the_proposal_is_shown_with_reasons_and_applied_by_one_press(
    browse: Browse, database: Database, as_: As
) -> None:
    number = in_review(database, as_)
    declare(database, as_, number, "tono")
    retno = browse("retno")
    page = retno.get(f"/penugasan?state={SEMINAR}").text
    pairs = re.findall(r'name="pair" value="([^"]+)"', page)

    posted = {**hidden(retno, f"/penugasan?state={SEMINAR}"), "pair": pairs}
    first, again = retno.post("/penugasan", data=posted), retno.post("/penugasan", data=posted)

    assert "Tono menyatakan benturan kepentingan." in page
    assert "kurang 1" in page
    assert (first.status_code, again.status_code) == (302, 302)
    assert asked(database, number) == {"rudi", "sri"}


def test_a_proposal_that_was_overtaken_comes_back_recomputed_with_the_reason(
    browse: Browse, database: Database, as_: As
) -> None:
    number = in_review(database, as_)
    retno = browse("retno")
    pairs = re.findall(r'name="pair" value="([^"]+)"', retno.get(f"/penugasan?state={SEMINAR}").text)
    posted = {**hidden(retno, f"/penugasan?state={SEMINAR}"), "pair": pairs}
    declare(database, as_, number, "sri")

    answer = retno.post("/penugasan", data=posted)

    assert answer.status_code == 409
    assert f"{number}: Sri menyatakan benturan kepentingan." in answer.text
    assert asked(database, number) == set()


def test_a_review_sent_after_the_assignment_ended_is_kept_as_a_draft_and_explained(
    browse: Browse, database: Database, as_: As
) -> None:
    number = in_review(database, as_)
    ask(database, as_, number, "rudi")
    rudi = browse("rudi")
    keys = token(rudi, f"/telaah/{number}")
    with database.write() as session:
        commands.release_reviewer(session, as_(session, "retno"), number, "rudi@contoh.invalid")

    sent = rudi.post(f"/telaah/{number}", data={"/comment": "Sudah saya baca semua.", **keys})
    saved = rudi.post(f"/telaah/{number}/draf", data={"/comment": "Sudah saya baca semua.", **keys})

    assert sent.status_code == 409
    assert "Penugasan Anda dicabut" in sent.text
    assert "Sudah saya baca semua." in rudi.get(f"/telaah/{number}").text
    assert saved.status_code == 410
    assert rudi.get(f"/usulan/{number}").status_code == 404
    with database.read() as session:
        assert session.scalars(select(Draft.data)).one() == {"comment": "Sudah saya baca semua."}


def test_save_and_next_skip_and_abstain_walk_the_queue(browse: Browse, database: Database, as_: As) -> None:
    one, two, three = (in_review(database, as_) for _turn in range(3))
    for number in (one, two, three):
        ask(database, as_, number, "rudi")
    ask(database, as_, one, "sri")
    judge(database, as_, one, "sri")
    rudi = browse("rudi")
    document = sample("design_seminar_review")
    posted = {f"/scores/{name}": "80" for name in document["scores"]}
    posted |= {"/recommendation": document["recommendation"], "/comment": document["comment"]}

    first = re.findall(r'href="/telaah/(INV-[\d-]+)"', rudi.get("/telaah").text)[0]
    skipped = rudi.get(f"/telaah/{first}/lewati").headers["Location"]
    given = rudi.post(f"/telaah/{first}", data={**posted, **token(rudi, f"/telaah/{first}")})
    reason = {"reason": "Sedang tugas belajar di luar kota."}
    left = rudi.post(
        f"/telaah/{two}/mundur" if first != two else f"/telaah/{three}/mundur",
        data={**reason, **token(rudi, f"/telaah/{one}")},
    )

    assert first == two  # the one with a review already comes last
    assert skipped == f"/telaah/{three}"
    assert given.headers["Location"] == f"/telaah/{three}"
    assert left.headers["Location"] == "/telaah"
    assert "1 dari 2 selesai" in rudi.get("/telaah").text


def test_others_reviews_open_only_after_one_s_own(browse: Browse, database: Database, as_: As) -> None:
    number = in_review(database, as_)
    ask(database, as_, number, "rudi", "sri", "tono")
    judge(database, as_, number, "rudi", 91)
    sri = browse("sri")

    before = sri.get(f"/usulan/{number}?tab=telaah").text
    judge(database, as_, number, "sri")
    after = sri.get(f"/usulan/{number}?tab=telaah").text

    assert "91,00" not in before
    assert "91,00" in after


def test_why_somebody_has_a_conflict_is_for_staff_only(
    browse: Browse, database: Database, as_: As, call: Callable[..., object]
) -> None:
    number = in_review(database, as_)
    declare(database, as_, number, "rudi")

    seen = {who: browse(who).get(f"/usulan/{number}?tab=riwayat").text for who in ("ani", "endah")}
    events = call("ani", "get", f"/proposals/{number}/events")

    assert "saudara saya" not in seen["ani"]
    assert "saudara saya" in seen["endah"]
    assert "saudara saya" not in events.text  # type: ignore[attr-defined]


def test_an_external_reviewer_sees_their_cases_only_and_not_after_the_last_day(
    browse: Browse, database: Database, as_: As, clock: MovableClock
) -> None:
    mine, other = in_review(database, as_), in_review(database, as_)
    ask(database, as_, mine, "rudi")
    profile(database, as_, "rudi", access_until=clock().date().isoformat())
    rudi = browse("rudi")

    today = [rudi.get(f"/usulan/{number}").status_code for number in (mine, other)]
    listed = rudi.get("/usulan").text
    clock.tick(days=1)

    assert today == [200, 404]
    assert other not in listed
    assert rudi.get(f"/telaah/{mine}").status_code == 302


@pytest.mark.parametrize("path", ["/angkatan/pkp-iv-2022", "/penelaah", "/penugasan"])
def test_the_panel_s_pages_are_for_those_who_assign(browse: Browse, database: Database, path: str) -> None:
    assert database.url
    assert browse("endah").get(path).status_code == 200
    assert browse("rudi").get(path).status_code == 403


def test_a_profile_with_faults_comes_back_with_all_of_them(browse: Browse, database: Database) -> None:
    assert database.url
    endah = browse("endah")
    path = re.findall(r'href="(/penelaah/\d+)"', endah.get("/penelaah").text)[0]
    posted = {"agency": "tidak-ada", "affairs": "Sihir", "access_until": "besok", **token(endah, path)}

    answer = endah.post(path, data=posted)

    assert answer.status_code == 422
    assert answer.text.count("<li>") >= 2
    assert "isian perlu diperbaiki" in answer.text
