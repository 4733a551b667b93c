"""Evidence through the API: judged by its content, kept, listed and fetched."""

import io
from pathlib import Path
from typing import Any

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from tests.web.api_calls import FIRST, JPEG, PDF, PNG, begin, body, multipart, pointers, problem, sqlite
from tests.web.conftest import Call
from workflow import validation
from workflow.evidence_store import LARGEST, clean_name


def upload(
    call: Call,
    content: bytes = PDF,
    name: str = "Izin.pdf",
    headers: dict[str, str] | None = None,
    **fields: object,
) -> TestResponse:
    posted = multipart({"file": FileStorage(io.BytesIO(content), name), "field": "permission", **fields})
    return call("ani", "post", f"{FIRST}/evidence", headers, **posted)


def test_a_part_without_a_name_is_a_problem_and_no_fault(call: Call) -> None:
    body = b"--x\r\nContent-Disposition: form-data\r\n\r\nhm\r\n--x--\r\n"

    answer = call("endah", "post", "/imports", data=body, content_type="multipart/form-data; boundary=x")

    assert answer.status_code == 422
    assert {"pointer": "/", "message": "Isian ini tidak dikenal."} in (answer.json or {})["errors"]


@sqlite
def test_evidence_is_kept_listed_and_fetched(call: Call, tmp_path: Path) -> None:
    begin(call)
    letter: dict[str, Any] = {
        "letter_number": "800/12",
        "letter_date": "2022-09-01",
        "letter_subject": "Izin",
    }
    response = upload(call, name="../../x/Izin\x07 Kepala.PDF", **letter)

    made = body(response, 201)
    assert validation.problems("evidence", made) == []
    assert (made["file_name"], made["media_type"], made["letter_date"]) == (
        "Izin Kepala.PDF",
        "application/pdf",
        "2022-09-01",
    )
    digest = made["sha256"]
    assert (tmp_path / "evidence" / digest[:2] / digest).read_bytes() == PDF
    assert body(call("budi", "get", f"{FIRST}/evidence"))["items"] == [made]
    fetched = call("budi", "get", response.headers["Location"].removeprefix("/api/v1"))
    assert fetched.data == PDF
    assert fetched.headers["Content-Type"] == "application/pdf"
    assert fetched.headers["X-Content-Type-Options"] == "nosniff"
    assert fetched.headers["Content-Disposition"].startswith("attachment;")
    assert fetched.headers["Cache-Control"] == "no-store"
    fetched.close()
    problem(call("lain", "get", f"{FIRST}/evidence/{made['id']}"), 404)
    problem(call("budi", "get", f"{FIRST}/evidence/{'9' * 30}"), 404)
    assert problem(upload(call), 409)["reasons"][0]["guard"] == "duplicate"
    problem(
        call("budi", "post", f"{FIRST}/evidence", data={"file": (io.BytesIO(PNG), "x.png"), "field": "a"}),
        403,
    )
    assert [p.name for p in (tmp_path / "evidence").iterdir()] == [digest[:2]]


@sqlite
def test_evidence_is_judged_by_its_content(call: Call, tmp_path: Path) -> None:
    begin(call)
    for content, media_type in ((PNG, "image/png"), (JPEG, "image/jpeg")):
        assert body(upload(call, content, "menyamar.pdf"), 201)["media_type"] == media_type
    for content in (b"", b"<html><script>", b"MZ" + b"\0" * 99, b"halo", b"PK\x03\x04" + b"\0" * 50):
        assert pointers(upload(call, content)) == {"/file"}
    problem(upload(call, PDF + b"x" * LARGEST), 413)
    problem(upload(call, PDF + b"x" * (LARGEST + 200_000)), 413)
    kept = [p for p in (tmp_path / "evidence").rglob("*") if p.is_file()]
    assert len(kept) == 2


@sqlite
def test_evidence_names_every_wrong_field(call: Call) -> None:
    begin(call)
    wrong = upload(call, letter_date="kemarin", indicator="nomor enam belas", asing="1", letter_number="\x00")
    assert pointers(wrong) == {"/letter_date", "/indicator", "/asing", "/letter_number"}
    wrong = upload(call, letter_date="kemarin", indicator="nomor enam belas", asing="1")
    assert pointers(wrong) == {"/letter_date", "/indicator", "/asing"}
    assert pointers(
        call("ani", "post", f"{FIRST}/evidence", data={"field": "a"}, content_type="multipart/form-data")
    ) == {"/file"}
    assert pointers(upload(call, field="")) == {"/field"}
    problem(call("ani", "post", f"{FIRST}/evidence", json={}), 415)


@sqlite
def test_an_upload_with_a_key_is_one_upload(call: Call) -> None:
    begin(call)
    key = {"Idempotency-Key": "bukti"}
    first, again = upload(call, headers=key), upload(call, headers=key)

    assert (body(again, 201), again.headers["Location"]) == (body(first, 201), first.headers["Location"])
    assert again.headers["Idempotent-Replayed"] == "true"
    assert upload(call, PNG, headers=key).status_code == 422


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("surat.pdf", "surat.pdf"),
        ("/etc/passwd", "passwd.pdf"),
        ("..\\..\\x.exe", "x.exe.pdf"),
        ("a\r\nSet-Cookie: b.pdf", "aSet-Cookie b.pdf"),
        ("\u202efdp.exe", "fdp.exe.pdf"),
        ("", "bukti.pdf"),
        ("....", "bukti.pdf"),
        ("x" * 500 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_file_names_are_cleaned(given: str, kept: str) -> None:
    assert clean_name(given, "application/pdf") == kept
