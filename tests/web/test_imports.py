"""Imports over HTTP: by program, and by pages as a browser without script uses them."""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import tables
from tests.conftest import MovableClock
from tests.web.conftest import Call
from web import create_app
from workflow import validation
from workflow.db import Database
from workflow.settings import Settings


def sent(table: tables.Table, name: str = "lama.csv", **fields: str) -> dict[str, object]:
    return {"file": (io.BytesIO(tables.csv_file(table)), name), **fields}


def body(answer: TestResponse) -> dict[str, Any]:
    found: dict[str, Any] = answer.get_json()
    return found


@pytest.fixture
def endah(settings: Settings, database: Database, clock: MovableClock) -> FlaskClient:
    """A browser in which the coordinator has signed in."""
    client = create_app(replace(settings, demo=True), database, clock).test_client()
    client.post("/demo/masuk", data={"email": "endah@contoh.invalid", **hidden(client, "/proses")})
    return client


def hidden(client: FlaskClient, path: str) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', client.get(path).text))


def test_a_dry_run_reports_rows_and_brings_in_none(call: Call, run_workers: Callable[[], None]) -> None:
    answer = call(
        "endah", "post", "/imports", data=sent(tables.registry(30), kind="registry", dry_run="true")
    )
    assert answer.status_code == 202
    path = answer.headers["Location"].removeprefix("/api/v1")
    run_workers()

    found = body(call("endah", "get", f"{path}?limit=1"))

    assert validation.problems("import", found) == []
    assert (found["state"], found["progress"], found["counts"]["ready"]) == ("checked", 1.0, 27)
    assert [row["row"] for row in found["rows"]] == [found["next_cursor"]]
    following = body(call("endah", "get", f"{path}?cursor={found['next_cursor']}"))["rows"]
    assert all(row["row"] > found["next_cursor"] for row in following)
    assert body(call("endah", "get", "/proposals"))["total"] == 0


def test_without_a_dry_run_the_good_rows_come_in_and_the_key_makes_it_once(
    call: Call, run_workers: Callable[[], None]
) -> None:
    key = {"Idempotency-Key": "k1"}
    first = call("endah", "post", "/imports", key, data=sent(tables.registry(30)))
    again = call("endah", "post", "/imports", key, data=sent(tables.registry(30)))
    run_workers()

    assert first.headers["Location"] == again.headers["Location"]
    assert body(call("endah", "get", "/imports/1"))["counts"]["done"] == 27
    assert body(call("endah", "get", "/proposals?limit=1"))["total"] == 27


@pytest.mark.parametrize(
    ("who", "fields", "status", "pointer"),
    [
        ("ani", {}, 403, None),
        ("retno", {"kind": "registry"}, 403, None),
        ("endah", {"kind": "lain"}, 422, "/kind"),
        ("endah", {"mapping": "[1]"}, 422, "/mapping"),
        ("endah", {"mapping": '{"title": 99}'}, 422, "/mapping/title"),
        ("endah", {"file": b"%PDF-1.7"}, 422, "/file"),
    ],
)
def test_what_cannot_be_imported_is_refused_and_leaves_nothing(
    call: Call, who: str, fields: dict[str, object], status: int, pointer: str | None
) -> None:
    data = {**sent(tables.registry(3)), **fields}
    if isinstance(data["file"], bytes):
        data["file"] = (io.BytesIO(data["file"]), "a.xlsx")

    answer = call(who, "post", "/imports", data=data)

    assert answer.status_code == status
    assert pointer is None or body(answer)["errors"][0]["pointer"] == pointer
    assert call("endah", "get", "/imports/1").status_code == 404


def test_pages_lead_from_the_file_to_the_end_and_back(
    endah: FlaskClient, run_workers: Callable[[], None]
) -> None:
    table = [["Nama", "NIP", "Alamat Email", "Unit Kerja", "Judul"]]
    table += [["Sri Contoh", "198001012005011008", "sri@contoh.invalid", "DLH", "<b>SI CONTOH</b>"]]
    posted = {**hidden(endah, "/impor"), **sent(table, "peserta.csv", cohort="pkp-iv-2022")}

    page = endah.post("/impor", data=posted).headers["Location"]
    mapping = endah.get(page).text
    token = hidden(endah, page)
    endah.post(page, data={**token, "_action": "settle", "cohort": "pkp-iv-2022"} | _picked(mapping))
    assert "Memeriksa baris" in endah.get(page).text
    run_workers()
    checked = endah.get(page).text
    endah.post(page, data={**token, "_action": "start"})
    run_workers()
    listed = endah.get("/usulan").text
    done = endah.get(f"{page}?tampil=done").text
    endah.post(page, data={**token, "_action": "undo"})
    run_workers()

    assert "•••• 1008" not in listed
    assert "1008" in mapping
    assert "19800101" not in mapping + checked + done + endah.get(f"{page}/temuan.csv").text
    assert "&lt;b&gt;SI CONTOH" in mapping
    assert "<b>SI CONTOH" not in listed + done
    assert "SI CONTOH" in listed
    assert "Impor ini sudah dibatalkan" in endah.get(page).text
    assert "SI CONTOH" not in endah.get("/usulan").text


def _picked(page: str) -> dict[str, str]:
    """The columns that the page offers as chosen."""
    selects = re.findall(r'<select[^>]*name="(column-\w+)".*?</select>', page, re.DOTALL)
    chosen = re.findall(r'name="(column-\w+)"(?:(?!</select>).)*?value="(\d+)" selected', page, re.DOTALL)
    assert len(selects) == 12
    return {"columns": "1", **dict(chosen)}


@pytest.mark.parametrize(
    "path", ["/impor/1", "/impor/1/temuan.pdf", "/impor/templat/lain.xlsx", "/impor/99999999999"]
)
def test_unknown_addresses_are_not_found(endah: FlaskClient, path: str) -> None:
    assert endah.get(path).status_code == 404
