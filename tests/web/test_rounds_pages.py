"""Deadlines and rounds as people and programs meet them."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.web.conftest import SignIn, csrf
from tests.workflow.test_deadlines import submitted
from workflow import calendar
from workflow.db import Database
from workflow.ledger import Actor

As = Callable[[Session, str], Actor]
Call = Callable[..., TestResponse]
FIRST = "/proposals/INV-2022-0001"
CASE = "/usulan/INV-2022-0001"
WHY = "Mentor bertugas di luar daerah."


@pytest.fixture(autouse=True)
def waiting_for_the_mentor(database: Database, as_: As) -> None:
    with database.write() as session:
        submitted(session, as_)


def test_whoever_may_extend_finds_the_page_and_reads_what_is_wrong_with_the_day(sign_in: SignIn) -> None:
    retno, ani = sign_in("retno"), sign_in("ani")
    posted = {**csrf(retno), "reason": WHY}

    before, hers = retno.get(CASE).text, ani.get(CASE).text
    wrong = retno.post(f"{CASE}/tenggat", data=posted | {"until": "2022-09-24"})
    right = retno.post(f"{CASE}/tenggat", data=posted | {"until": "2022-09-26"})
    after = retno.get(f"{CASE}?tab=riwayat").text

    assert f"{CASE}/tenggat" in before
    assert f"{CASE}/tenggat" not in hers
    assert ani.get(f"{CASE}/tenggat").status_code == 403
    assert (wrong.status_code, right.status_code) == (422, 302)
    assert 'href="#until"' in wrong.text
    assert WHY in wrong.text
    assert "Batas waktu diperpanjang" in after
    assert "19 September 2022" in after
    assert "26 September 2022" in after
    assert WHY in retno.get(f"{CASE}/tenggat").text


def test_the_api_extends_and_points_at_the_field(call: Call) -> None:
    def extend(**body: Any) -> TestResponse:  # noqa: ANN401
        return call("retno", "post", f"{FIRST}/extensions", {"If-Match": "*"}, json=body)

    late_body = {"until": "2022-12-01", "reason": WHY}
    late = extend(**late_body)
    malformed = extend(until="besok", reason="?")
    right = extend(until="2022-09-26", reason=WHY)

    assert [e["pointer"] for e in late.json["errors"]] == ["/until"]  # type: ignore[index]
    assert {e["pointer"] for e in malformed.json["errors"]} == {"/until", "/reason"}  # type: ignore[index]
    assert right.status_code == 200
    assert right.json["due_at"] == "2022-09-26T16:59:00Z"  # type: ignore[index]
    assert call("ani", "post", f"{FIRST}/extensions", {"If-Match": "*"}, json=late_body).status_code == 403
    assert call("retno", "post", f"{FIRST}/extensions", json=late_body).status_code == 428


def test_a_holiday_says_how_many_deadlines_move_before_it_is_made(
    sign_in: SignIn,
) -> None:
    endah = sign_in("endah")
    posted = {
        **csrf(endah),
        "day": "2022-09-14",
        "kind": "holiday",
        "name": "Hari Jadi Sragen",
        "source": "Surat Edaran Bupati",
    }
    address = "/pengelola/kalender"
    wrong = endah.post(address, data=posted | {"day": "2022-09-10"})
    preview = endah.post(address, data=posted).text
    before = endah.get(address).text
    done = endah.post(address, data=posted | {"go": "1"}, follow_redirects=True).text
    calendar.use(frozenset())

    assert wrong.status_code == 422
    assert "1 batas waktu bergeser" in preview
    assert "20 September 2022" in preview
    assert "Hari Jadi Sragen" not in before
    assert "Kalender diubah; 1 batas waktu bergeser." in done
    assert done.count("Hari Jadi Sragen") == 2
    assert sign_in("retno").get(address).status_code == 403
