"""Evidence sent part by part: nothing acknowledged is sent twice, nothing half becomes evidence."""

from collections.abc import Callable
from http import HTTPStatus

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.conftest import MovableClock
from tests.web.test_entry_pages import LETTER, browser, csrf, entry, kept
from workers import files
from workers.office import Office
from workflow.db import Database
from workflow.models import Upload
from workflow.samples import sample_pdf
from workflow.settings import Settings

__all__ = ["browser", "entry"]
Browser = Callable[[str], FlaskClient]
PDF = sample_pdf(["Keputusan " + "a" * 60] * 40)
HALF = len(PDF) // 2


def begin(client: FlaskClient, number: str, name: str = "sk.pdf", size: int = len(PDF)) -> str:
    data = {"name": name, "size": str(size), "csrf_token": csrf(client)}
    answer = client.post(f"/usulan/{number}/bukti/kiriman", data=data)
    assert answer.status_code == HTTPStatus.CREATED
    return f"/usulan/{number}/bukti/kiriman/{answer.json['id']}" if answer.json else pytest.fail("no JSON")


def send(client: FlaskClient, place: str, offset: int, part: bytes) -> int:
    headers = {"Upload-Offset": str(offset), "X-CSRFToken": csrf(client)}
    answer = client.patch(place, data=part, headers=headers, content_type="application/offset+octet-stream")
    return answer.status_code


def hand_in(client: FlaskClient, number: str, *places: str) -> tuple[int, str]:
    ids = [place.rpartition("/")[2] for place in places]
    data = {"upload": ids, "proves": "indicator:1", "csrf_token": csrf(client), **LETTER}
    answer = client.post(f"/usulan/{number}/bukti", data=data)
    return answer.status_code, answer.text


def test_after_a_break_it_goes_on_where_it_was_and_becomes_evidence_whole(
    browser: Browser, database: Database, entry: str, settings: Settings
) -> None:
    ani = browser("ani")
    place = begin(ani, entry)
    first = send(ani, place, 0, PDF[:HALF])
    twice = send(ani, place, 0, PDF[:HALF])
    early, _page = hand_in(ani, entry, place)
    there = ani.get(place).json
    second = send(browser("ani"), place, HALF, PDF[HALF:])
    status, page = hand_in(ani, entry, place)

    assert (first, twice, early, second) == (200, 409, 409, 200)
    assert there is not None
    assert (there["received"], there["size"]) == (HALF, len(PDF))
    assert status == 302, page
    assert kept(database) == ["sk.pdf"]
    with ani.get(f"/usulan/{entry}/bukti/1") as answer:
        assert answer.data == PDF
    with database.read() as session:
        assert session.scalars(select(Upload)).all() == []
    assert not [p for p in (settings.evidence / "uploads").rglob("*") if p.is_file()]


def test_it_is_its_sender_s_alone_and_bounded(browser: Browser, database: Database, entry: str) -> None:
    ani = browser("ani")
    place = begin(ani, entry, size=10)
    sizes = {
        size: ani.post(
            f"/usulan/{entry}/bukti/kiriman", data={"size": size, "csrf_token": csrf(ani)}
        ).status_code
        for size in ("0", str(2 * 1024**3), "-1", "x", "9" * 30)
    }

    assert sizes == {"0": 422, str(2 * 1024**3): 413, "-1": 422, "x": 422, "9" * 30: 422}
    assert send(ani, place, 0, b"x" * 11) == 409
    assert send(ani, place, 0, b"x" * (1024 * 1024 + 1)) == 413
    assert browser("endah").get(place).status_code == 404
    assert browser("lain").get(place).status_code == 404
    assert kept(database) == []


def test_what_nobody_went_on_with_is_cleared_away(
    browser: Browser, database: Database, entry: str, settings: Settings, clock: MovableClock
) -> None:
    ani = browser("ani")
    place = begin(ani, entry)
    send(ani, place, 0, PDF[:HALF])
    clock.tick(hours=25)
    gone = ani.get(place).status_code
    files.check(Office(settings, database, clock))

    assert gone == 404
    with database.read() as session:
        assert session.scalars(select(Upload)).all() == []
    assert not [p for p in (settings.evidence / "uploads").rglob("*") if p.is_file()]
