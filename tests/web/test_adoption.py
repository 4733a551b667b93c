"""The market, interest and offers over HTTP: what is on the page, what is refused and how."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import MONDAY, MovableClock
from tests.innovations import in_use
from tests.web.conftest import Call
from web import create_app
from workflow import commands
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Case, Event
from workflow.people import create_user
from workflow.samples import sample
from workflow.settings import Settings

As = Callable[[Session, str], Actor]
KEY = {"Idempotency-Key": "satu"}
INTEREST = {"form": sample("adoption_interest")}


@pytest.fixture
def origin(database: Database, as_: As) -> str:
    """An innovation in use at Puskesmas Tanon 1; Puskesmas Tanon 2 and DLH have heads."""
    with database.write() as session:
        for code in ("dlh", "puskesmas-tanon-2"):
            create_user(
                session,
                MONDAY,
                email=f"kepala.{code}@contoh.invalid",
                name=f"Kepala {code}",
                agency=code,
                heads_agency=True,
            )
        return in_use(session, as_(session, "endah"))


@pytest.fixture
def browse(settings: Settings, database: Database, clock: MovableClock) -> Callable[[str], FlaskClient]:
    """A browser in which somebody has signed in."""
    app = create_app(replace(settings, demo=True), database, clock)

    def signed_in(who: str) -> FlaskClient:
        client = app.test_client()
        sent = {"email": f"{who}@contoh.invalid", **hidden(client, "/proses")}
        assert client.post("/demo/masuk", data=sent).headers["Location"] == "/beranda"
        return client

    return signed_in


def hidden(client: FlaskClient, path: str) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', client.get(path).text))


def rows(database: Database) -> tuple[int, int]:
    with database.read() as session:
        counts = [session.scalar(select(func.count()).select_from(table)) or 0 for table in (Case, Event)]
        return counts[0], counts[1]


def test_an_officer_says_on_the_market_that_the_agency_is_interested(
    browse: Callable[[str], FlaskClient], origin: str
) -> None:
    lain = browse("lain")
    assert f'href="/adopsi/{origin}"' in lain.get("/adopsi?q=posyandu").text
    assert "Tidak ada inovasi yang cocok" in lain.get("/adopsi?q=tidak-ada-begini").text
    form = {f"/{key}": value for key, value in INTEREST["form"].items()}

    sent = {**hidden(lain, f"/adopsi/{origin}"), **form}
    first, second = (lain.post(f"/adopsi/{origin}/minat", data=sent) for _ in range(2))

    assert first.headers["Location"] == second.headers["Location"] == "/usulan/ADP-2022-0001"
    page = lain.get("/usulan/ADP-2022-0001").text
    assert "Diminati" in page
    assert "Puskesmas Tanon 1" in page
    assert "sudah memproses inovasi ini (ADP-2022-0001)" in lain.get(f"/adopsi/{origin}").text


def test_a_wrong_form_comes_back_filled_in_and_nothing_is_kept(
    browse: Callable[[str], FlaskClient], origin: str, database: Database
) -> None:
    lain, before = browse("lain"), rows(database)
    sent = {**hidden(lain, f"/adopsi/{origin}"), "/problem": "Masih kurang jelas"}

    answer = lain.post(f"/adopsi/{origin}/minat", data=sent)

    assert answer.status_code == 422
    assert "Masih kurang jelas" in answer.text
    assert "minimal 10 kata" in answer.text
    assert rows(database) == before


def test_the_owner_reads_why_not(browse: Callable[[str], FlaskClient], origin: str) -> None:
    ani = browse("ani")

    answer = ani.post(f"/adopsi/{origin}/minat", data=hidden(ani, f"/adopsi/{origin}"))

    assert answer.status_code == 409
    assert "pemilik inovasi ini" in answer.text
    assert "pemilik inovasi ini" in ani.get(f"/adopsi/{origin}").text


def test_the_coordinator_is_told_whom_to_ask_and_why(
    browse: Callable[[str], FlaskClient], origin: str
) -> None:
    endah = browse("endah")
    page = endah.get(f"/adopsi/{origin}").text
    assert "Jenis yang sama dengan" in page
    assert "Sama-sama di Kecamatan Tanon" in page
    base = hidden(endah, f"/adopsi/{origin}")

    silent = endah.post(f"/adopsi/{origin}/tawaran", data=base | {"agency": "puskesmas-tanon-2", "note": ""})
    headless = endah.post(f"/adopsi/{origin}/tawaran", data=base | {"agency": "kec-gesi", "note": "Cocok."})
    sent = endah.post(
        f"/adopsi/{origin}/tawaran", data=base | {"agency": "puskesmas-tanon-2", "note": "Cocok."}
    )

    assert (silent.status_code, headless.status_code, sent.status_code) == (422, 422, 302)
    assert "Sampaikan mengapa" in silent.text
    assert "belum memiliki akun" in headless.text
    assert browse("lain").post(f"/adopsi/{origin}/tawaran", data=base).status_code in {400, 403}


@pytest.mark.parametrize("number", ["INV-2022-9999", "ADP-2022-0001", "%00", "<script>"])
def test_what_is_not_in_use_has_no_page(
    browse: Callable[[str], FlaskClient], origin: str, number: str
) -> None:
    assert origin
    assert browse("lain").get(f"/adopsi/{number}").status_code == 404


def test_the_api_does_the_same(call: Call, origin: str) -> None:
    path = f"/proposals/{origin}/adoptions"
    made = call("lain", "post", path, KEY, json=INTEREST)
    again = call("lain", "post", path, KEY, json=INTEREST)
    refused = call("lain", "post", path, json=INTEREST)
    offered = call(
        "endah", "post", path, json={"agency": "puskesmas-tanon-2", "note": "Tetangga sekecamatan."}
    )
    forbidden = call("lain", "post", path, json={"agency": "dlh", "note": "Cocok sekali."})
    wrong = call("lain", "post", path, json={"agency": "dlh"})

    assert made.status_code == 201
    assert made.json is not None
    assert made.json["number"] == "ADP-2022-0001"
    assert made.json["state"] == "adoption.interested"
    assert again.json == made.json
    assert refused.status_code == 409
    assert refused.json is not None
    assert [r["guard"] for r in refused.json["reasons"]] == ["open"]
    assert (offered.status_code, forbidden.status_code, wrong.status_code) == (201, 403, 422)
    family = call("lain", "get", path).json
    assert family is not None
    assert [(m["generation"], m["parent"], m["agency"]["code"]) for m in family["items"]] == [
        (0, None, "puskesmas-tanon-1"),
        (1, origin, "dlh"),
        (1, origin, "puskesmas-tanon-2"),
    ]
    listed = call("lain", "get", "/proposals?pipeline=adoption").json
    assert listed is not None
    assert [item["number"] for item in listed["items"]] == ["ADP-2022-0001"]


def test_a_refusal_is_shown_beside_the_agency_and_lowers_it(
    call: Call, origin: str, database: Database, as_: As
) -> None:
    before = call("endah", "get", f"/proposals/{origin}/matches").json
    assert before is not None
    assert before["items"][0]["agency"]["code"] == "puskesmas-tanon-2"
    with database.write() as session:
        case = commands.offer(session, as_(session, "endah"), origin, "puskesmas-tanon-2", "Cocok.")
        head = as_(session, "kepala.puskesmas-tanon-2")
        commands.advance(session, head, case.number, "decline", note="Tenaga gizi kami hanya satu.")

    after = call("endah", "get", f"/proposals/{origin}/matches").json

    assert after is not None
    assert "Tenaga gizi kami hanya satu." in after["items"][0]["refused"]
    assert after["items"][0]["score"] == before["items"][0]["score"] - 30
    assert call("lain", "get", f"/proposals/{origin}/matches").status_code == 403
